// SPDX-License-Identifier: Apache-2.0

// Package depends decides which Workspaces wait for others that they depend on, and which image of an adapter they
// serve.
//
//	source:  adapters and annotations ─┐
//	live:    Jobs, pods, servers       ├─ Of ─> Waits, and the images of adapters by digest
//	status:  images that were pushed  ─┘
//
// A tuning pushes its result under one tag each time, and Kubernetes restarts nothing when a tag moves. So the pod of
// the tuning says which digest it has pushed, and the server names the adapter by it: another result is another pod
// template. What is unknown stays the tag, with a note.
package depends

import (
	"fmt"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/dependency"
)

// Result is what follows for the Workspaces that depend on others.
type Result struct {
	// Waits says for which Workspaces nothing changes yet, and why.
	Waits map[workspace.Key]string
	// Adapters are the images by digest, by the image in the file, of adapters that a tuning of the source pushes, and
	// Notes say what of them is unknown.
	Adapters map[workspace.Key]map[string]string
	Notes    map[workspace.Key][]string
}

// Input is what Of looks at.
type Input struct {
	Set       *workspace.Set
	Workloads map[workspace.Key]cluster.Workload
	// Reported is what the status branch says; nil if it cannot be read.
	Reported map[workspace.Key]rollout.Reported
}

// Of looks at every Workspace of a source.
func Of(in Input) Result {
	out := Result{
		Waits:    map[workspace.Key]string{},
		Adapters: map[workspace.Key]map[string]string{},
		Notes:    map[workspace.Key][]string{},
	}
	index := dependency.In(in.Set)
	for i := range in.Set.Workspaces {
		w := &in.Set.Workspaces[i]
		all := index.Of(w)
		if len(all) == 0 {
			continue
		}
		d := dependent{Input: in, index: index, w: w, images: map[string]string{}}
		live, runs := in.Workloads[w.Key]
		d.serves = runs && live.Ref.Kind == "StatefulSet"
		d.same = runs && live.Inputs == w.Digest
		for _, dep := range all {
			d.look(dep)
		}
		if d.wait != "" && !w.Suspended() {
			out.Waits[w.Key] = d.wait
		}
		if len(d.images) > 0 {
			out.Adapters[w.Key] = d.images
		}
		if len(d.notes) > 0 {
			out.Notes[w.Key] = d.notes
		}
	}
	return out
}

// dependent is one Workspace that depends on others.
type dependent struct {
	Input
	index        *dependency.Index
	w            *workspace.Workspace
	serves, same bool // it exists as a server, and its workload is of the present inputs
	wait         string
	images       map[string]string
	notes        []string
}

// look adds what one dependency means.
func (d *dependent) look(dep dependency.Dependency) {
	state := d.state(dep.Key)
	if dep.Adapter == "" {
		if state != "" && !d.same { // what runs as its file says goes on, and is kept as it is
			d.waitFor(dep, state)
		}
		return
	}
	if len(d.index.Pushers(dep.Adapter)) > 1 {
		if state != "" && !d.same {
			d.waitFor(dep, state)
		}
		d.unknown(dep, "several tunings push it")
		return
	}
	digest, known := d.digest(dep, state == "")
	switch {
	case state != "" && !d.same:
		d.waitFor(dep, state)
	case known && digest != "":
		d.images[dep.Adapter] = workspace.ByDigest(dep.Adapter, digest)
	case state != "":
		d.waitFor(dep, state) // by its tag it would restart for an image that will be replaced
	case !known && d.serves:
		d.waitFor(dep, "whose result is on the status branch, which cannot be read")
	default:
		d.unknown(dep, "the pod of the tuning is gone, and the status branch does not have it")
	}
}

func (d *dependent) waitFor(dep dependency.Dependency, state string) {
	if d.wait != "" {
		return
	}
	why := "annotation " + workspace.AnnotationDependsOn
	if dep.Adapter != "" {
		why = "which pushes the adapter " + dep.Adapter
	}
	d.wait = fmt.Sprintf("waits for %s, %s (%s)", dep.Key, state, why)
}

func (d *dependent) unknown(dep dependency.Dependency, why string) {
	d.notes = append(d.notes, fmt.Sprintf(
		"the digest of adapter %s is unknown, because %s; the tag is used, and a new image of it restarts nothing",
		dep.Adapter, why))
}

// state says why a Workspace is not done, as a clause; "" if it is: a tuning has succeeded with its present inputs, a
// server of the present inputs is ready.
func (d *dependent) state(k workspace.Key) string {
	w := d.index.Find(k)
	if w == nil {
		if file := d.Set.MayHold(k.Name); file != "" {
			return "which " + file + " may hold, and that file is unreadable"
		}
		return "which is not in the source"
	}
	live, runs := d.Workloads[k]
	switch {
	case runs && live.Inputs == w.Digest && live.Ref.Kind == "Job" && live.Complete && !live.Failed:
		return ""
	case w.Suspended():
		return "which is suspended"
	case !runs || live.Inputs != w.Digest:
		return notDone(w)
	case w.Tuning == nil:
		if live.Ref.Kind == "StatefulSet" && live.Current && live.Replicas > 0 && live.Ready >= live.Replicas &&
			live.Endpoints > 0 {
			return ""
		}
		return notDone(w)
	case live.Ref.Kind != "Job":
		return notDone(w)
	case live.Failed:
		return "which failed"
	}
	return notDone(w)
}

func notDone(w *workspace.Workspace) string {
	if w.Tuning == nil {
		return "which is not ready"
	}
	return "which is not done"
}

// digest returns the digest of an adapter: that of the present inputs of its tuning if that is done, and otherwise the
// last one. known is false if only the status branch may have it, and cannot be read.
func (d *dependent) digest(dep dependency.Dependency, done bool) (digest string, known bool) {
	w, live := d.index.Find(dep.Key), d.Workloads[dep.Key]
	if done {
		for i := range live.Pods {
			if p := live.Pods[i].Pushed; p.Name == dep.Adapter {
				return p.Digest, true
			}
		}
	}
	if d.Reported == nil {
		return "", false
	}
	was := d.Reported[dep.Key]
	if was.Output.Name != dep.Adapter || done && was.OutputOf != w.Digest {
		return "", true
	}
	return was.Output.Digest, true
}
