// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"maps"
	"time"

	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/simulate/divided"
	"syncer.dev/syncer/internal/workspace"
)

// switches are the events about what stops or orders changes.
func (w *World) switches() []func() string {
	out := []func() string{
		w.suspend, w.resume, w.resume, w.observe, w.carryOut, w.object, w.object, w.depend,
		w.restartAll, w.pushAll, w.removeMany,
	}
	if w.profile.mass {
		out = append(out, w.allow)
	}
	return out
}

// suspend pushes a document of kind Suspend: mostly for some Workspaces and for some minutes.
func (w *World) suspend() string {
	var until time.Time
	if w.calm || w.rng.IntN(3) > 0 {
		until = time.Now().Add(time.Duration(5+w.rng.IntN(60)) * time.Minute)
	}
	var names []string
	if w.rng.IntN(3) > 0 {
		for range 1 + w.rng.IntN(3) {
			names = append(names, reconciletest.Names[w.rng.IntN(len(reconciletest.Names))])
		}
	}
	w.meet("a Suspend is pushed")
	w.git.Commit(func(files map[string]string) { files[asked.Incident] = asked.Suspend(until, names...) })
	return fmt.Sprintf("suspend %q until %s", names, until.Format(time.TimeOnly))
}

func (w *World) resume() string {
	if w.git.Files[asked.Incident] == "" {
		return nothing
	}
	w.meet("a Suspend is removed")
	w.git.Commit(func(files map[string]string) { delete(files, asked.Incident) })
	return "resume"
}

// edit commits another text of a file.
func (w *World) edit(name string, change func(string) string) string {
	text := change(w.git.Files[name])
	if w.git.Files[name] == "" || text == w.git.Files[name] {
		return nothing
	}
	w.git.Commit(func(files map[string]string) { files[name] = text })
	return "edit " + name
}

func (w *World) observe() string {
	name, ok := pickOf(w, w.git.Names())
	if !ok || w.edit(name, asked.Observe) == nothing {
		return nothing
	}
	w.meet("a file is only observed")
	return "observe " + name
}

func (w *World) carryOut() string {
	for _, name := range w.git.Names() {
		if asked.Observed(w.git.Files[name]) {
			return w.edit(name, asked.Carried) + ", which was only observed"
		}
	}
	return nothing
}

// object pushes or removes a plain object.
func (w *World) object() string {
	name := []string{asked.Settings, asked.Weights}[w.rng.IntN(2)]
	if w.calm {
		name = asked.Settings // a claim would stay, and another path has none
	}
	text := asked.Object(name, w.rng.IntN(9), w.rng.IntN(2) == 0)
	if w.git.Files[name] != "" && w.rng.IntN(2) == 0 {
		w.meet("a plain object goes")
		w.git.Commit(func(files map[string]string) { delete(files, name) })
		return "remove " + name
	}
	w.meet("a plain object is pushed")
	w.git.Commit(func(files map[string]string) { files[name] = text })
	return "push " + name
}

// depend makes a model wait for a tuning, or for a model before it, and pushes both if they are not there. In a pinned
// world it is a tuning: what comes of a model that waits for one that is suspended depends on which was first.
func (w *World) depend() string {
	name := []string{"m2", "m3"}[w.rng.IntN(2)]
	of := []string{"t1", "t2"}
	if !w.profile.pinned {
		of = append(of, "m1")
	}
	other := of[w.rng.IntN(len(of))]
	k := workspace.Key{Namespace: "default", Name: other}
	if w.profile.divided {
		k.Namespace = divided.NamespaceOf(other)
	}
	w.meet("a Workspace depends on another one")
	texts := map[string]string{name + ".yaml": w.file(name), other + ".yaml": w.file(other)}
	w.git.Commit(func(files map[string]string) {
		for file, text := range texts {
			if files[file] == "" {
				files[file] = text
			}
		}
		files[name+".yaml"] = asked.DependOn(files[name+".yaml"], k)
	})
	return name + " depends on " + k.String()
}

// pushAll writes every file in one commit.
func (w *World) pushAll() string {
	texts := map[string]string{}
	for _, name := range reconciletest.Names {
		texts[name+".yaml"] = w.file(name)
	}
	w.git.Commit(func(files map[string]string) { maps.Copy(files, texts) })
	return "push all"
}

// restartAll changes all servers in one commit, in a way that restarts each.
func (w *World) restartAll() string {
	w.meet("one commit restarts all servers")
	w.git.Commit(func(files map[string]string) {
		for name, text := range files {
			if name[0] == 'm' || name == "s1.yaml" {
				files[name] = asked.Retuned(text)
			}
		}
	})
	return "restart all servers"
}

// removeMany removes all Workspaces but one, and may say so.
func (w *World) removeMany() string {
	stays, ok := pickOf(w, w.git.Names())
	if !ok {
		return nothing
	}
	w.meet("many files go")
	w.git.Commit(func(files map[string]string) {
		for name := range files {
			if name != stays && asked.Objects[name] == "" && name != asked.Incident {
				delete(files, name)
			}
		}
	})
	w.git.Empty = false
	what := "remove all but " + stays
	if w.profile.mass && w.rng.IntN(3) == 0 {
		w.git.Allow[w.git.Number] = 8
		what += ", which the commit allows"
	}
	return what
}

// allow makes a commit that changes nothing and allows a number of deletions.
func (w *World) allow() string {
	n := 2 + w.rng.IntN(7)
	empty := w.git.Empty
	w.git.Commit(func(map[string]string) {})
	w.git.Empty, w.git.Allow[w.git.Number] = empty, n
	return fmt.Sprintf("allow %d deletions", n)
}
