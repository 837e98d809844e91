package reconcile

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
)

// finish lets Azure end what it is doing.
func (w *world) finish() {
	for name, p := range w.pools {
		p.State = capacity.Succeeded
		w.pools[name] = p
	}
}

func (w *world) server(name string) string {
	return requires(w.objects[cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: "default", Name: name}])
}

// TestServerMovesOnceItsNodesAreThere changes the size of a server that runs.
func TestServerMovesOnceItsNodesAreThere(t *testing.T) {
	w := newWorld()
	w.ready = true
	w.push("phi.yaml", phi)
	l := w.loop()
	settle(t, l)
	old := w.server("phi")
	w.slow = true
	w.push("phi.yaml", strings.Replace(phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1))
	for range 4 {
		o := l.Pass(t.Context(), all)
		if len(w.pools) != 2 || w.pools[old].Count != 1 || w.server("phi") != old || o.Settled {
			t.Fatalf("while the new pool is made: pools %v, the server is on %s", w.pools, w.server("phi"))
		}
		if c := o.Reports[0].Conditions[0]; o.Reports[0].State != status.Ready || c.Reason != status.Moving || !strings.Contains(c.Message, "Standard_NC40ads_H100_v5") {
			t.Errorf("condition %+v", c)
		}
	}
	w.finish()
	l = w.loop() // and a restart in between changes nothing
	o := settle(t, l)
	if len(w.pools) != 1 || w.server("phi") == old || w.pools[w.server("phi")].Count != 1 || o.Reports[0].State != status.Ready {
		t.Errorf("pools %v, the server is on %s, %+v", w.pools, w.server("phi"), o.Reports[0])
	}
	if got := w.writes[1:]; !slices.Equal(got, []string{"create", "update", "delete"}) {
		t.Errorf("writes %v", got)
	}
}

// TestWorkspacesWithoutASizeShare puts two on one pool, each of which pays for its part.
func TestWorkspacesWithoutASizeShare(t *testing.T) {
	w := newWorld()
	w.ready = true
	free := strings.Replace(phi, "instanceType: Standard_NC24ads_A100_v4", "instanceType: auto", 1)
	w.push("phi.yaml", free)
	w.push("b.yaml", strings.ReplaceAll(free, "phi}", "b}"))
	l := w.loop()
	o := settle(t, l)
	pools := slices.Collect(maps.Values(w.pools))
	if len(pools) != 1 || pools[0].Count != 2 || pools[0].Labels["syncer.dev/pool"] != "shared" || pools[0].Labels["app"] != "" {
		t.Fatalf("pools %+v", pools)
	}
	for _, r := range o.Reports {
		if r.State != status.Ready || r.HourlyCost != "3.20" || len(r.Pools) != 1 || !r.Pools[0].Shared {
			t.Errorf("report %+v", r)
		}
	}
	w.push("b.yaml", "")
	settle(t, l)
	if got := w.pools[pools[0].Name]; got.Count != 1 {
		t.Errorf("after one has gone: %+v", got)
	}
}

// TestNoPlaceDisturbsNobody has quota for one of two.
func TestNoPlaceDisturbsNobody(t *testing.T) {
	w := newWorld()
	w.ready = true
	w.quota = &capacity.Quota{Families: map[string]capacity.Limit{"standardncadsa100v4family": {Max: 24, Known: true}}}
	w.push("phi.yaml", phi)
	l := w.loop()
	settle(t, l)
	w.quota.Families["standardncadsa100v4family"] = capacity.Limit{Used: 24, Max: 24, Known: true}
	w.push("x.yaml", strings.ReplaceAll(phi, "phi}", "x}"))
	objects, writes := len(w.objects), len(w.writes)
	o := l.Pass(t.Context(), all)
	if len(w.objects) != objects || len(w.writes) != writes || len(o.Reports) != 2 {
		t.Fatalf("objects %d, writes %v", len(w.objects), w.writes)
	}
	if o.Reports[0].State != status.Ready || o.Reports[1].State != status.Pending {
		t.Errorf("states %s and %s", o.Reports[0].State, o.Reports[1].State)
	}
	c := o.Reports[1].Conditions[0]
	if c.Type != status.ResourceReady || c.Status != "False" || c.Reason != "QuotaExceeded" || !strings.Contains(c.Message, "24 vCPU of") {
		t.Errorf("condition %+v", c)
	}
	w.quota.Families["standardncadsa100v4family"] = capacity.Limit{Used: 24, Max: 48, Known: true}
	if o := settle(t, l); o.Reports[1].State != status.Ready {
		t.Errorf("with more quota: %+v", o.Reports[1])
	}
}
