// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"errors"
	"net/http"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/fence"
)

// TestFenced: without permission no write of any kind reaches Azure, and the SDK does not try again; reads go on.
func TestFenced(t *testing.T) {
	s := newSim(t, armsim.Options{})
	f := newFleet(t, s)
	f.targets["phi"] = target{sizes: []string{"Standard_NC24ads_A100_v4"}, count: 1}
	f.pass()
	before := s.Writes()
	live, err := f.cloud.Pools(t.Context())
	if err != nil || len(live) == 0 || before == 0 {
		t.Fatalf("%d pools, %d writes, %v", len(live), before, err)
	}
	asked := 0
	f.cloud.options.MayWrite = func() error { asked++; return fence.ErrNotLeader }
	c, err := New(f.cloud.options)
	if err != nil {
		t.Fatal(err)
	}
	pool := live[0]
	for i := range live {
		if live[i].Owned {
			pool = live[i]
		}
	}
	more := capacity.Pool{Name: pool.Name, SKU: capacity.SKU{Name: pool.Size}, Count: pool.Count + 1}
	change := capacity.PoolChange{Name: pool.Name, Desired: &more, Live: &pool, Op: capacity.Update}
	created := more
	created.Name = "another"
	for name, write := range map[string]func() error{
		"create": func() error {
			return c.Ensure(t.Context(), capacity.PoolChange{Name: created.Name, Desired: &created, Op: capacity.Create})
		},
		"update": func() error { return c.Ensure(t.Context(), change) },
		"delete": func() error { return c.Delete(t.Context(), change) },
		"abort":  func() error { return c.Abort(t.Context(), change) },
	} {
		asked = 0
		if err := write(); !errors.Is(err, fence.ErrNotLeader) || asked != 1 {
			t.Errorf("%s: %v, asked %d times", name, err, asked)
		}
	}
	if after := s.Writes(); after != before {
		t.Errorf("%d writes have reached Azure", after-before)
	}
	if n := c.Requests()[http.MethodGet]; n == 0 {
		t.Error("no read was sent")
	}
}
