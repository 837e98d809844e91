// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

func key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

// due is a Workspace that a preset restarts.
func due(name string, change ...func(*Due)) Due {
	d := Due{Key: key(name), Origin: Origin{Commit: "old", Preset: "phi"}}
	for _, f := range change {
		f(&d)
	}
	return d
}

func own(commit, preset string) func(*Due) {
	return func(d *Due) { d.Origin = Origin{Commit: commit, Own: true, Preset: preset} }
}

func priority(p workspace.Priority) func(*Due) { return func(d *Due) { d.Priority = p } }

func moves(d *Due) { d.Moves = true }

func onNew(d *Due) { d.OnNewNodes = true }

func under(name, failed string) UnderWay {
	return UnderWay{Key: key(name), Origin: Origin{Commit: "c1", Preset: "phi"}, Failed: failed}
}

func TestDecide(t *testing.T) {
	one, two := Limit{Count: 1}, Limit{Count: 2}
	const end1, end2 = " (rollout.maxInterrupted: 1)", " (rollout.maxInterrupted: 2)"
	const crash = "the roll-out stopped at default/x: crash"
	for name, tt := range map[string]struct {
		in   Input
		want map[string]string
	}{
		"off": {Input{Due: []Due{due("a"), due("b")}}, nil},
		"each waits for the one before": {
			Input{Limit: one, Due: []Due{due("c"), due("a"), due("b")}},
			map[string]string{"b": "waits for default/a" + end1, "c": "waits for default/b" + end1},
		},
		"the first waits for what is under way": {
			Input{Limit: one, Due: []Due{due("b"), due("a")}, UnderWay: []UnderWay{under("z", "")}},
			map[string]string{"a": "waits for default/z" + end1, "b": "waits for default/a" + end1},
		},
		"two at a time": {
			Input{Limit: two, Due: []Due{due("a"), due("b"), due("c")}, UnderWay: []UnderWay{under("z", "")}},
			map[string]string{"b": "waits for default/z" + end2, "c": "waits for default/a" + end2},
		},
		"more are under way than now may be": {
			Input{Limit: one, Due: []Due{due("a")}, UnderWay: []UnderWay{under("y", ""), under("z", "")}},
			map[string]string{"a": "waits for default/z" + end1},
		},
		"a part of those that serve": {
			Input{Limit: Limit{Percent: 10}, Serving: 20, Due: []Due{due("a"), due("b"), due("c")}},
			map[string]string{"c": "waits for default/a (rollout.maxInterrupted: 10%)"},
		},
		"own files, then low priority, then names": {
			Input{Limit: one, Due: []Due{
				due("a"), due("b", priority(workspace.Low)), due("c", own("c1", "phi")),
				due("d", own("c1", "phi"), priority(workspace.High)), due("e", onNew),
			}},
			map[string]string{
				"c": "waits for default/e" + end1, "d": "waits for default/c" + end1, "b": "waits for default/d" + end1,
				"a": "waits for default/b" + end1,
			},
		},
		"a newer commit for what is under way goes at once": {
			Input{Limit: one, Due: []Due{due("z"), due("a")}, UnderWay: []UnderWay{under("z", "")}},
			map[string]string{"a": "waits for default/z" + end1},
		},
		"a failure stops what may have the same fault": {
			Input{Limit: two, UnderWay: []UnderWay{under("x", "crash")}, Due: []Due{
				due("a"), due("b", own("c1", "llama")), due("c", own("c2", "phi")), due("d", own("c2", "llama")),
				due("e", own("c2", "")), due("x", own("c3", "phi")),
			}},
			map[string]string{"a": crash + end2, "b": crash + end2, "c": crash + end2},
		},
		"what asks for nodes holds up no restart": {
			Input{Limit: one, Due: []Due{due("a", moves), due("b", moves), due("c"), due("d")}},
			map[string]string{"b": "waits for default/a" + end1, "d": "waits for default/c" + end1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got map[string]string
			for k, w := range Decide(tt.in) {
				if got == nil {
					got = map[string]string{}
				}
				got[k.Name] = w.Text
				if stopped := w.Text[0] == 't'; stopped != w.Stopped {
					t.Errorf("%s: stopped %t", k, w.Stopped)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRollOut plays random roll-outs to their end, with Workspaces that take some rounds, fail and are mended: never do
// more restart than may, all come through, and no order of the input changes the answer.
func TestRollOut(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 5))
		limit := Limit{Count: 1 + rng.IntN(3)}
		left, running, failed := map[string]bool{}, map[string]int{}, map[string]bool{}
		for i := range 1 + rng.IntN(12) {
			left[fmt.Sprint("w", i)] = true
		}
		rounds := 0
		for ; len(left)+len(running)+len(failed) > 0; rounds++ {
			if rounds > 300 {
				t.Fatalf("seed %d: it does not end: %v %v %v", seed, left, running, failed)
			}
			in := Input{Limit: limit}
			for name := range left { // in the random order of maps
				in.Due = append(in.Due, due(name))
			}
			for name := range running {
				in.UnderWay = append(in.UnderWay, under(name, ""))
			}
			for name := range failed {
				in.UnderWay = append(in.UnderWay, under(name, "crash"))
			}
			stopped := len(failed) > 0
			waits := Decide(in)
			for name := range left {
				if _, wait := waits[key(name)]; wait {
					continue
				}
				if stopped {
					t.Fatalf("seed %d: %s follows a failure", seed, name)
				}
				delete(left, name)
				running[name] = rng.IntN(4)
			}
			if len(running) > limit.Count {
				t.Fatalf("seed %d: %d restart, and %d may", seed, len(running), limit.Count)
			}
			for name, n := range running {
				switch {
				case rng.IntN(12) == 0:
					delete(running, name)
					failed[name] = true
				case n == 0:
					delete(running, name)
				default:
					running[name] = n - 1
				}
			}
			for name := range failed {
				if rng.IntN(3) == 0 {
					delete(failed, name)
				}
			}
		}
	}
}

func TestLook(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	served := &Reported{Served: true}
	stopped := &Reported{Served: true, NotReadySince: now.Add(-time.Hour)}
	late := &Reported{Served: true, NotReadySince: now.Add(-4 * time.Hour)}
	sts := cluster.Ref{Kind: "StatefulSet"}
	pods := func(reason string, deleting bool) []cluster.Pod {
		return []cluster.Pod{{Name: "p", Reason: reason, Deleting: deleting}}
	}
	updating := cluster.Workload{Ref: sts, Replicas: 1, Updating: true}
	with := func(p []cluster.Pod) cluster.Workload { w := updating; w.Pods = p; return w }
	for name, tt := range map[string]struct {
		w      cluster.Workload
		was    *Reported
		under  bool
		failed string
	}{
		"healthy":    {cluster.Workload{Ref: sts, Replicas: 1, Ready: 1, Endpoints: 1, Current: true}, served, false, ""},
		"updating":   {updating, served, true, ""},
		"no reports": {updating, nil, true, ""},
		"ready, and without an address": {
			cluster.Workload{Ref: sts, Replicas: 1, Ready: 1, Current: true}, stopped, true, "",
		},
		"never ready":      {updating, &Reported{}, false, ""},
		"suspended":        {cluster.Workload{Ref: sts, Updating: true}, served, false, ""},
		"a job":            {cluster.Workload{Ref: cluster.Ref{Kind: "Job"}, Replicas: 1, Updating: true}, served, false, ""},
		"its node is lost": {cluster.Workload{Ref: sts, Replicas: 1}, stopped, false, ""},
		"recreated": {
			cluster.Workload{Ref: sts, Replicas: 1, Created: now.Add(-time.Hour)}, stopped, true, "",
		},
		"recreated just now": {cluster.Workload{Ref: sts, Replicas: 1, Created: now}, served, true, ""},
		"made long ago": {
			cluster.Workload{Ref: sts, Replicas: 1, Created: now.Add(-9 * time.Hour)}, stopped, false, "",
		},
		"crashes":               {with(pods("ContainerCrashLoopBackOff", false)), served, true, "ContainerCrashLoopBackOff"},
		"no image":              {with(pods("ImagePullError", false)), stopped, true, "ImagePullError"},
		"the old pod ends":      {with(pods("ContainerFailed", true)), served, true, ""},
		"waits for a node":      {with(pods("Unschedulable", false)), stopped, true, ""},
		"waits for a long time": {with(pods("Unschedulable", false)), late, true, "it is not ready after 3 hours"},
	} {
		failed, is := Look(&tt.w, tt.was, now)
		if is != tt.under || failed != tt.failed {
			t.Errorf("%s: under way %t, failed %q", name, is, failed)
		}
	}
}
