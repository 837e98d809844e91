// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/simulate/apiserver"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/simulate/endstate"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// longest is longer than any deadline, and than any offering stays unavailable.
const longest = 6 * time.Hour

// endFaults ends all faults, and all but one process.
func (w *World) endFaults() {
	w.calm = true
	w.trace.Step("-", "faults end", "")
	w.heal()
	w.cloud.Set(func(f *capacitytest.Fake) { f.Takes = time.Minute })
	w.cloud.Nodes.Late = 0
	w.cloud.Nodes.RemoveForeign()
	if w.profile.event > 0 { // the straight world has what is there in the end
		// In a world that is not pinned a job may have failed, and what waits for it does not come to rest.
		w.git.Commit(func(files map[string]string) { asked.Plain(files, !w.profile.pinned) })
	}
	w.git.Empty, w.git.Allow[w.git.Number] = asked.Empty(w.git.Files), 100
	foreign := maps.Clone(w.foreign)
	for _, ref := range w.server.Refs() {
		switch o := w.server.Objects[ref]; {
		case o.Owner != apiserver.Us:
			if foreign[ref] != o.Content {
				w.violated("%s of %s is not what it was", ref, o.Owner)
			}
			delete(foreign, ref)
			w.server.Remove(ref, 0)
		default:
			o.Kept = false
		}
	}
	if len(foreign) > 0 {
		w.violated("gone, and of others: %v", slices.Collect(maps.Keys(foreign)))
	}
	for _, p := range w.cloud.Live() { // what others made by the name of a pool of ours
		if !p.Owned && !p.System && p.Name != "foreign" {
			w.cloud.Lose(p.Name)
		}
	}
	w.cloud.Nodes.Reconcile()
	stay := 1
	if w.profile.divided {
		stay = shards
	}
	for len(w.processes) > stay {
		w.end(w.processes[stay])
	}
	for len(w.processes) < stay {
		w.begin()
	}
	w.server.Touch()
}

// settle ends all faults and lets time go by until the loop is at rest. It returns the last outcome.
func (w *World) settle() reconcile.Outcome {
	w.endFaults()
	p := w.processes[0]
	quiet, surprises := 0, 4
	if w.profile.event == 0 {
		surprises = 0
	}
	for healed := time.Now(); (quiet < 3 || time.Since(healed) < longest) && len(w.violations) == 0; {
		if time.Since(healed) > 20*longest {
			w.violated("the loop does not come to rest")
			break
		}
		settled := true
		for _, p := range w.processes {
			w.passOf(p)
			settled = settled && p.last != nil && p.last.Settled
		}
		w.finishJob()
		w.dropClaim()
		d := time.Minute
		if quiet++; !settled || asked.SuspendsAny(w.git.Tip(), reconciletest.Names, time.Now()) {
			quiet = 0
		} else if quiet > 3 {
			d = 40 * time.Minute
		}
		if surprises > 0 && quiet == 3 {
			surprises, quiet = surprises-1, 0
			w.trace.Step("-", "event", "")
			w.trace.Note("%s", w.surprise())
			w.git.Empty = asked.Empty(w.git.Files) // also after a commit that changes something else
			w.server.Touch()
		}
		w.trace.Step("-", "tick", d.String())
		w.pause(d)
	}
	if p.last == nil {
		return reconcile.Outcome{}
	}
	return *p.last
}

// dropClaim deletes the claim whose file is gone, as a person does: it would stay for good.
func (w *World) dropClaim() {
	ref := cluster.Ref{Version: "v1", Kind: "PersistentVolumeClaim", Namespace: "default", Name: "weights"}
	if w.git.Files[asked.Weights] == "" && w.server.Objects[ref] != nil && w.processes[0].waits == nil {
		w.meet("a volume claim stays although its file goes")
		w.server.Remove(ref, 0)
	}
}

// surprise is what happens while the loop is at rest, when passes end at once: it has to see what has changed.
func (w *World) surprise() string {
	w.meet("something happens at rest")
	events := []func() string{
		w.statusByHand, w.changeByHand, w.deleteByHand, w.takeMachines, w.deletePool, w.push, w.push, w.finishJob,
		w.suspend, w.object, w.pushAll, w.restartAll, w.restartAll, w.restartAll,
	}
	return events[w.rng.IntN(len(events))]()
}

// passOf runs a whole pass.
func (w *World) passOf(p *process) {
	for more := true; more; more = p.waits != nil {
		w.run(p)
	}
}

// rest checks that nothing more is written, also by a new process, and that every Workspace has what it needs.
func (w *World) rest(last reconcile.Outcome) {
	records, writes := w.git.Records, len(w.cloud.Written)
	before := slices.Clone(w.processes)
	again := w.start("again", 0) // it has no part of a cluster that others have divided, but sees all of it
	for _, p := range append(before, again) {
		for _, p.thorough = range []bool{false, true, false} { // a short pass hides nothing
			w.passOf(p)
			w.trace.Step("-", "tick", "1m")
			w.pause(time.Minute)
			if out := p.last; out == nil || out.Changes.Writes() > 0 || out.PoolWrites > 0 {
				w.violated("%s is at rest, and writes %+v", p.name, out)
			}
		}
	}
	if w.git.Records != records || len(w.cloud.Written) != writes {
		w.violated("at rest, %d status commits and %q", w.git.Records-records, w.cloud.Written[writes:])
	}
	for _, r := range last.Reports {
		file, _ := asked.FileOf(r.Key)
		if suspendedByFile(w.git.Files[file]) {
			continue
		}
		if r.State == status.Pending || r.State == status.NotReady || r.State == status.Running {
			w.violated("at rest, %s is %s: %+v", r.Key, r.State, r.Conditions)
		}
	}
	for file, kind := range asked.Objects {
		name := strings.TrimSuffix(file, ".yaml")
		ref := cluster.Ref{Version: "v1", Kind: kind, Namespace: "default", Name: name}
		if w.git.Files[file] != "" && w.server.Objects[ref] == nil {
			w.violated("at rest, there is no %s", ref)
		}
	}
	for _, p := range w.owned() {
		if p.State != capacity.Succeeded {
			w.violated("at rest, pool %s is %s", p.Name, p.State)
		}
		for _, node := range w.cloud.Fake.Nodes()[p.Name] {
			if len(w.cloud.Nodes.On(node)) == 0 {
				w.violated("at rest, nothing runs on node %s", node)
			}
		}
	}
}

// suspendedByFile reports whether the file of a Workspace asks for no pods.
func suspendedByFile(text string) bool { return strings.Contains(text, workspace.AnnotationSuspend) }

// state is the end state of a world, by what it is about.
func (w *World) state() map[string]string {
	out := map[string]string{}
	for ref, o := range w.server.Objects {
		if o.Owner == apiserver.Us && o.Labelled {
			out[ref.Namespace+"/"+ref.String()] = fmt.Sprint(o.Content.Object)
		}
	}
	for _, p := range w.owned() {
		if p.Count == 0 {
			continue
		}
		out["pool "+p.Name] = fmt.Sprint(p.Size, p.Count, p.Spot, p.Labels, p.Taints, p.State, p.Workspace)
	}
	for name, data := range w.git.Status {
		out["status "+name] = endstate.Text(data)
	}
	return out
}

// straight returns the end state of a fresh world that gets the same files at once.
func (w *World) straight(seed uint64) map[string]string {
	fresh := newWorld(seed, w.cache)
	fresh.profile = profile{pinned: true, processes: 1, mass: w.profile.mass, rollout: w.profile.rollout}
	fresh.git.Commit(func(files map[string]string) { maps.Copy(files, w.git.Files) })
	fresh.settle()
	w.violations = append(w.violations, fresh.violations...)
	w.trace.Steps += fresh.trace.Steps
	return fresh.state()
}

// compare says where two end states differ.
func (w *World) compare(got, want map[string]string) {
	w.meet("the same end state")
	for _, text := range endstate.Differences(got, want) {
		w.violated("%s", text)
	}
}

// String shows what is there.
func (w *World) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nfiles %q\n", w.profile, w.git.Files)
	nodes := w.cloud.Fake.Nodes()
	for _, p := range w.cloud.Live() {
		fmt.Fprintf(&b, "pool %s %s x%d %s owned %t, nodes %v\n", p.Name, p.Size, p.Count, p.State, p.Owned, nodes[p.Name])
	}
	for _, l := range w.cloud.Nodes.Workloads() {
		fmt.Fprintf(&b, "workload %s on %s %s:", l.Name, l.Pool, l.Finished)
		for _, p := range w.cloud.Nodes.Pods(l.Name) {
			fmt.Fprintf(&b, " %s on %q", p.Name, p.Node)
		}
		b.WriteByte('\n')
	}
	for _, ref := range w.server.Refs() {
		fmt.Fprintf(&b, "%s of %s\n", ref, w.server.Objects[ref].Owner)
	}
	for _, name := range slices.Sorted(maps.Keys(w.git.Status)) {
		fmt.Fprintf(&b, "--- %s\n%s", name, w.git.Status[name])
	}
	return b.String()
}
