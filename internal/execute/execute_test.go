package execute

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
	return &capacity.Pool{Name: name, Workspace: workspace.Key{Namespace: "default", Name: name}, SKU: sku, Count: count, OSSKU: "Ubuntu"}
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

// see looks at what is there.
func (l *lab) see() {
	l.t.Helper()
	pools, err := l.Pools(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	ready := map[string]int{}
	for name, machines := range l.Nodes() {
		ready[name] = len(machines)
	}
	l.See(pools, ready, l.now)
}

// create asks for so many pools at once, and returns how many were started.
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

func TestConcurrencyFollowsWhatHasEnded(t *testing.T) {
	l := newLab(t)
	var got []int
	for round := range 10 {
		l.see()
		got = append(got, l.create(fmt.Sprintf("w%c", 'a'+round), 5))
		l.see()
		if n := l.create("wmore", 5); n != 0 {
			t.Fatalf("round %d: %d more while as many as may be are in flight", round, n)
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
		{"QuotaExceeded", "exceeding approved x Cores quota", 3},
		{"AllocationFailed", "", 3},
		{"SkuNotAvailable", "", 3},
		{"OperationNotAllowed", "Another operation (Upgrading) is in progress", 1},
	} {
		l.limiter.limit = 3
		l.see()
		e := &capacity.CloudError{Class: capacity.Classify(tt.code, tt.message), Code: tt.code, Message: tt.message}
		l.Once = []*capacitytest.Fault{{Refuse: e}}
		l.create("wr"+strings.ToLower(tt.code[:4]), 1)
		if l.limiter.limit != tt.want {
			t.Errorf("%s: limit %d, want %d", tt.code, l.limiter.limit, tt.want)
		}
		l.now = l.now.Add(24 * time.Hour)
	}
	l.limiter.limit = 3
	l.see()
	l.Once = []*capacitytest.Fault{{Late: &capacity.CloudError{Code: "VirtualNetworkNotInSucceededState"}}}
	l.create("wlate", 1)
	l.now = l.now.Add(time.Hour)
	if l.see(); l.limiter.limit != 1 {
		t.Errorf("a late failure of the network: limit %d", l.limiter.limit)
	}
}

func TestDeletionsShareTheLimit(t *testing.T) {
	l := newLab(t)
	var changes []capacity.PoolChange
	for _, name := range []string{"wa", "wb", "wc"} {
		l.Put(capacity.LivePool{Name: name, Size: a100, Count: 1, State: capacity.Succeeded, Owned: true})
		changes = append(changes, capacity.PoolChange{Op: capacity.Delete, Name: name, Live: l.live(name)})
	}
	l.see()
	l.Release(t.Context(), changes, l.now)
	if l.create("wd", 1) != 0 || len(l.Written) != 1 {
		t.Errorf("written %v", l.Written)
	}
}

func TestWhenItIsTriedAgain(t *testing.T) {
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
		{"busy", cloud(capacity.ClassBusy, 0), 0, busyJitter},
		{"conflict", cloud(capacity.ClassConflict, 0), 0, busyJitter},
		{"network", cloud(capacity.ClassNetwork, 0), 0, busyJitter},
		{"throttled", cloud(capacity.ClassThrottled, 3*time.Hour), 3 * time.Hour, 3 * time.Hour},
		{"quota", cloud(capacity.ClassQuota, 0), firstBackoff, firstBackoff},
		{"permission", cloud(capacity.ClassPermission, 0), surfaceBackoff, surfaceBackoff},
		{"invalid", cloud(capacity.ClassInvalid, 0), surfaceBackoff, surfaceBackoff},
		{"deleting", cloud(capacity.ClassDeleting, 0), 0, 0},
		{"unknown", errors.New("no"), firstBackoff, firstBackoff},
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
	if b["p"].step != 600*time.Second {
		t.Error("a lock counts as a failure")
	}
	b.failed(change, cloud(capacity.ClassInvalid, 0), now)
	other := *change.Desired
	other.Count = 2
	if b.blocked(change, now) == nil || b.blocked(capacity.PoolChange{Op: capacity.Create, Name: "p", Desired: &other}, now) != nil {
		t.Error("another wish is not tried at once")
	}
}

// TestStuckOperationsAreGivenUpOnce restarts in between: how long a creation takes is told from the pool.
func TestStuckOperationsAreGivenUpOnce(t *testing.T) {
	l := newLab(t)
	l.see()
	l.Once = []*capacitytest.Fault{{Stuck: true}}
	l.create("w", 1)
	l.now = l.now.Add(44 * time.Minute)
	l.restart()
	l.see()
	l.Executor.Ensure(t.Context(), nil, l.now)
	if len(l.Written) != 1 || l.Trouble("w0", true) != nil {
		t.Fatalf("too early: %v, %v", l.Written, l.Trouble("w0", true))
	}
	l.now = l.now.Add(2 * time.Minute)
	l.restart()
	for range 5 {
		l.see()
		l.Executor.Ensure(t.Context(), nil, l.now)
		l.Recorded()
	}
	if !slices.Equal(l.Written, []string{"create w0", "abort w0"}) {
		t.Errorf("written %v", l.Written)
	}
	if err := l.Trouble("w0", true); err == nil || !strings.Contains(err.Error(), "45m") {
		t.Errorf("trouble: %v", err)
	}
	l.now = l.now.Add(10 * time.Minute)
	l.see()
	sku, _ := capacity.LookupSKU(a100)
	if _, _, blocked := l.Unavailable().Blocked(sku, false, l.now); !blocked || !l.Lost()["w0"] {
		t.Errorf("blocked %t, lost %v", blocked, l.Lost())
	}
}

// TestOthersOperationsTakeTheirTime has somebody upgrade a pool of ours, long after we wrote it.
func TestOthersOperationsTakeTheirTime(t *testing.T) {
	l := newLab(t)
	for _, p := range []capacity.LivePool{
		{Name: "wup", Size: a100, Count: 1, State: "Upgrading", Owned: true, Changed: l.now.Add(-1000 * time.Hour)},
		{Name: "wset", Size: a100, Count: 1, State: capacity.Updating, Owned: true, Changed: l.now.Add(-1000 * time.Hour)},
		{Name: "theirs", Size: a100, Count: 1, State: capacity.Creating},
	} {
		l.See([]capacity.LivePool{p}, map[string]int{}, l.now)
		l.Executor.Ensure(t.Context(), nil, l.now)
		if len(l.Written) != 0 || l.Trouble(p.Name, true) != nil {
			t.Errorf("%s: %v %v", p.Name, l.Written, l.Trouble(p.Name, true))
		}
	}
}

func TestGPUDeadline(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := capacity.LivePool{Name: "w", Size: a100, Count: 2, State: capacity.Succeeded, Owned: true, ETag: "1", Changed: start}
	for _, tt := range []struct {
		name     string
		changed  time.Time
		complete time.Time // as recorded before this process
		ready    map[string]int
		at       time.Duration
		late     bool
		lost     bool
	}{
		{"in time", start, time.Time{}, map[string]int{}, 29 * time.Minute, false, false},
		{"too late", start, time.Time{}, map[string]int{}, 31 * time.Minute, true, true},
		{"half of them", start, time.Time{}, map[string]int{"w": 1}, 31 * time.Minute, true, false},
		{"all of them", start, time.Time{}, map[string]int{"w": 2}, 31 * time.Minute, false, false},
		{"nodes are not known", start, time.Time{}, nil, 31 * time.Minute, false, false},
		{"it was complete until a while ago", start, start.Add(20 * time.Minute), map[string]int{}, 31 * time.Minute, false, false},
		{"no tag, first seen now", time.Time{}, time.Time{}, map[string]int{}, 31 * time.Minute, false, false},
	} {
		e := New(capacitytest.NewFake(), Settings{})
		if !tt.complete.IsZero() {
			e.Remember(capacity.Unavailable{}, map[string]time.Time{"w": tt.complete})
		}
		q := p
		q.Changed = tt.changed
		e.See([]capacity.LivePool{q}, tt.ready, start.Add(tt.at))
		if late := e.Trouble("w", false) != nil; late != tt.late || e.Lost()["w"] != tt.lost || e.Broken()["w"] != tt.late {
			t.Errorf("%s: late %v, lost %v", tt.name, e.Trouble("w", false), e.Lost())
		}
		known := e.Unavailable()
		e.See([]capacity.LivePool{q}, tt.ready, start.Add(tt.at+time.Minute))
		if again := e.Unavailable(); !slices.Equal(again.Blocks, known.Blocks) {
			t.Errorf("%s: looking again changes what is known: %+v, %+v", tt.name, known, again)
		}
	}
}

func TestQuotaIsRemembered(t *testing.T) {
	l := newLab(t)
	sku, _ := capacity.LookupSKU(a100)
	family := strings.ToLower(sku.Family)
	l.Limits = capacity.Quota{Families: map[string]capacity.Limit{family: {Max: 100, Known: true}}, Regional: capacity.Limit{Max: 100, Known: true}}
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
		t.Errorf("asked %d times", l.Quotas)
	}
	l.see()
	l.create("w", 1)
	if used() != 24 {
		t.Errorf("%d vCPUs are used right after 24 were asked for", used())
	}
	l.now = l.now.Add(quotaEvery)
	l.Down = errors.New("no")
	if q, err := l.Executor.Quota(t.Context(), l.now); err == nil || !q.Regional.Known {
		t.Errorf("what was known a while ago is not: %+v, %v", q, err)
	}
	l.now = l.now.Add(quotaStale)
	l.Limits = capacity.Quota{}
	if q, err := l.Executor.Quota(t.Context(), l.now); err == nil || q.Regional.Known {
		t.Errorf("what is too old is still known: %+v, %v", q, err)
	}
	l.Down = &capacity.CloudError{Class: capacity.ClassPermission, Code: "AuthorizationFailed"}
	_, _ = l.Executor.Quota(t.Context(), l.now)
	asked := l.Quotas
	for range 10 {
		_, _ = l.Executor.Quota(t.Context(), l.now)
	}
	if l.Quotas != asked {
		t.Error("a failure is not remembered")
	}
}

// TestQuotaIsWaitedFor shows that trouble which passes keeps growth waiting for a while, and a missing role does not.
func TestQuotaIsWaitedFor(t *testing.T) {
	l := newLab(t)
	l.Down = errors.New("no")
	if _, err := l.Executor.Quota(t.Context(), l.now); !errors.Is(err, capacity.ErrQuotaLater) {
		t.Errorf("at first: %v", err)
	}
	l.now = l.now.Add(quotaPatience)
	if _, err := l.Executor.Quota(t.Context(), l.now); err == nil || errors.Is(err, capacity.ErrQuotaLater) {
		t.Errorf("after a while: %v", err)
	}
	l.Down = nil
	if _, err := l.Executor.Quota(t.Context(), l.now); err != nil {
		t.Errorf("once it can be read: %v", err)
	}
	l = newLab(t)
	l.Down = &capacity.CloudError{Class: capacity.ClassPermission, Code: "AuthorizationFailed"}
	if _, err := l.Executor.Quota(t.Context(), l.now); err == nil || errors.Is(err, capacity.ErrQuotaLater) {
		t.Errorf("without the role: %v", err)
	}
}

// TestTroubleEndsWithItsCause shows that what was refused is told as long as it is due, and no longer.
func TestTroubleEndsWithItsCause(t *testing.T) {
	l := newLab(t)
	l.see()
	l.Once = []*capacitytest.Fault{{Refuse: &capacity.CloudError{Class: capacity.ClassInvalid, Code: "ValidationError"}}}
	l.create("w", 1)
	l.see()
	if l.Trouble("w0", true) == nil || l.Trouble("w0", false) != nil {
		t.Errorf("%v, %v", l.Trouble("w0", true), l.Trouble("w0", false))
	}
	l.now = l.now.Add(surfaceBackoff)
	if l.create("w", 1) != 1 || l.Trouble("w0", true) != nil {
		t.Errorf("after it was accepted: %v", l.Trouble("w0", true))
	}
}
