// SPDX-License-Identifier: Apache-2.0

package capacitytest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// World controls the cloud behind a Cloud under test.
type World interface {
	// Pass advances the clock.
	Pass(d time.Duration)
	// AddUnmanaged adds a pool of that name with another owner.
	AddUnmanaged(name string)
	// Once injects a fault into the next write.
	Once(f Fault)
	// Machines names the machines of a pool.
	Machines(pool string) []string
}

// Takes is longer than any operation takes in a World under test.
const Takes = time.Hour

const size = "Standard_NC24ads_A100_v4"

// Test shows that a Cloud keeps its contract. open returns a Cloud, with a system pool nodepool1, and the world behind
// it.
func Test(t *testing.T, open func(t *testing.T) (capacity.Cloud, World)) {
	for name, test := range map[string]func(*testing.T, *bench){
		"life of a pool":          life,
		"others are not written":  unmanaged,
		"callers that are wrong":  wrongCallers,
		"an old ETag":             oldETag,
		"one operation at a time": oneAtATime,
		"failing late":            failingLate,
		"machines by name":        machines,
		"aborting":                aborting,
		"quota":                   quota,
		"zones and disks":         placement,
	} {
		t.Run(name, func(t *testing.T) {
			cloud, world := open(t)
			test(t, &bench{t, cloud, world})
		})
	}
}

// bench is one Cloud under test.
type bench struct {
	t     *testing.T
	cloud capacity.Cloud
	World
}

func want(name string, count int) *capacity.Pool {
	sku, _ := capacity.LookupSKU(size)
	return &capacity.Pool{
		Name: name,
		Workspace: workspace.Key{
			Namespace: "default",
			Name:      "phi",
		},
		SKU:     sku,
		Count:   count,
		OSSKU:   "Ubuntu",
		DiskGiB: 100,
		Labels:  map[string]string{"app": "phi"},
		Taints:  []string{capacity.GPUTaint},
	}
}

// live returns a pool as it is listed, or nil.
func (b *bench) live(name string) *capacity.LivePool {
	b.t.Helper()
	pools, err := b.cloud.Pools(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if i := slices.IndexFunc(pools, func(p capacity.LivePool) bool { return p.Name == name }); i >= 0 {
		return &pools[i]
	}
	return nil
}

// made creates a pool and waits for it.
func (b *bench) made(name string, count int) *capacity.LivePool {
	b.t.Helper()
	b.must(b.cloud.Ensure(b.t.Context(), capacity.PoolChange{Op: capacity.Create, Name: name, Desired: want(name, count)}))
	b.Pass(Takes)
	return b.live(name)
}

func (b *bench) update(l *capacity.LivePool, d *capacity.Pool, remove ...string) error {
	return b.cloud.Ensure(
		b.t.Context(),
		capacity.PoolChange{
			Op:      capacity.Update,
			Name:    l.Name,
			Desired: d,
			Live:    l,
			Remove:  remove,
		},
	)
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// class checks the class of an error.
func (b *bench) class(err error, want capacity.Class) {
	b.t.Helper()
	var t *capacity.CloudError
	if !errors.As(err, &t) || t.Class != want {
		b.t.Errorf("%v is not of class %s", err, want)
	}
}

func life(t *testing.T, b *bench) {
	l := b.made("wphi", 2)
	if l == nil || !l.Owned || l.System || l.State != capacity.Succeeded || l.Count != 2 || l.Size != size ||
		l.Workspace.Name != "phi" ||
		l.Labels["app"] != "phi" || !slices.Equal(l.Taints, []string{capacity.GPUTaint}) || l.ETag == "" ||
		l.Changed.IsZero() ||
		len(b.Machines("wphi")) != 2 {
		t.Fatalf("made: %+v, machines %v", l, b.Machines("wphi"))
	}
	less := want("wphi", 0)
	less.Labels = map[string]string{"more": "yes"}
	b.must(b.update(l, less))
	b.Pass(Takes)
	next := b.live("wphi")
	if next.Count != 0 || next.Labels["more"] != "yes" || next.Labels["app"] != "phi" || next.ETag == l.ETag ||
		!next.Changed.After(l.Changed) ||
		len(b.Machines("wphi")) != 0 {
		t.Errorf("scaled to zero: %+v", next)
	}
	b.must(b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wphi", Live: next}))
	b.Pass(Takes)
	if l := b.live("wphi"); l != nil {
		t.Errorf("deleted: %+v", l)
	}
	b.must(b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wphi", Live: next}))
}

// placement shows that a create sets the immutable properties, and that updates keep them.
func placement(t *testing.T, b *bench) {
	p := want("wphi", 1)
	p.Zones, p.ManagedDisk = []string{"1", "3"}, true
	b.must(b.cloud.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Create, Name: p.Name, Desired: p}))
	b.Pass(Takes)
	l := b.live(p.Name)
	b.must(b.update(l, want(p.Name, 2)))
	b.Pass(Takes)
	if l = b.live(p.Name); l.Count != 2 || !slices.Equal(l.Zones, []string{"1", "3"}) || !l.ManagedDisk {
		t.Errorf("%+v", l)
	}
}

func unmanaged(t *testing.T, b *bench) {
	b.AddUnmanaged("wtheirs")
	for _, name := range []string{"wtheirs", "nodepool1"} {
		l := b.live(name)
		if l == nil || l.Owned {
			t.Fatalf("%s: %+v", name, l)
		}
		l.Owned, l.System = true, false // as a caller might believe
		for op, err := range map[string]error{
			"update": b.update(l, want(name, 5)),
			"delete": b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: name, Live: l}),
			"remove": b.update(l, want(name, 0), "aks-"+name+"-1-vmss000000"),
		} {
			if !errors.Is(err, capacity.ErrNotOwned) {
				t.Errorf("%s %s: %v", op, name, err)
			}
		}
		b.class(
			b.cloud.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Create, Name: name, Desired: want(name, 1)}),
			capacity.ClassConflict,
		)
		if after := b.live(name); after.ETag != l.ETag || after.Count != l.Count {
			t.Errorf("%s was written: %+v", name, after)
		}
	}
}

func wrongCallers(t *testing.T, b *bench) {
	b.AddUnmanaged("wtheirs")
	l := b.made("wphi", 1)
	b.class(
		b.cloud.Ensure(
			t.Context(),
			capacity.PoolChange{Op: capacity.Update, Name: "wphi", Desired: want("wtheirs", 3), Live: l},
		),
		capacity.ClassInvalid,
	)
	b.class(
		b.cloud.Ensure(
			t.Context(),
			capacity.PoolChange{Op: capacity.Update, Name: "wtheirs", Desired: want("wtheirs", 3), Live: l},
		),
		capacity.ClassInvalid,
	)
	b.class(
		b.cloud.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Update, Name: "wphi", Live: l}),
		capacity.ClassInvalid,
	)
	b.class(
		b.cloud.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Update, Name: "wphi", Desired: want("wphi", 3)}),
		capacity.ClassConflict,
	)
	b.class(
		b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wtheirs", Live: l}),
		capacity.ClassInvalid,
	)
	b.class(b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wtheirs"}), capacity.ClassConflict)
	b.class(b.update(l, want("wphi", 0), "aks-wtheirs-1-vmss000000"), capacity.ClassInvalid)
	if after := b.live("wphi"); after.ETag != l.ETag {
		t.Errorf("written: %+v", after)
	}
}

func oldETag(t *testing.T, b *bench) {
	l := b.made("wphi", 1)
	b.must(b.update(l, want("wphi", 2)))
	b.Pass(Takes)
	b.class(b.update(l, want("wphi", 3)), capacity.ClassConflict)
	b.class(b.update(l, want("wphi", 0), b.Machines("wphi")...), capacity.ClassConflict)
	b.class(
		b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wphi", Live: l}),
		capacity.ClassConflict,
	)
	if l := b.live("wphi"); l.Count != 2 {
		t.Errorf("%+v", l)
	}
}

func oneAtATime(t *testing.T, b *bench) {
	b.must(b.cloud.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Create, Name: "wphi", Desired: want("wphi", 1)}))
	l := b.live("wphi")
	if l == nil || !l.State.Busy() {
		t.Fatalf("%+v", l)
	}
	b.class(b.update(l, want("wphi", 2)), capacity.ClassBusy)
	b.class(
		b.cloud.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wphi", Live: l}),
		capacity.ClassBusy,
	)
	b.class(
		b.cloud.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Create, Name: "wphi", Desired: want("wphi", 1)}),
		capacity.ClassConflict,
	)
}

func failingLate(t *testing.T, b *bench) {
	b.Once(Fault{Late: &capacity.CloudError{Code: "AllocationFailed", Message: "no capacity"}})
	l := b.made("wphi", 1)
	if l == nil || l.State != capacity.Failed || l.ErrorCode != "AllocationFailed" || len(b.Machines("wphi")) != 0 {
		t.Fatalf("%+v, machines %v", l, b.Machines("wphi"))
	}
	b.must(b.update(l, want("wphi", 1)))
	b.Pass(Takes)
	if l = b.live("wphi"); l.State != capacity.Succeeded || l.ErrorCode != "" || len(b.Machines("wphi")) != 1 {
		t.Errorf("written again: %+v", l)
	}
	b.Once(Fault{Refuse: &capacity.CloudError{Class: capacity.ClassQuota, Code: "QuotaExceeded", Message: "no quota"}})
	b.class(b.update(l, want("wphi", 2)), capacity.ClassQuota)
}

func machines(t *testing.T, b *bench) {
	l := b.made("wphi", 3)
	all := b.Machines("wphi")
	b.class(b.update(l, want("wphi", 1), all[1]), capacity.ClassInvalid) // one deleted of three leaves two
	b.must(b.update(l, want("wphi", 2), all[1]))
	b.Pass(Takes)
	if got := b.Machines("wphi"); !slices.Equal(got, []string{all[0], all[2]}) {
		t.Errorf("%v, want %v without %s", got, all, all[1])
	}
	if l := b.live("wphi"); l.Count != 2 || l.State != capacity.Succeeded {
		t.Errorf("%+v", l)
	}
}

func aborting(t *testing.T, b *bench) {
	b.Once(Fault{Stuck: true})
	l := b.made("wphi", 1)
	if l.State != capacity.Creating {
		t.Fatalf("%+v", l)
	}
	b.must(b.cloud.Abort(t.Context(), capacity.PoolChange{Name: "wphi", Live: l}))
	b.Pass(Takes)
	if l = b.live("wphi"); l.State != capacity.Canceled {
		t.Fatalf("%+v", l)
	}
	b.must(b.cloud.Abort(t.Context(), capacity.PoolChange{Name: "wphi", Live: l})) // it has ended
	b.must(b.update(l, want("wphi", 1)))
	b.Pass(Takes)
	if l = b.live("wphi"); l.State != capacity.Succeeded || len(b.Machines("wphi")) != 1 {
		t.Errorf("%+v", l)
	}
}

func quota(t *testing.T, b *bench) {
	q, err := b.cloud.Quota(t.Context())
	b.must(err)
	sku, _ := capacity.LookupSKU(size)
	if l := q.Family(sku); !l.Known || l.Max == 0 || !q.Regional.Known || !q.Spot.Known {
		t.Errorf("%+v", q)
	}
	if q.Family(capacity.SKU{Name: "Standard_Unheard_Of", Family: "unheard"}).Known {
		t.Error("the quota of an unknown family is known")
	}
	if reason := q.Offered(sku, capacity.OnDemand); reason != "" {
		t.Errorf("%s is not offered: %s", size, reason)
	}
}
