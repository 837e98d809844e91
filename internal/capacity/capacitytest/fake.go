// SPDX-License-Identifier: Apache-2.0

package capacitytest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// Fake is a capacity.Cloud in memory. It keeps pools as Azure does: an operation takes Takes, another is refused
// meanwhile, and what fails late stays behind as Failed. Set the knobs before it is used, or with Set.
type Fake struct {
	mu    sync.Mutex
	pools map[string]*fakePool
	etags int

	Now   func() time.Time
	Takes time.Duration // how long an operation takes; 0: it has ended when the call returns

	Down    error                           // every call fails with it
	Refuse  map[string]*capacity.CloudError // by size: growing is refused
	Locked  *capacity.CloudError            // every deletion is refused
	Fail    map[string]*capacity.CloudError // by size: growing fails late
	NoNodes map[string]bool                 // by size: pools succeed without nodes
	Once    []*Fault                        // the next writes, in order
	Limits  capacity.Quota
	Stopped bool // the cluster is stopped: its machines are away, and every write is refused

	Lists   int      // calls of Pools
	Quotas  int      // calls of Quota
	Written []string // "create wphi"
	Refused []string // "create wphi: Code": writes that were refused at once
	Foreign int      // writes to pools that are not ours, which were all refused
}

// Fault is what happens to one write.
type Fault struct {
	Refuse *capacity.CloudError // it is refused
	Late   *capacity.CloudError // it is accepted, and fails later
	Stuck  bool                 // it is accepted, and never ends
}

type fakePool struct {
	capacity.LivePool
	machines []string
	next     int
	done     time.Time
	stuck    bool
	gone     bool
	late     *capacity.CloudError
}

// NewFake returns a Cloud with a system pool.
func NewFake() *Fake {
	f := &Fake{pools: map[string]*fakePool{}, Now: time.Now}
	f.pools["nodepool1"] = &fakePool{
		LivePool: capacity.LivePool{
			Name:   "nodepool1",
			Size:   "Standard_D4s_v5",
			Count:  1,
			State:  capacity.Succeeded,
			System: true,
			ETag:   "system",
		},
	}
	return f
}

// Set changes knobs while the Fake is in use.
func (f *Fake) Set(change func(*Fake)) { f.mu.Lock(); defer f.mu.Unlock(); change(f) }

// Put adds a pool as it is.
func (f *Fake) Put(p capacity.LivePool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	pool := &fakePool{LivePool: p}
	pool.grow(p.Count)
	pool.ETag = f.etag()
	f.pools[p.Name] = pool
}

// Evict takes the machines of a pool away, as Azure does with spot machines: the pool stays as it was.
func (f *Fake) Evict(name string) { f.mu.Lock(); defer f.mu.Unlock(); f.pools[name].machines = nil }

// Lose removes a pool, with its machines, as if it had been deleted in the portal.
func (f *Fake) Lose(name string) { f.mu.Lock(); defer f.mu.Unlock(); delete(f.pools, name) }

// Live lists the pools in the order of their names. It is no call of Azure: it is not counted, and works while Azure is
// down.
func (f *Fake) Live() []capacity.LivePool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle()
	return f.list()
}

// Find returns a pool as it is, or nil.
func (f *Fake) Find(name string) *capacity.LivePool {
	for _, p := range f.Live() {
		if p.Name == name {
			return &p
		}
	}
	return nil
}

// Nodes returns the names of the machines that are there, by pool, without those of the system pool.
func (f *Fake) Nodes() map[string][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle()
	out := map[string][]string{}
	for name, p := range f.pools {
		if !f.Stopped && !p.System && p.State != capacity.Creating && len(p.machines) > 0 {
			out[name] = slices.Clone(p.machines)
		}
	}
	return out
}

func (f *Fake) etag() string { f.etags++; return fmt.Sprintf("etag%d", f.etags) }

func (p *fakePool) grow(count int) {
	for len(p.machines) < count {
		p.machines = append(p.machines, fmt.Sprintf("aks-%s-1-vmss%06d", p.Name, p.next))
		p.next++
	}
	p.machines = p.machines[:count]
}

// settle lets everything end that is due.
func (f *Fake) settle() {
	for name, p := range f.pools {
		if !p.State.Busy() || p.stuck || f.Now().Before(p.done) {
			continue
		}
		switch {
		case p.late != nil:
			p.State, p.ErrorCode, p.Error = capacity.Failed, p.late.Code, p.late.Message
		case p.gone:
			delete(f.pools, name)
			continue
		case p.State == capacity.Canceling:
			p.State = capacity.Canceled
		default:
			p.State, p.ErrorCode, p.Error = capacity.Succeeded, "", ""
			if f.NoNodes[p.Size] {
				p.machines = nil
			} else {
				p.grow(p.Count)
			}
		}
		p.late, p.gone, p.ETag = nil, false, f.etag()
	}
}

// Pools lists the pools in the order of their names.
func (f *Fake) Pools(context.Context) ([]capacity.LivePool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Lists++
	if f.Down != nil {
		return nil, f.Down
	}
	f.settle()
	return f.list(), nil
}

func (f *Fake) list() []capacity.LivePool {
	var out []capacity.LivePool
	for _, name := range slices.Sorted(maps.Keys(f.pools)) {
		l := f.pools[name].LivePool
		l.Stopped = f.Stopped
		out = append(out, l)
	}
	return out
}

// Quota returns Limits.
func (f *Fake) Quota(context.Context) (capacity.Quota, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Quotas++
	return f.Limits, f.Down
}

// Ensure creates a pool, changes it, or deletes some of its machines.
func (f *Fake) Ensure(_ context.Context, c capacity.PoolChange) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.note(c, f.ensure(c))
}

// note keeps a write that was refused.
func (f *Fake) note(c capacity.PoolChange, err error) error {
	var e *capacity.CloudError
	if errors.As(err, &e) {
		f.Refused = append(f.Refused, fmt.Sprintf("%s %s: %s", c.Op, c.Name, e.Code))
	}
	return err
}

func (f *Fake) ensure(c capacity.PoolChange) error {
	if c.Desired == nil || c.Desired.Name != c.Name {
		return refused("InvalidChange", "the change is not about the pool that it names")
	}
	d := c.Desired
	fault, err := f.next()
	if err != nil {
		return err
	}
	if c.Op == capacity.Create {
		if f.pools[c.Name] != nil {
			return refused("PreconditionFailed", "the pool exists already")
		}
		if err := f.Refuse[d.SKU.Name]; err != nil {
			return err
		}
		f.pools[c.Name] = &fakePool{LivePool: capacity.LivePool{
			Name:        d.Name,
			Size:        d.SKU.Name,
			Spot:        d.Spot,
			Owned:       true,
			Workspace:   d.Workspace,
			ManagedDisk: d.ManagedDisk,
			Zones:       d.Zones,
		}}
		f.begin(c.Name, capacity.Creating, d, fault, true)
		f.Written = append(f.Written, "create "+c.Name)
		return nil
	}
	p, err := f.fenced(c)
	if err != nil {
		return err
	}
	if len(c.Remove) > 0 {
		return f.remove(p, c)
	}
	grows := d.Count > len(p.machines)
	if err := f.Refuse[p.Size]; err != nil && grows {
		return err
	}
	state := capacity.Updating
	if d.Count != p.Count {
		state = capacity.Scaling
	}
	f.begin(c.Name, state, d, fault, grows)
	f.Written = append(f.Written, "update "+c.Name)
	return nil
}

func (f *Fake) begin(name string, state capacity.PoolState, d *capacity.Pool, fault Fault, grows bool) {
	p := f.pools[name]
	p.State, p.Count, p.ETag, p.Changed, p.done = state, d.Count, f.etag(), f.Now().
		UTC().
		Truncate(time.Second),
		f.Now().
			Add(f.Takes)
	labels := maps.Clone(p.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, d.Labels)
	p.Labels, p.Taints, p.late, p.stuck = labels, slices.Clone(d.Taints), fault.Late, fault.Stuck
	if grows && p.late == nil {
		p.late = f.Fail[p.Size]
	}
	f.settle()
}

func (f *Fake) remove(p *fakePool, c capacity.PoolChange) error {
	for _, name := range c.Remove {
		if !slices.Contains(p.machines, name) {
			return refused("InvalidChange", "machine "+name+" is not of the pool")
		}
	}
	if p.Count-len(c.Remove) != c.Desired.Count {
		return refused("InvalidChange", "the counts do not agree")
	}
	p.machines = slices.DeleteFunc(p.machines, func(m string) bool { return slices.Contains(c.Remove, m) })
	p.State, p.Count, p.ETag, p.done = capacity.Scaling, c.Desired.Count, f.etag(), f.Now().Add(f.Takes)
	f.Written = append(f.Written, "remove "+strings.Join(c.Remove, ","))
	f.settle()
	return nil
}

// Delete deletes a pool.
func (f *Fake) Delete(_ context.Context, c capacity.PoolChange) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.note(c, f.delete(c))
}

func (f *Fake) delete(c capacity.PoolChange) error {
	if c.Live != nil && c.Live.Name == c.Name && f.pools[c.Name] == nil && f.Down == nil {
		return nil
	}
	fault, err := f.next()
	if err != nil {
		return err
	}
	p, err := f.fenced(c)
	if err != nil {
		return err
	}
	if f.Locked != nil {
		return f.Locked
	}
	p.State, p.gone, p.ETag, p.done, p.late, p.stuck = capacity.Deleting, true, f.etag(), f.Now().
		Add(f.Takes),
		fault.Late, fault.Stuck
	f.Written = append(f.Written, "delete "+c.Name)
	f.settle()
	return nil
}

// Abort gives up the operation in flight.
func (f *Fake) Abort(_ context.Context, c capacity.PoolChange) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Down != nil {
		return f.Down
	}
	f.settle()
	if p := f.pools[c.Name]; p != nil && !p.State.Busy() && p.Owned {
		return nil
	}
	p, err := f.owned(c)
	if err != nil {
		return err
	}
	p.State, p.stuck, p.gone, p.late, p.ETag, p.done = capacity.Canceling, false, false, nil, f.etag(), f.Now().
		Add(f.Takes)
	f.Written = append(f.Written, "abort "+c.Name)
	f.settle()
	return nil
}

// next takes the next fault.
func (f *Fake) next() (Fault, error) {
	if f.Down != nil {
		return Fault{}, f.Down
	}
	if f.Stopped {
		return Fault{}, refused("OperationNotAllowed", "managed cluster is in stopped state")
	}
	f.settle()
	if len(f.Once) == 0 {
		return Fault{}, nil
	}
	fault := *f.Once[0]
	f.Once = f.Once[1:]
	if fault.Refuse != nil {
		return fault, fault.Refuse
	}
	return fault, nil
}

// owned applies the fence of every write.
func (f *Fake) owned(c capacity.PoolChange) (*fakePool, error) {
	switch {
	case c.Live == nil || c.Live.ETag == "":
		return nil, refused("NotSeen", "the pool has not been listed")
	case c.Live.Name != c.Name:
		return nil, refused("InvalidChange", "the change is not about the pool that was listed")
	}
	p := f.pools[c.Name]
	switch {
	case p == nil:
		return nil, &capacity.CloudError{Class: capacity.ClassTransient, Code: "NotFound", Message: "there is no such pool"}
	case !p.Owned || p.System:
		f.Foreign++
		return nil, capacity.ErrNotOwned
	case p.ETag != c.Live.ETag:
		return nil, refused("PreconditionFailed", "the pool has changed since it was listed")
	}
	return p, nil
}

// fenced is owned for operations that need the pool to be at rest.
func (f *Fake) fenced(c capacity.PoolChange) (*fakePool, error) {
	p, err := f.owned(c)
	if err == nil && p.State.Busy() {
		return nil, refused(
			"OperationNotAllowed",
			"Another agentpool operation ("+p.Name+" - "+string(p.State)+") is in progress",
		)
	}
	return p, err
}

func refused(code, message string) error {
	class := capacity.Classify(code, message)
	switch code {
	case "InvalidChange":
		class = capacity.ClassInvalid
	case "NotSeen":
		class = capacity.ClassConflict
	}
	return &capacity.CloudError{Class: class, Code: code, Message: message}
}
