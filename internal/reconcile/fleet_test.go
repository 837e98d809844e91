package reconcile

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
)

func (w *world) server(name string) string {
	return requires(w.objects[cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: "default", Name: name}])
}

// pool returns a pool of ours as it is; the zero LivePool when there is none of that name.
func (w *world) pool(name string) capacity.LivePool {
	pools, _ := w.cloud.Pools(context.Background())
	for _, p := range pools {
		if p.Owned && p.Name == name {
			return p
		}
	}
	return capacity.LivePool{}
}

// operations returns what was done to pools, without their names.
func (w *world) operations() string {
	var out []string
	for _, line := range w.cloud.Written {
		op, _, _ := strings.Cut(line, " ")
		out = append(out, op)
	}
	return strings.Join(out, " ")
}

// TestServerMovesOnceItsNodesAreThere changes the size of a server that runs.
func TestServerMovesOnceItsNodesAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		w.push("phi.yaml", phi)
		l := w.loop()
		settleOver(t, l)
		old := w.server("phi")
		w.cloud.Set(func(f *capacitytest.Fake) { f.Takes = 5 * time.Minute })
		w.push("phi.yaml", strings.Replace(phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1))
		for range 4 {
			o := l.Pass(t.Context(), all)
			if len(w.pools()) != 2 || w.pool(old).Count != 1 || w.server("phi") != old || o.Settled {
				t.Fatalf("while the new pool is made: pools %v, the server is on %s", w.pools(), w.server("phi"))
			}
			if c := o.Reports[0].Conditions[0]; o.Reports[0].State != status.Ready || c.Reason != status.Moving || !strings.Contains(c.Message, "Standard_NC40ads_H100_v5") {
				t.Errorf("condition %+v", c)
			}
			time.Sleep(time.Minute)
		}
		l = w.loop() // and a restart in between changes nothing
		settleOver(t, l)
		if len(w.pools()) != 1 || w.server("phi") == old || w.pool(w.server("phi")).Count != 1 || l.reports[0].State != status.Ready {
			t.Errorf("pools %v, the server is on %s, %+v", w.pools(), w.server("phi"), l.reports[0])
		}
		if got := w.operations(); got != "create create update delete" {
			t.Errorf("operations %s", got)
		}
	})
}

// TestWorkspacesWithoutASizeShare puts two on one pool, each of which pays for its part.
func TestWorkspacesWithoutASizeShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		free := strings.Replace(phi, "instanceType: Standard_NC24ads_A100_v4", "instanceType: auto", 1)
		w.push("phi.yaml", free)
		w.push("b.yaml", strings.ReplaceAll(free, "phi}", "b}"))
		l := w.loop()
		settleOver(t, l)
		names := w.pools()
		if len(names) != 1 || w.pool(names[0]).Count != 2 || w.pool(names[0]).Labels["syncer.dev/pool"] != "shared" || w.pool(names[0]).Labels["app"] != "" {
			t.Fatalf("pools %v: %+v", names, w.pool(names[0]))
		}
		for _, r := range l.reports {
			if r.State != status.Ready || r.HourlyCost != "3.20" || len(r.Pools) != 1 || !r.Pools[0].Shared {
				t.Errorf("report %+v", r)
			}
		}
		w.push("b.yaml", "")
		settleOver(t, l)
		if got := w.pool(names[0]); got.Count != 1 {
			t.Errorf("after one has gone: %+v", got)
		}
	})
}

// TestNodesGoInOrder suspends a server, lets it go on, and removes it, while a pod of somebody else is on its node.
func TestNodesGoInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, render.NewCache())
		w.files["m1.yaml"] = phi
		l := w.loop()
		rest := func() {
			for range 12 {
				w.round(l, time.Minute)
			}
		}
		node := func() string {
			for _, n := range w.cloud.Nodes() {
				if strings.Contains(n[0], "-wphi") {
					return n[0]
				}
			}
			return ""
		}
		push := func(text string) {
			if w.files["m1.yaml"] = text; text == "" {
				delete(w.files, "m1.yaml")
			}
			w.commit++
			rest()
		}
		rest()
		first := node()
		w.strange["other/pod"] = first
		push(strings.Replace(phi, "{name: phi}", `{name: phi, annotations: {syncer.dev/suspend: "true"}}`, 1))
		if text := fmt.Sprint(l.reports[0].Conditions); len(w.pods) != 0 || node() != first || !strings.Contains(text, "pod other/pod still runs on it") {
			t.Errorf("with a pod of somebody else: nodes %v, %s", w.cloud.Nodes(), text)
		}
		clear(w.strange)
		if rest(); node() != "" || len(w.cloud.Written) != 2 {
			t.Errorf("suspended: nodes %v, written %v", w.cloud.Nodes(), w.cloud.Written)
		}
		if push(phi); node() == "" || l.reports[0].State != status.Ready {
			t.Errorf("it goes on: nodes %v, %+v", w.cloud.Nodes(), l.reports[0])
		}
		w.strange["other/pod"] = node()
		push("")
		for ref := range w.objects {
			t.Errorf("%s is left", ref)
		}
		if node() == "" {
			t.Error("the node of a pod of somebody else is gone")
		}
		clear(w.strange)
		rest()
		if got := strings.Join(w.cloud.Written, " "); node() != "" || strings.Count(got, "update") != 3 || !strings.Contains(w.cloud.Written[len(w.cloud.Written)-1], "delete") {
			t.Errorf("nodes %v, written %v", w.cloud.Nodes(), w.cloud.Written)
		}
	})
}

// TestStuckIsGivenUpOnce has Azure create a pool for ever.
func TestStuckIsGivenUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, render.NewCache())
		w.files["m1.yaml"] = phi
		w.cloud.Once = []*capacitytest.Fault{{Stuck: true}}
		for i := range 44 {
			if l := w.loop(); w.round(l, time.Minute).PoolWrites > 0 && i > 0 { // a restart each time
				t.Fatalf("minute %d: %v", i, w.cloud.Written)
			}
		}
		l := w.loop()
		for range 120 {
			w.round(l, time.Minute)
		}
		if n := strings.Count(strings.Join(w.cloud.Written, " "), "abort"); n != 1 || l.reports[0].State != status.Ready {
			t.Errorf("given up %d times: %v, %s %+v", n, w.cloud.Written, l.reports[0].State, l.reports[0].Conditions)
		}
	})
}

// TestNoPlaceDisturbsNobody has quota for one of two.
func TestNoPlaceDisturbsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		quota := func(used, limit int) {
			w.cloud.Set(func(f *capacitytest.Fake) {
				f.Limits = capacity.Quota{Families: map[string]capacity.Limit{"standardncadsa100v4family": {Used: used, Max: limit, Known: true}}}
			})
		}
		quota(0, 24)
		w.push("phi.yaml", phi)
		l := w.loop()
		settleOver(t, l)
		quota(24, 24)
		time.Sleep(time.Hour) // the quota that was read is too old
		w.push("x.yaml", strings.ReplaceAll(phi, "phi}", "x}"))
		objects, writes := len(w.objects), len(w.cloud.Written)
		o := l.Pass(t.Context(), all)
		if len(w.objects) != objects || len(w.cloud.Written) != writes || len(o.Reports) != 2 {
			t.Fatalf("objects %d, writes %v", len(w.objects), w.cloud.Written)
		}
		if o.Reports[0].State != status.Ready || o.Reports[1].State != status.Pending {
			t.Errorf("states %s and %s", o.Reports[0].State, o.Reports[1].State)
		}
		c := o.Reports[1].Conditions[0]
		if c.Type != status.ResourceReady || c.Status != "False" || c.Reason != "QuotaExceeded" || !strings.Contains(c.Message, "24 vCPU of") {
			t.Errorf("condition %+v", c)
		}
		quota(24, 48)
		time.Sleep(time.Hour)
		if settleOver(t, l); l.reports[1].State != status.Ready {
			t.Errorf("with more quota: %+v", l.reports[1])
		}
	})
}
