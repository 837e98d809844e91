// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/claimed"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/reconcile/follows"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/shared"
	"syncer.dev/syncer/internal/workspace"
)

// TestReportsAgain plays random sequences of passes, of which each changes something that a report follows from. A loop
// that makes only those reports again that may have changed has the reports of one that makes all of them, and so it
// has what follows from them.
func TestReportsAgain(t *testing.T) {
	const sequences, passes = 100, 40
	made, all := 0, 0
	for seed := range uint64(sequences) {
		f := newFacts(seed)
		again, thorough := f.loop(), f.loop()
		thorough.settings.Thorough = true
		for n := range passes {
			f.errs, f.now = func(*pass) {}, f.now.Add(time.Minute)
			what := f.change()
			if f.rng.IntN(2) == 0 {
				what += " and " + f.change()
			}
			if f.rng.IntN(30) == 0 {
				f.restart(again, thorough)
			}
			got, odd := f.reports(again)
			want, oddly := f.reports(thorough)
			said := fmt.Sprintf("seed %d, pass %d, after %s", seed, n, what)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s: reports (-all +again):\n%s", said, d)
			}
			if d := cmp.Diff(oddly, odd); d != "" {
				t.Fatalf("%s: objects (-all +again):\n%s", said, d)
			}
			checkFollows(t, said, again)
			for i := range again.reporter.known {
				if all++; again.reporter.known[i].pass == again.reporter.pass {
					made++
				}
			}
		}
	}
	if made > all*2/3 || made < all/20 {
		t.Errorf("%d of %d reports were recreated: the comparison shows too little", made, all)
	}
}

// checkFollows compares what a loop keeps of its reports with what follows from them.
func checkFollows(t *testing.T, said string, l *Loop) {
	t.Helper()
	states, seen := map[string]int{}, map[workspace.Key]time.Time{}
	for _, r := range l.reports {
		states[string(r.State)]++
		seen[r.Key] = r.FirstSeen
		if d := cmp.Diff(shared.Reported(r), l.reported()[r.Key]); d != "" {
			t.Fatalf("%s: reported of %s (-want +got):\n%s", said, r.Key, d)
		}
		if d := cmp.Diff(r.CarriedOut, l.carriedOut()(len(seen)-1, r.Key)); d != "" {
			t.Fatalf("%s: carried out of %s (-want +got):\n%s", said, r.Key, d)
		}
	}
	if len(l.reported()) != len(l.reports) {
		t.Fatalf("%s: %d reports, %d reported", said, len(l.reports), len(l.reported()))
	}
	if d := cmp.Diff(states, l.follows.States) + cmp.Diff(seen, l.firstSeen()); d != "" {
		t.Fatalf("%s: states and first seen (-want +got):\n%s", said, d)
	}
	now := time.Unix(2e9, 0)
	if d := cmp.Diff(follows.CompleteIn(l.reports).At(now), l.follows.Complete.At(now)); d != "" {
		t.Fatalf("%s: complete pools (-want +got):\n%s", said, d)
	}
}

// facts are what a pass has observed and decided.
type facts struct {
	rng      *rand.Rand
	now      time.Time
	version  uint64
	commit   int
	work     []*desired.Workload
	state    cluster.State
	listed   []capacity.LivePool
	held     map[string]string // why pools are not changed
	halted   map[workspace.Key]string
	objects  []desired.Object
	policy   desired.Policy
	reviewed bool
	digests  map[workspace.Key]string
	places   map[workspace.Key]reviewed.Shown
	rows     []*plan.Workspace // of the plan; nil: they are made of places
	// errs are those of this pass alone.
	errs func(p *pass)
}

func newFacts(seed uint64) *facts {
	f := &facts{
		rng: rand.New(rand.NewPCG(seed, 3)), now: time.Unix(1e9, 0), held: map[string]string{},
		halted: map[workspace.Key]string{}, digests: map[workspace.Key]string{}, places: map[workspace.Key]reviewed.Shown{},
	}
	if f.reviewed = f.rng.IntN(2) == 0; f.rng.IntN(3) == 0 {
		f.policy.Source = desired.NodePools{}
	}
	f.state.Workloads, f.state.Versions = map[workspace.Key]cluster.Workload{}, map[workspace.Key]uint64{}
	for i := range 4 {
		pool := fmt.Sprintf("p%d", i%3)
		f.state.Nodes = append(f.state.Nodes, cluster.Node{
			Name: fmt.Sprint("node-", i), Pool: pool, Ready: true, GPUs: 1,
			Labels: map[string]string{"group": fmt.Sprint(i % 2), cluster.LabelNodePool: "np"},
		})
	}
	for i := range 3 {
		f.listed = append(f.listed, capacity.LivePool{Name: fmt.Sprint("p", i), Owned: true, Count: 1, Workspace: keyOf(i)})
	}
	f.objects = []desired.Object{{Content: secret()}}
	for i := range 6 {
		f.work = append(f.work, f.workload(keyOf(i)))
	}
	return f
}

func keyOf(i int) workspace.Key {
	return workspace.Key{Namespace: "default", Name: fmt.Sprint("m-", i)}
}

func secret() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"namespace": "default", "name": "token"},
	}}
}

func (f *facts) loop() *Loop {
	l := New(Settings{Policy: f.policy}, Parts{})
	l.folder.Holds(nil)
	return l
}

// workload returns the desired state of a Workspace: in a pool of its own, in a shared one, or on nodes with a label.
func (f *facts) workload(k workspace.Key) *desired.Workload {
	w := &desired.Workload{
		Key: k,
		Workspace: &workspace.Workspace{Key: k, Digest: fmt.Sprint("d", f.rng.IntN(2)), Inference: &workspace.Inference{
			Preset: &workspace.PresetSpec{Options: workspace.PresetOptions{ModelAccessSecret: "token"}},
		}},
		NodePool: &karpenter.NodePool{Name: "np", Nodes: 1},
	}
	if f.rng.IntN(3) == 0 {
		w.NodeFailure = cluster.Failure{Reason: "NoRoom", Message: "there is no room"}
	}
	w.Workspace.Source.Path = k.Name + ".yaml"
	w.Placement.InstanceType, w.Placement.Nodes = "size", 1
	pool := fmt.Sprintf("p%d", f.rng.IntN(3))
	switch f.rng.IntN(4) {
	case 0:
		labels := map[string]string{"group": fmt.Sprint(f.rng.IntN(2))}
		w.Claimed = &claimed.Nodes{Names: []string{"node-0", "node-1"}, Labels: labels}
	case 1:
		w.Pool, w.Binding.Shared = &capacity.Pool{Name: pool, Count: 1}, true
	case 2:
		w.Notes = []string{"a note"}
		fallthrough
	default:
		w.Pool = &capacity.Pool{Name: pool, Count: 1}
	}
	return w
}

// change changes something, and says what.
func (f *facts) change() string {
	key := keyOf(f.rng.IntN(6))
	changes := []struct {
		what string
		make func(workspace.Key)
	}{
		{"nothing", func(workspace.Key) {}},
		{"the desired state", f.changeDesired},
		{"what is live", f.changeLive},
		{"a node", f.changeNode},
		{"a pool", f.changePool},
		{"why a pool is held", func(workspace.Key) { f.held = map[string]string{"p1": fmt.Sprint(f.rng.IntN(3))} }},
		{"no pool is held", func(workspace.Key) { f.held = map[string]string{} }},
		{"a contest", f.changeContest},
		{"a NodePool", f.changeNodePool},
		{"a plain object", f.changePlain},
		{"a suspension", func(k workspace.Key) {
			if f.halted = maps.Clone(f.halted); f.halted[k] != "" {
				delete(f.halted, k)
			} else {
				f.halted[k] = "it is suspended"
			}
		}},
		{"an error", f.fail},
		{"a digest", func(k workspace.Key) {
			if f.digests = maps.Clone(f.digests); f.reviewed {
				f.digests[k] = fmt.Sprint("digest-", f.rng.IntN(3))
			}
		}},
		{"a place", func(k workspace.Key) {
			f.places = maps.Clone(f.places)
			f.places[k] = reviewed.Shown{InstanceType: fmt.Sprint("size-", f.rng.IntN(3))}
		}},
	}
	c := changes[f.rng.IntN(len(changes))]
	c.make(key)
	return c.what + " of " + key.Name
}

func (f *facts) changeDesired(k workspace.Key) {
	f.work = slices.Clone(f.work)
	byKey := func(w *desired.Workload, k workspace.Key) int { return w.Key.Compare(k) }
	at, exists := slices.BinarySearchFunc(f.work, k, byKey)
	f.commit++
	switch {
	case !exists:
		f.work = slices.Insert(f.work, at, f.workload(k))
	case f.rng.IntN(3) == 0:
		f.work = slices.Delete(f.work, at, at+1)
	default:
		f.work[at] = f.workload(k)
	}
}

func (f *facts) changeLive(k workspace.Key) {
	f.state.Workloads, f.state.Versions = maps.Clone(f.state.Workloads), maps.Clone(f.state.Versions)
	f.version++
	f.state.Versions[k] = f.version
	w := cluster.Workload{Replicas: 1, Ready: int64(f.rng.IntN(2)), Current: true, Endpoints: 1}
	w.Pods = []cluster.Pod{{Name: k.Name + "-0", Node: fmt.Sprint("node-", f.rng.IntN(4))}}
	switch f.rng.IntN(4) {
	case 0:
		delete(f.state.Workloads, k)
		return
	case 1:
		w.Pods[0].Deleting, w.Pods[0].Finalizers = true, []string{"example.com/held"}
	}
	f.state.Workloads[k] = w
}

func (f *facts) changeNode(workspace.Key) {
	f.state.Nodes = slices.Clone(f.state.Nodes)
	n := &f.state.Nodes[f.rng.IntN(4)]
	switch f.rng.IntN(3) {
	case 0:
		n.Ready = !n.Ready
	case 1:
		n.Labels = map[string]string{"group": fmt.Sprint(f.rng.IntN(2))}
	case 2:
		n.Pool = fmt.Sprintf("p%d", f.rng.IntN(3))
	}
}

func (f *facts) changePool(workspace.Key) {
	f.listed = slices.Clone(f.listed)
	p := &f.listed[f.rng.IntN(len(f.listed))]
	p.State = []capacity.PoolState{capacity.Succeeded, capacity.Failed}[f.rng.IntN(2)]
	p.Count, p.Error = f.rng.IntN(3), "refused"
}

func (f *facts) changeContest(k workspace.Key) {
	f.state.Contests = nil
	if f.rng.IntN(2) == 0 {
		f.state.Contests = []cluster.Contest{{Ref: serviceOf(k), Field: fmt.Sprint("spec.", f.rng.IntN(2)), Manager: "other"}}
	}
}

func serviceOf(k workspace.Key) cluster.Ref {
	return cluster.Ref{Version: "v1", Kind: "Service", Namespace: k.Namespace, Name: k.Name}
}

func (f *facts) changeNodePool(k workspace.Key) {
	f.state.NodePools = nil
	if f.rng.IntN(2) == 0 {
		f.state.NodePools = []cluster.NodePool{{Name: "np", Workspace: k, Deleting: f.rng.IntN(2) == 0}}
	}
}

// changePlain changes the objects: those of Workspaces, and a Secret that all of them name.
func (f *facts) changePlain(workspace.Key) {
	f.state.Objects = nil
	for i := range 6 {
		f.state.Objects = append(f.state.Objects, &cluster.Object{Ref: serviceOf(keyOf(i)), Workspace: keyOf(i), Owned: true})
	}
	token := &cluster.Object{Ref: cluster.RefOf(secret()), Owned: true}
	switch f.rng.IntN(4) {
	case 0:
		token.Health = cluster.Health{State: cluster.HealthFailed, Message: fmt.Sprint("reason ", f.rng.IntN(2))}
	case 1:
		token.Deleting, token.Finalizers = true, []string{"example.com/held"}
	case 2:
		f.state.Objects[2].Deleting, f.state.Objects[2].Finalizers = true, []string{"example.com/held"}
	}
	f.state.Objects = append(f.state.Objects, token)
	slices.SortFunc(f.state.Objects, func(a, b *cluster.Object) int { return a.Ref.Compare(b.Ref) })
}

// fail lets something go wrong in this pass, and not in the next.
func (f *facts) fail(k workspace.Key) {
	n, err := f.rng.IntN(6), errors.New("refused")
	f.errs = func(p *pass) {
		switch n {
		case 0:
			p.poolErrs[k] = err
		case 1:
			p.objErrs[k] = []error{err}
		case 2:
			p.nodePoolErrs[k] = err
		case 3:
			p.unreached[k] = err
		case 4:
			p.judged = map[workspace.Key]reviews.Judged{k: {Judgement: reviewed.Judgement{Reason: diag.NotReviewed, Text: "no"}}}
		case 5:
			for _, w := range p.plan.Workspaces {
				if w.Key == k {
					w.Held, p.held[k] = "a policy holds it", w
				}
			}
		}
	}
}

// restart lets loops continue with equal reports that they have read.
func (f *facts) restart(loops ...*Loop) {
	for _, l := range loops {
		var read []*status.Report
		for _, r := range l.reports {
			read = append(read, new(*r))
		}
		l.setReports(read)
		l.reporter.take(read)
	}
}

// reports makes the reports of a pass of the loop, and those on objects.
func (f *facts) reports(l *Loop) ([]*status.Report, []status.Object) {
	p := l.newPass()
	l.revision = &Revision{Commit: fmt.Sprint("c", f.commit)}
	p.now, p.state, l.listed = f.now, f.state, f.listed
	p.desired.Workloads, p.desired.Objects = f.work, f.objects
	p.identified = f.reviewed
	if p.plan.Workspaces = f.rows; f.rows == nil {
		for _, w := range f.work {
			p.plan.Workspaces = append(p.plan.Workspaces, &plan.Workspace{
				Key: w.Key, Place: f.places[w.Key], Digest: f.digests[w.Key],
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.held)) {
		c := capacity.PoolChange{Name: name, Op: capacity.Wait}
		p.plan.Changes = append(p.plan.Changes, &plan.Change{Op: plan.Hold, Pool: &c, Reason: f.held[name]})
	}
	p.plan.Guard.Halted.Workspaces = f.halted
	for key := range f.halted {
		what := fmt.Sprint("replicas ", f.commit)
		p.plan.Changes = append(p.plan.Changes, &plan.Change{Op: plan.Hold, Workspace: key, Target: what})
	}
	p.plan.Guard.UnreadableFor = func(string) string { return "" }
	p.plan.Guard.Waiting = map[workspace.Key]string{keyOf(4): "of one that is gone the report stays"}
	f.errs(p)
	p.active = activeIn(p.plan.Changes)
	out, r := l.reportAll(p)
	objects := p.objectReports(r)
	l.leave(p, out)
	l.setReports(out)
	return out, objects
}

// BenchmarkReportsAgain makes the reports of very many Workspaces again: with another desired state of one, and after
// something live of one has changed.
func BenchmarkReportsAgain(b *testing.B) {
	f := newFacts(1)
	f.work = nil
	f.state.Workloads, f.state.Versions = map[workspace.Key]cluster.Workload{}, map[workspace.Key]uint64{}
	key := func(i int) workspace.Key { return workspace.Key{Namespace: "default", Name: fmt.Sprintf("m-%05d", i)} }
	for i := range 10_000 {
		f.work = append(f.work, f.workload(key(i)))
		f.state.Workloads[key(i)] = cluster.Workload{Replicas: 1, Ready: 1, Current: true, Endpoints: 1}
		f.rows = append(f.rows, &plan.Workspace{Key: key(i)})
	}
	f.errs = func(*pass) {}
	for name, change := range map[string]func(i int){
		"one file changed": func(i int) { f.work = slices.Clone(f.work); f.work[i] = f.workload(key(i)) },
		"one pod changed":  func(i int) { f.changeLive(key(i)) },
	} {
		b.Run(name, func(b *testing.B) {
			l := f.loop()
			pass := func() {
				out, _ := f.reports(l)
				l.folder.Update(status.Summary{Cluster: "demo", Reports: out})
				l.folder.Recorded()
				l.reported()
			}
			pass()
			pass()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				b.StopTimer()
				i++
				change(i * 7919 % 10_000)
				b.StartTimer()
				pass()
			}
		})
	}
}
