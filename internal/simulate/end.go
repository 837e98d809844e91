// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/status"
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
	w.git.commit(repair)
	w.git.empty = len(w.git.files) == 0
	foreign := maps.Clone(w.foreign)
	for _, ref := range w.server.refs() {
		switch o := w.server.objects[ref]; {
		case o.owner != us:
			if foreign[ref] != o.content {
				w.violated("%s of %s is not what it was", ref, o.owner)
			}
			delete(foreign, ref)
			w.server.remove(ref, 0)
		default:
			o.kept = false
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
	w.server.touch()
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
		d := time.Minute
		if quiet++; !settled {
			quiet = 0
		} else if quiet > 3 {
			d = 40 * time.Minute
		}
		if surprises > 0 && quiet == 3 {
			surprises, quiet = surprises-1, 0
			w.trace.Step("-", "event", "")
			w.trace.Note("%s", w.surprise())
			w.server.touch()
		}
		w.trace.Step("-", "tick", d.String())
		w.pause(d)
	}
	if p.last == nil {
		return reconcile.Outcome{}
	}
	return *p.last
}

// surprise is what happens while the loop is at rest, when passes end at once: it has to see what has changed.
func (w *World) surprise() string {
	w.meet("something happens at rest")
	events := []func() string{
		w.statusByHand, w.changeByHand, w.deleteByHand, w.takeMachines, w.deletePool, w.push, w.push, w.finishJob,
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
	records, writes := w.git.records, len(w.cloud.Written)
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
	if w.git.records != records || len(w.cloud.Written) != writes {
		w.violated("at rest, %d status commits and %q", w.git.records-records, w.cloud.Written[writes:])
	}
	for _, r := range last.Reports {
		file, _ := asked.FileOf(r.Key)
		if suspended := strings.Contains(w.git.files[file], "suspend"); suspended {
			continue
		}
		if r.State == status.Pending || r.State == status.NotReady || r.State == status.Running {
			w.violated("at rest, %s is %s: %+v", r.Key, r.State, r.Conditions)
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

var (
	// moments are the lines of status files that differ by path: times, commits, and numbers of machines.
	moments = regexp.MustCompile(`(?m)^.*([Cc]ommit|Time|[Ss]ince|firstSeen|until).*\n|, since [^|]*`)
	// columns are the same in the table of README.md.
	columns = regexp.MustCompile(`\| \d{4}-\d\d-\d\d \d\d:\d\d |\| c\d+(?: not c\d+)? `)
	// empty is a pool without nodes, which is recreated only when it is needed.
	empty    = regexp.MustCompile(`(?m)^ +- name: \S+\n +state: \S+\n +nodes: 0\n( {4,}\w+: .*\n)*`)
	header   = regexp.MustCompile(`(?m)^ *pools:.*\n`)
	machines = regexp.MustCompile(`vmss\d+`)
	// notReady is the part of the totals in README.md that counts those that are not ready, and those that wait.
	notReady = regexp.MustCompile(`(\d+) not ready(?:, (\d+) waiting)?`)
)

// neverReady makes the text of a status file one in which no Workspace was ready once: those that are not ready any
// more are pending.
func neverReady(text string) string {
	text = notReady.ReplaceAllStringFunc(text, func(counts string) string {
		found := notReady.FindStringSubmatch(counts)
		before, _ := strconv.Atoi(found[1])
		pending, _ := strconv.Atoi(found[2]) // 0 where none waits
		return fmt.Sprint(before+pending, " waiting")
	})
	return strings.ReplaceAll(text, "NotReady", "Pending")
}

// state is the end state of a world, by what it is about.
func (w *World) state() map[string]string {
	out := map[string]string{}
	for ref, o := range w.server.objects {
		if o.owner == us && o.labelled {
			out[ref.Namespace+"/"+ref.String()] = fmt.Sprint(o.content.Object)
		}
	}
	for _, p := range w.owned() {
		if p.Count == 0 {
			continue
		}
		out["pool "+p.Name] = fmt.Sprint(p.Size, p.Count, p.Spot, p.Labels, p.Taints, p.State, p.Workspace)
	}
	for name, data := range w.git.status {
		text := columns.ReplaceAllString(moments.ReplaceAllString(string(data), ""), "| ")
		text = header.ReplaceAllString(empty.ReplaceAllString(text, ""), "")
		out["status "+name] = machines.ReplaceAllString(neverReady(text), "vmss")
	}
	return out
}

// straight returns the end state of a fresh world that gets the same files at once.
func (w *World) straight(seed uint64) map[string]string {
	fresh := newWorld(seed, w.cache)
	fresh.profile = profile{pinned: true, processes: 1}
	fresh.git.commit(func(files map[string]string) { maps.Copy(files, w.git.files) })
	fresh.settle()
	w.violations = append(w.violations, fresh.violations...)
	w.trace.Steps += fresh.trace.Steps
	return fresh.state()
}

// compare says where two end states differ.
func (w *World) compare(got, want map[string]string) {
	w.meet("the same end state")
	names := slices.Sorted(maps.Keys(got))
	for name := range want {
		if _, ok := got[name]; !ok {
			w.violated("%s is missing, which the straight path has", name)
		}
	}
	for _, name := range names {
		if other, ok := want[name]; !ok {
			w.violated("%s is left, which the straight path does not have: %s", name, got[name])
		} else if got[name] != other {
			w.violated("%s is\n%s\nand by the straight path\n%s", name, got[name], other)
		}
	}
}

// String shows what is there.
func (w *World) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nfiles %q\n", w.profile, w.git.files)
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
	for _, ref := range w.server.refs() {
		fmt.Fprintf(&b, "%s of %s\n", ref, w.server.objects[ref].owner)
	}
	for _, name := range slices.Sorted(maps.Keys(w.git.status)) {
		fmt.Fprintf(&b, "--- %s\n%s", name, w.git.status[name])
	}
	return b.String()
}
