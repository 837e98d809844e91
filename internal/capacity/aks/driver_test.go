// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/capacity/pools/executor"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace"
)

// target is the desired pool of one Workspace of a test: a number of nodes of its first size that is available.
type target struct {
	sizes []string
	count int
	drop  string // the machine to delete when the pool shrinks
}

// fleet is the part of syncer that handles pools: it lists them, plans by the rules of the product, and carries the
// plan out. A test can kill it at any request. A new one starts with the recorded state only.
type fleet struct {
	t       testing.TB
	sim     *sim
	targets map[string]target

	transport *mortal
	exec      *executor.Executor
	cloud     *Cloud
	recorded  []unavailable.Entry // as the status branch would have it
}

func newFleet(t testing.TB, s *sim) *fleet {
	f := &fleet{t: t, sim: s, targets: map[string]target{}}
	f.restart()
	return f
}

// restart is a new process.
func (f *fleet) restart() {
	f.transport = &mortal{}
	f.cloud = f.sim.cloud(f.t, f.transport)
	f.exec = executor.New(f.cloud, executor.Settings{Cluster: "demo"})
	f.exec.Restore(unavailable.Offerings{Entries: f.recorded})
}

// pass is one pass, and reports whether nothing was left to do.
func (f *fleet) pass() (settled bool) {
	now := f.sim.clock()
	pools, err := f.cloud.Pools(f.t.Context())
	if err != nil {
		return false
	}
	ready := f.sim.Ready("rg", aksName)
	f.exec.Observe(pools, ready, now)
	changes := f.plan(pools)
	settled = !slices.ContainsFunc(changes, func(c capacity.PoolChange) bool { return c.Op != capacity.Keep })
	f.exec.Ensure(f.t.Context(), changes, now)
	f.exec.Release(f.t.Context(), changes, now)
	if !f.transport.dead { // status is recorded at the end of a pass, if it comes to that
		f.recorded = f.exec.Unavailable().Entries
		f.exec.MarkRecorded()
	}
	for _, p := range pools {
		settled = settled && (!p.Owned || p.Count == ready[p.Name])
	}
	return settled
}

func (f *fleet) plan(live []capacity.LivePool) []capacity.PoolChange {
	now, known, lost := f.sim.clock(), f.exec.Unavailable(), f.exec.Unprovisionable()
	var desired []capacity.Pool
	for name, w := range f.targets {
		key := workspace.Key{Namespace: "default", Name: name}
		p := *wanted(poolNameOf(name, f.choose(key, w, live, known, lost)), f.choose(key, w, live, known, lost), w.count)
		p.Workspace = key
		p.ManagedDisk = slices.Contains(known.Dropped(p.SKU, capacity.OnDemand, now), unavailable.EphemeralDisk)
		desired = append(desired, p)
	}
	changes := pools.Plan(pools.Input{
		Desired: desired,
		Live:    live,
		Region:  "eastus",
		Held:    func(capacity.LivePool) string { return "" },
		InUse:   func(string) string { return "" },
		Empty:   f.empty,
	})
	pools.ReplaceUnprovisionable(changes, lost)
	pools.RecreateWithoutGPUs(changes, f.exec.WithoutGPUs(), known, now)
	pools.HoldUnavailable(changes, known, capacity.Quota{}, now)
	return changes
}

// empty lists the machines of a pool, that which is to go first. Nothing runs on any of them.
func (f *fleet) empty(pool string) []string {
	machines := f.sim.Machines(pool)
	for _, w := range f.targets {
		if i := slices.Index(machines, w.drop); i > 0 {
			machines[0], machines[i] = machines[i], machines[0]
		}
	}
	return machines
}

// choose returns the size of the existing pool, or the first size that is available.
func (f *fleet) choose(
	key workspace.Key,
	w target,
	pools []capacity.LivePool,
	known unavailable.Offerings,
	lost map[string]bool,
) string {
	for _, p := range pools {
		if p.Owned && p.Workspace == key && p.State != capacity.Deleting && !lost[p.Name] &&
			slices.Contains(w.sizes, p.Size) {
			return p.Size
		}
	}
	for _, s := range w.sizes {
		sku, _ := capacity.LookupSKU(s)
		if _, _, blocked := known.Blocked(sku, capacity.OnDemand, f.sim.clock()); !blocked {
			return s
		}
	}
	return w.sizes[0]
}

func poolNameOf(name, size string) string {
	sku, _ := capacity.LookupSKU(size)
	return fmt.Sprintf("w%sx%d", name, sku.VCPUs)
}

// wrong describes how the live pools differ from the targets; "" if they do not.
func (f *fleet) wrong() string {
	pools, err := f.sim.cloud(f.t, nil).Pools(f.t.Context())
	if err != nil {
		return err.Error()
	}
	var out []string
	seen := map[string]int{}
	for _, p := range pools {
		if !p.Owned {
			continue
		}
		w, ok := f.targets[p.Workspace.Name]
		machines := f.sim.Machines(p.Name)
		switch seen[p.Workspace.Name]++; {
		case !ok:
			out = append(out, "nothing asks for "+p.Name)
		case !slices.Contains(w.sizes, p.Size):
			out = append(out, p.Name+" has the wrong size")
		case p.State != capacity.Succeeded || p.Count != w.count || len(machines) != w.count:
			out = append(
				out,
				fmt.Sprintf("%s is %s with %d nodes (%d of them there), not %d", p.Name, p.State, p.Count, len(machines), w.count),
			)
		}
	}
	for name, w := range f.targets {
		if n := seen[name]; n > 1 || n == 0 && w.count > 0 {
			out = append(out, fmt.Sprintf("%s has %d pools", name, n))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// trespasses lists the writes that must never be: to pools of others, and to system pools.
func (f *fleet) trespasses() []string {
	var out []string
	for _, w := range f.sim.Log() {
		if w.Existed && (w.System || w.Owner != "demo") {
			out = append(out, w.Method+" "+w.Path)
		}
	}
	return out
}

// state is what is there, for comparison.
func (f *fleet) state() string {
	pools, err := f.sim.cloud(f.t, nil).Pools(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, p := range pools {
		out = append(
			out,
			fmt.Sprintf(
				"%s %s %s %d %t %s",
				p.Name,
				p.Size,
				p.State,
				p.Count,
				p.Owned,
				strings.Join(f.sim.Machines(p.Name), ","),
			),
		)
	}
	return strings.Join(out, "\n")
}

// creations counts by pool how often it was asked for when there was none.
func (f *fleet) creations() map[string]int {
	out := map[string]int{}
	for _, w := range f.sim.Log() {
		if w.Method == http.MethodPut && !w.Existed {
			out[w.Pool]++
		}
	}
	return out
}

// mortal carries requests until it dies: before the request that is numbered die is sent, or after it was answered.
// From then on nothing gets through, as from a process that was killed.
type mortal struct {
	die    int // 1 is the first; 0: never
	after  bool
	served int
	dead   bool
}

var errKilled = errors.New("killed")

// Do carries one request.
func (m *mortal) Do(r *http.Request) (*http.Response, error) {
	m.served++
	if m.dead || m.served == m.die && !m.after {
		m.dead = true
		return nil, errKilled
	}
	sent := r.Clone(r.Context())
	if r.Body != nil { // a copy: the SDK rewinds its own when it tries again, while this one may still be being sent
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		sent.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultClient.Do(sent)
	if m.served == m.die {
		m.dead = true
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, errKilled
	}
	return resp, err
}

var sizesOfTests = []string{"Standard_NV36ads_A10_v5", a100, "Standard_NC40ads_H100_v5"}
