// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/capacity/capacitytest"
)

// sim is an emulator with a clock of its own behind a real HTTP server, so that the unmodified SDK speaks to it and
// hours pass at once.
type sim struct {
	*armsim.Server
	url string

	mu  sync.Mutex
	now time.Time
}

var simStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock returns the time of the sim.
func (s *sim) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

// Pass lets time go by.
func (s *sim) Pass(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.now = s.now.Add(d) }

// door is an HTTP server whose emulator can be exchanged: a thousand emulators need no thousand listeners.
type door struct {
	*httptest.Server
	behind atomic.Pointer[armsim.Server]
}

func newDoor(t testing.TB) *door {
	d := &door{}
	d.Server = httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.behind.Load().ServeHTTP(w, r) }),
	)
	t.Cleanup(d.Close)
	return d
}

// sim puts a new emulator behind the door. Operations take minutes.
func (d *door) sim(t testing.TB, o armsim.Options) *sim {
	t.Helper()
	s := &sim{url: d.URL, now: simStart}
	o.CreateDelay, o.ScaleDelay, o.DeleteDelay = 5*time.Minute, 3*time.Minute, 4*time.Minute
	o.NodeDelay, o.Now = 10*time.Second, s.clock
	var err error
	if s.Server, err = armsim.New(o); err != nil {
		t.Fatal(err)
	}
	d.behind.Store(s.Server)
	return s
}

func newSim(t testing.TB, o armsim.Options) *sim { return newDoor(t).sim(t, o) }

// cloud returns an adapter, as a process that has just begun would have it.
func (s *sim) cloud(t testing.TB, transport policy.Transporter) *Cloud {
	t.Helper()
	c, err := New(Options{
		SubscriptionID: "sub",
		ResourceGroup:  "rg",
		Cluster:        aksName,
		Location:       "eastus",
		Owner:          "demo",
		Identity:       Identity{Auth: authAnonymous},
		Environment:    Environment{Endpoint: s.url},
		now:            s.clock,
		transport:      transport,
		retryDelay:     time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// AddUnmanaged adds a pool that another owner created.
func (s *sim) AddUnmanaged(name string) {
	s.AddPool(
		"rg",
		aksName,
		name,
		map[string]any{"mode": "User", "vmSize": a100, "count": 1.0, "tags": map[string]any{tagOwner: "other"}},
	)
}

// Machines names the machines of a pool.
func (s *sim) Machines(pool string) []string { return s.MachineNames("rg", aksName, pool) }

// Once injects a fault into the next write.
func (s *sim) Once(f capacitytest.Fault) {
	fault := armsim.Fault{Method: http.MethodPut, Stuck: f.Stuck}
	if f.Late != nil {
		fault.Async, fault.Code, fault.Message = true, f.Late.Code, f.Late.Message
	}
	if f.Refuse != nil {
		fault.Status, fault.Code, fault.Message = http.StatusBadRequest, f.Refuse.Code, f.Refuse.Message
	}
	s.Inject(fault)
}

func TestConformance(t *testing.T) {
	capacitytest.Test(t, func(t *testing.T) (capacity.Cloud, capacitytest.World) {
		s := newSim(t, armsim.Options{})
		return s.cloud(t, nil), s
	})
}
