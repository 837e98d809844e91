// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/workspace"
)

const a100 = "Standard_NC24ads_A100_v4"

// lab is an Executor over a Cloud in memory, with a clock.
type lab struct {
	*capacitytest.Fake
	*Executor
	t   *testing.T
	now time.Time
}

func newLab(t *testing.T) *lab {
	l := &lab{Fake: capacitytest.NewFake(), t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	l.Fake.Now, l.Takes = func() time.Time { return l.now }, 5*time.Minute
	l.restart()
	return l
}

func (l *lab) restart() { l.Executor = New(l.Fake, Settings{Cluster: "demo"}) }

func (l *lab) pool(name string, count int) *capacity.Pool {
	sku, _ := capacity.LookupSKU(a100)
	return &capacity.Pool{
		Name:      name,
		Workspace: workspace.Key{Namespace: "default", Name: name},
		SKU:       sku,
		Count:     count,
		OSSKU:     "Ubuntu",
	}
}

func (l *lab) live(name string) *capacity.LivePool {
	l.t.Helper()
	pools, err := l.Pools(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	if i := slices.IndexFunc(pools, func(p capacity.LivePool) bool { return p.Name == name }); i >= 0 {
		return &pools[i]
	}
	return nil
}

// observe passes the present pools and nodes to the executor.
func (l *lab) observe() {
	l.t.Helper()
	pools, err := l.Pools(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	ready := map[string]int{}
	for name, machines := range l.Nodes() {
		ready[name] = len(machines)
	}
	l.Observe(pools, ready, l.now)
}

// create requests n pools at once, and returns the number of started creations.
func (l *lab) create(prefix string, n int) (started int) {
	var changes []capacity.PoolChange
	for i := range n {
		p := l.pool(fmt.Sprint(prefix, i), 1)
		changes = append(changes, capacity.PoolChange{Op: capacity.Create, Name: p.Name, Desired: p})
	}
	for _, r := range l.Executor.Ensure(l.t.Context(), changes, l.now) {
		if r.Started {
			started++
		}
	}
	return started
}

func TestConcurrencyFollowsCompletedOperations(t *testing.T) {
	l := newLab(t)
	var got []int
	for round := range 10 {
		l.observe()
		got = append(got, l.create(fmt.Sprintf("w%c", 'a'+round), 5))
		l.observe()
		if n := l.create("wmore", 5); n != 0 {
			t.Fatalf("round %d: started %d operations above the limit", round, n)
		}
		l.now = l.now.Add(10 * time.Minute)
	}
	if want := []int{1, 1, 1, 2, 2, 3, 3, 3, 3, 3}; !slices.Equal(got, want) {
		t.Errorf("in flight at once: %v, want %v", got, want)
	}

	for _, tt := range []struct {
		code, message string
		want          int
	}{
		{code: "QuotaExceeded", message: "exceeding approved x Cores quota", want: 3},
		{code: "AllocationFailed", want: 3},
		{code: "SkuNotAvailable", want: 3},
		{code: "OperationNotAllowed", message: "Another operation (Upgrading) is in progress", want: 1},
	} {
		l.limiter.limit = 3
		l.observe()
		e := &capacity.CloudError{Class: capacity.Classify(tt.code, tt.message), Code: tt.code, Message: tt.message}
		l.Once = []*capacitytest.Fault{{Refuse: e}}
		l.create("wr"+strings.ToLower(tt.code[:4]), 1)
		if l.limiter.limit != tt.want {
			t.Errorf("%s: limit %d, want %d", tt.code, l.limiter.limit, tt.want)
		}
		l.now = l.now.Add(24 * time.Hour)
	}
	l.limiter.limit = 3
	l.observe()
	l.Once = []*capacitytest.Fault{{Late: &capacity.CloudError{Code: "VirtualNetworkNotInSucceededState"}}}
	l.create("wlate", 1)
	l.now = l.now.Add(time.Hour)
	if l.observe(); l.limiter.limit != 1 {
		t.Errorf("a failure of the network after acceptance: limit %d", l.limiter.limit)
	}
}

func TestDeletionsShareTheLimit(t *testing.T) {
	l := newLab(t)
	var changes []capacity.PoolChange
	for _, name := range []string{"wa", "wb", "wc"} {
		l.Put(capacity.LivePool{
			Name:  name,
			Size:  a100,
			Count: 1,
			State: capacity.Succeeded,
			Owned: true,
		})
		changes = append(changes, capacity.PoolChange{Op: capacity.Delete, Name: name, Live: l.live(name)})
	}
	l.observe()
	l.Release(t.Context(), changes, l.now)
	if l.create("wd", 1) != 0 || len(l.Written) != 1 {
		t.Errorf("written %v", l.Written)
	}
}

func TestBackoff(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cloud := func(c capacity.Class, after time.Duration) error {
		return &capacity.CloudError{Class: c, RetryAfter: after}
	}
	sku, _ := capacity.LookupSKU(a100)
	change := capacity.PoolChange{Op: capacity.Create, Name: "p", Desired: &capacity.Pool{Name: "p", SKU: sku, Count: 1}}
	for _, tt := range []struct {
		name        string
		err         error
		least, most time.Duration
	}{
		{name: "busy", err: cloud(capacity.ClassBusy, 0), most: busyJitter},
		{name: "conflict", err: cloud(capacity.ClassConflict, 0), most: busyJitter},
		{name: "network", err: cloud(capacity.ClassNetwork, 0), most: busyJitter},
		{name: "throttled", err: cloud(capacity.ClassThrottled, 3*time.Hour), least: 3 * time.Hour, most: 3 * time.Hour},
		{name: "quota", err: cloud(capacity.ClassQuota, 0), least: firstBackoff, most: firstBackoff},
		{name: "permission", err: cloud(capacity.ClassPermission, 0), least: surfaceBackoff, most: surfaceBackoff},
		{name: "invalid", err: cloud(capacity.ClassInvalid, 0), least: surfaceBackoff, most: surfaceBackoff},
		{name: "deleting", err: cloud(capacity.ClassDeleting, 0)},
		{name: "unknown", err: errors.New("no"), least: firstBackoff, most: firstBackoff},
	} {
		b := backoff{}
		b.failed(change, tt.err, now)
		if got := b["p"].until.Sub(now); got < tt.least || got > tt.most {
			t.Errorf("%s: after %s, want %s to %s", tt.name, got, tt.least, tt.most)
		}
	}
	b := backoff{}
	for _, want := range []time.Duration{15, 30, 60, 120, 240, 480, 600, 600} {
		b.failed(change, errors.New("no"), now)
		if got := b["p"].until.Sub(now); got != want*time.Second {
			t.Errorf("after %s, want %ds", got, want)
		}
	}
	b.failed(change, cloud(capacity.ClassBusy, 0), now)
	if b["p"].delays.Duration != maxBackoff {
		t.Error("a lock raises the delay")
	}
	b.failed(change, cloud(capacity.ClassInvalid, 0), now)
	other := *change.Desired
	other.Count = 2
	if b.blocked(change, now) == nil ||
		b.blocked(capacity.PoolChange{Op: capacity.Create, Name: "p", Desired: &other}, now) != nil {
		t.Error("another desired state is held back")
	}
}

// TestStuckOperationIsAbortedOnce restarts in between: the age of a creation comes from the pool.
func TestStuckOperationIsAbortedOnce(t *testing.T) {
	l := newLab(t)
	l.observe()
	l.Once = []*capacitytest.Fault{{Stuck: true}}
	l.create("w", 1)
	l.now = l.now.Add(44 * time.Minute)
	l.restart()
	l.observe()
	l.Executor.Ensure(t.Context(), nil, l.now)
	if len(l.Written) != 1 || l.LastError("w0", true) != nil {
		t.Fatalf("too early: %v, %v", l.Written, l.LastError("w0", true))
	}
	l.now = l.now.Add(2 * time.Minute)
	l.restart()
	for range 5 {
		l.observe()
		l.Executor.Ensure(t.Context(), nil, l.now)
		l.MarkRecorded()
	}
	if !slices.Equal(l.Written, []string{"create w0", "abort w0"}) {
		t.Errorf("written %v", l.Written)
	}
	if err := l.LastError("w0", true); err == nil || !strings.Contains(err.Error(), "45m") {
		t.Errorf("error: %v", err)
	}
	l.now = l.now.Add(10 * time.Minute)
	l.observe()
	sku, _ := capacity.LookupSKU(a100)
	if _, _, blocked := l.Unavailable().Blocked(sku, capacity.OnDemand, l.now); !blocked || !l.Unprovisionable()["w0"] {
		t.Errorf("blocked %t, unprovisionable %v", blocked, l.Unprovisionable())
	}
}

// TestLeftOperationIsNotAborted: an operation of a pool to which nothing may happen goes on, and is aborted later.
func TestLeftOperationIsNotAborted(t *testing.T) {
	l := newLab(t)
	l.observe()
	l.Once = []*capacitytest.Fault{{Stuck: true}}
	l.create("w", 1)
	l.now = l.now.Add(46 * time.Minute)
	for _, left := range []bool{true, false} {
		l.Leave(func(p *capacity.LivePool) bool { return left && p.Name == "w0" })
		for range 3 {
			l.observe()
			l.Executor.Ensure(t.Context(), nil, l.now)
			l.MarkRecorded()
		}
		if aborted := slices.Contains(l.Written, "abort w0"); aborted == left {
			t.Errorf("left %t, and written %v", left, l.Written)
		}
	}
}

// TestForeignOperationsHaveNoDeadline upgrades an owned pool from outside, long after syncer wrote it.
func TestForeignOperationsHaveNoDeadline(t *testing.T) {
	l := newLab(t)
	for _, p := range []capacity.LivePool{
		{
			Name:    "wup",
			Size:    a100,
			Count:   1,
			State:   "Upgrading",
			Owned:   true,
			Changed: l.now.Add(-1000 * time.Hour),
		},
		{
			Name:    "wset",
			Size:    a100,
			Count:   1,
			State:   capacity.Updating,
			Owned:   true,
			Changed: l.now.Add(-1000 * time.Hour),
		},
		{Name: "theirs", Size: a100, Count: 1, State: capacity.Creating},
	} {
		l.Observe([]capacity.LivePool{p}, map[string]int{}, l.now)
		l.Executor.Ensure(t.Context(), nil, l.now)
		if len(l.Written) != 0 || l.LastError(p.Name, true) != nil {
			t.Errorf("%s: %v %v", p.Name, l.Written, l.LastError(p.Name, true))
		}
	}
}

func TestGPUDeadline(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := capacity.LivePool{
		Name:    "w",
		Size:    a100,
		Count:   2,
		State:   capacity.Succeeded,
		Owned:   true,
		ETag:    "1",
		Changed: start,
	}
	for _, tt := range []struct {
		name            string
		changed         time.Time
		complete        time.Time // reported before this process
		ready           map[string]int
		at              time.Duration
		overdue         bool
		unprovisionable bool
	}{
		{name: "in time", changed: start, ready: map[string]int{}, at: 29 * time.Minute},
		{
			name:            "after the deadline",
			changed:         start,
			ready:           map[string]int{},
			at:              31 * time.Minute,
			overdue:         true,
			unprovisionable: true,
		},
		{
			name:    "half of the nodes",
			changed: start,
			ready:   map[string]int{"w": 1},
			at:      31 * time.Minute,
			overdue: true,
		},
		{name: "all nodes", changed: start, ready: map[string]int{"w": 2}, at: 31 * time.Minute},
		{name: "nodes are unknown", changed: start, at: 31 * time.Minute},
		{
			name:     "complete until recently",
			changed:  start,
			complete: start.Add(20 * time.Minute),
			ready:    map[string]int{},
			at:       31 * time.Minute,
		},
		{name: "no tag, first seen now", ready: map[string]int{}, at: 31 * time.Minute},
	} {
		e := New(capacitytest.NewFake(), Settings{})
		if !tt.complete.IsZero() {
			e.Complete(map[string]time.Time{"w": tt.complete})
		}
		q := p
		q.Changed = tt.changed
		e.Observe([]capacity.LivePool{q}, tt.ready, start.Add(tt.at))
		overdue := e.LastError("w", false) != nil
		if overdue != tt.overdue || e.Unprovisionable()["w"] != tt.unprovisionable ||
			e.WithoutGPUs()["w"] != tt.overdue {
			t.Errorf("%s: overdue %v, unprovisionable %v", tt.name, e.LastError("w", false), e.Unprovisionable())
		}
		known := e.Unavailable()
		e.Observe([]capacity.LivePool{q}, tt.ready, start.Add(tt.at+time.Minute))
		if again := e.Unavailable(); !slices.Equal(again.Entries, known.Entries) {
			t.Errorf("%s: a second observation changes the unavailable offerings: %+v, %+v", tt.name, known, again)
		}
	}
}

func TestQuotaIsCached(t *testing.T) {
	l := newLab(t)
	sku, _ := capacity.LookupSKU(a100)
	family := strings.ToLower(sku.Family)
	l.Limits = capacity.Quota{
		Families: map[string]capacity.Limit{family: {Max: 100, Known: true}},
		Regional: capacity.Limit{Max: 100, Known: true},
	}
	used := func() int {
		q, err := l.Executor.Quota(t.Context(), l.now)
		if err != nil {
			t.Fatal(err)
		}
		if q.Regional.Used != q.Families[family].Used {
			t.Errorf("%+v", q)
		}
		return q.Regional.Used
	}
	if n := used() + used(); n != 0 || l.Quotas != 1 {
		t.Errorf("read %d times", l.Quotas)
	}
	l.observe()
	used() // with the present pools
	l.create("w", 1)
	if used() != 24 {
		t.Errorf("%d vCPUs are used after a request for 24", used())
	}
	l.now = l.now.Add(quotaEvery)
	l.Down = errors.New("no")
	if q, err := l.Executor.Quota(t.Context(), l.now); err == nil || !q.Regional.Known {
		t.Errorf("a recent quota counts as unknown: %+v, %v", q, err)
	}
	l.now = l.now.Add(quotaStale)
	l.Limits = capacity.Quota{}
	if q, err := l.Executor.Quota(t.Context(), l.now); err == nil || q.Regional.Known {
		t.Errorf("a stale quota counts as known: %+v, %v", q, err)
	}
	l.Down = &capacity.CloudError{Class: capacity.ClassPermission, Code: "AuthorizationFailed"}
	_, _ = l.Executor.Quota(t.Context(), l.now)
	asked := l.Quotas
	for range 10 {
		_, _ = l.Executor.Quota(t.Context(), l.now)
	}
	if l.Quotas != asked {
		t.Error("a failure is not cached")
	}
}

// TestGrowthWaitsForQuota shows that a transient error of the quota API holds growth back for a while, and that a
// missing role does not.
func TestGrowthWaitsForQuota(t *testing.T) {
	l := newLab(t)
	l.Down = errors.New("no")
	if _, err := l.Executor.Quota(t.Context(), l.now); !errors.Is(err, capacity.ErrQuotaLater) {
		t.Errorf("with patience: %v", err)
	}
	l.now = l.now.Add(quotaPatience)
	if _, err := l.Executor.Quota(t.Context(), l.now); err == nil || errors.Is(err, capacity.ErrQuotaLater) {
		t.Errorf("after quotaPatience: %v", err)
	}
	l.Down = nil
	if _, err := l.Executor.Quota(t.Context(), l.now); err != nil {
		t.Errorf("after recovery: %v", err)
	}
	l = newLab(t)
	l.Down = &capacity.CloudError{Class: capacity.ClassPermission, Code: "AuthorizationFailed"}
	if _, err := l.Executor.Quota(t.Context(), l.now); err == nil || errors.Is(err, capacity.ErrQuotaLater) {
		t.Errorf("without the role: %v", err)
	}
}

// TestErrorEndsWithItsCause shows that LastError reports a refusal while the change is due, and no longer.
func TestErrorEndsWithItsCause(t *testing.T) {
	l := newLab(t)
	l.observe()
	l.Once = []*capacitytest.Fault{{Refuse: &capacity.CloudError{Class: capacity.ClassInvalid, Code: "ValidationError"}}}
	l.create("w", 1)
	l.observe()
	if l.LastError("w0", true) == nil || l.LastError("w0", false) != nil {
		t.Errorf("%v, %v", l.LastError("w0", true), l.LastError("w0", false))
	}
	l.now = l.now.Add(surfaceBackoff)
	if l.create("w", 1) != 1 || l.LastError("w0", true) != nil {
		t.Errorf("after it was accepted: %v", l.LastError("w0", true))
	}
}

// TestListOlderThanAnOperation: while the list shows a pool as it was before an operation of ours, the operation counts
// as in flight, and no other one starts on the pool. The simulation found a second one.
func TestListOlderThanAnOperation(t *testing.T) {
	l := newLab(t)
	l.create("w", 1)
	l.now = l.now.Add(time.Hour)
	l.observe()
	listed, err := l.Pools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := l.live("w0")
	change := capacity.PoolChange{Op: capacity.Update, Name: "w0", Desired: l.pool("w0", 2), Live: before}
	ensure := func() Result { return l.Executor.Ensure(t.Context(), []capacity.PoolChange{change}, l.now)[0] }
	if r := ensure(); !r.Started {
		t.Fatalf("not started: %v", r.Err)
	}
	l.now = l.now.Add(time.Minute)
	l.Observe(listed, map[string]int{"w0": 1}, l.now)
	if r := ensure(); r.Started || r.Err != nil || l.busy != 1 || !l.Busy() {
		t.Errorf("with a list of before: started %t, %v, %d in flight", r.Started, r.Err, l.busy)
	}
	l.now = l.now.Add(listPatience) // it is not the list that is old: nothing came of the operation
	l.Observe(listed, map[string]int{"w0": 1}, l.now)
	if r := ensure(); r.Err == nil {
		t.Errorf("after %s it is not tried again", listPatience)
	}
}
