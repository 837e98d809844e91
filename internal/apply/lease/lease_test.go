// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/fence"
)

// server keeps one Lease in memory, with the resourceVersions of the API server.
type server struct {
	mu      sync.Mutex
	lease   *coordination.Lease
	version int
	watches []*watch.FakeWatcher
}

var resource = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}

func (s *server) get() (*coordination.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lease == nil {
		return nil, apierrors.NewNotFound(resource, "syncer")
	}
	return s.lease.DeepCopy(), nil
}

func (s *server) put(l *coordination.Lease) (*coordination.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lease != nil && l.ResourceVersion != s.lease.ResourceVersion {
		return nil, apierrors.NewConflict(resource, "syncer", errors.New("it has changed"))
	}
	s.version++
	s.lease = l.DeepCopy()
	s.lease.ResourceVersion = strconv.Itoa(s.version)
	for _, w := range s.watches {
		w.Modify(s.lease.DeepCopy())
	}
	return s.lease.DeepCopy(), nil
}

// link is the server as one candidate reaches it: requests and answers take time, or get lost.
type link struct {
	coordinationv1.LeaseInterface
	server *server

	mu      sync.Mutex
	delays  func() time.Duration
	outages func() bool
}

// set changes how the link behaves from now on.
func (l *link) set(delays func() time.Duration, outages func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delays, l.outages = delays, outages
}

func (l *link) delay() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.delays()
}

func (l *link) broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.outages()
}

func (l *link) Leases(string) coordinationv1.LeaseInterface { return l }

// send carries a request there and its answer back.
func (l *link) send(
	ctx context.Context, request func() (*coordination.Lease, error),
) (*coordination.Lease, error) {
	if l.broken() {
		return nil, errors.New("connection refused")
	}
	if err := clock.Sleep(ctx, l.delay()); err != nil {
		return nil, err
	}
	lease, err := request()
	if l.broken() {
		return nil, errors.New("connection reset") // it was carried out all the same
	}
	if slow := clock.Sleep(ctx, l.delay()); slow != nil {
		return nil, slow
	}
	return lease, err
}

func (l *link) Get(ctx context.Context, _ string, _ metav1.GetOptions) (*coordination.Lease, error) {
	return l.send(ctx, l.server.get)
}

func (l *link) Create(
	ctx context.Context, lease *coordination.Lease, _ metav1.CreateOptions,
) (*coordination.Lease, error) {
	return l.send(ctx, func() (*coordination.Lease, error) { return l.server.put(lease) })
}

func (l *link) Update(
	ctx context.Context, lease *coordination.Lease, _ metav1.UpdateOptions,
) (*coordination.Lease, error) {
	return l.send(ctx, func() (*coordination.Lease, error) { return l.server.put(lease) })
}

func (l *link) Watch(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
	if l.broken() {
		return nil, errors.New("connection refused")
	}
	w := watch.NewFakeWithChanSize(1000, false)
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	l.server.watches = append(l.server.watches, w)
	context.AfterFunc(ctx, func() {
		l.server.mu.Lock()
		defer l.server.mu.Unlock()
		for i, other := range l.server.watches {
			if other == w {
				l.server.watches = append(l.server.watches[:i], l.server.watches[i+1:]...)
				w.Stop()
				return
			}
		}
	})
	return w, nil
}

// candidate is one process.
type candidate struct {
	*Lease
	link  *link
	fence *fence.Fence
	terms atomic.Int64 // how often it has led
	stop  func()
	ended chan struct{}
}

func prompt() time.Duration { return 10 * time.Millisecond }
func whole() bool           { return false }

// stand starts a candidate.
func stand(t *testing.T, s *server, name string) *candidate { return standing(t, s, name, nil, nil) }

// standing starts a candidate that yields and receives messages.
func standing(t *testing.T, s *server, name string, yield func(other string) bool, told func()) *candidate {
	t.Helper()
	f := &fence.Fence{}
	c := &candidate{fence: f, link: &link{server: s, delays: prompt, outages: whole}, ended: make(chan struct{})}
	o := Options{
		Name: "syncer", Namespace: "default", Identity: name,
		Duration: 15 * time.Second, RenewDeadline: 10 * time.Second, Retry: 2 * time.Second,
		Yield: yield, Told: told,
	}
	c.Lease = &Lease{options: o, api: c.link, fence: f, log: slog.New(slog.DiscardHandler)}
	f.Require(o.Limit())
	ctx, cancel := context.WithCancel(t.Context())
	c.stop = cancel
	go func() {
		defer close(c.ended)
		c.Run(ctx, Phases{
			Follow: func(ctx context.Context) { <-ctx.Done() },
			Lead: func(ctx context.Context) {
				c.terms.Add(1)
				<-ctx.Done()
			},
		})
	}()
	return c
}

func (c *candidate) end() {
	c.stop()
	<-c.ended
}

// TestHandOver: a leader that ends gives the lease back, and the follower leads within a second, long before its next
// try.
func TestHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		a := stand(t, s, "a")
		time.Sleep(time.Second)
		b := stand(t, s, "b")
		defer b.end()
		time.Sleep(time.Minute)
		if a.Role() != "leader" || b.Role() != "follower, a leads" || !a.Leads() || b.Leads() {
			t.Fatalf("a is %s, b is %s", a.Role(), b.Role())
		}
		if a.fence.MayWrite() != nil || b.fence.MayWrite() == nil {
			t.Fatal("the follower may write, or the leader may not")
		}
		a.end()
		if err := a.fence.MayWrite(); !errors.Is(err, fence.ErrNotLeader) {
			t.Errorf("after its end: %v", err)
		}
		time.Sleep(time.Second)
		if !b.Leads() {
			t.Errorf("a second later b is %s", b.Role())
		}
	})
}

// TestLeadingEndsFirst: the lease is given back only after Lead has returned.
func TestLeadingEndsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		f := &fence.Fence{}
		l := &Lease{
			options: Options{
				Name: "syncer", Identity: "a", Duration: 15 * time.Second, RenewDeadline: 10 * time.Second, Retry: 2 * time.Second,
			},
			api: &link{server: s, delays: prompt, outages: whole}, fence: f, log: slog.New(slog.DiscardHandler),
		}
		f.Require(l.options.Limit())
		ctx, cancel := context.WithCancel(t.Context())
		var ended time.Time
		time.AfterFunc(time.Minute, cancel)
		l.Run(ctx, Phases{
			Follow: func(context.Context) {},
			Lead: func(ctx context.Context) {
				<-ctx.Done()
				time.Sleep(40 * time.Second) // a step that cannot be interrupted
				if err := f.MayWrite(); err != nil {
					t.Errorf("while it ends: %v", err)
				}
				if lease, err := s.get(); err != nil || *lease.Spec.HolderIdentity != "a" {
					t.Errorf("while it ends: %v, %v", lease, err)
				}
				ended = time.Now()
			},
		})
		lease, err := s.get()
		if err != nil || *lease.Spec.HolderIdentity != "" || ended.IsZero() {
			t.Errorf("after the end: %v, %v", lease, err)
		}
	})
}

// TestVanishedLeader: a leader that no longer reaches the server stops before the other leads, and follows when it
// reaches the server again.
func TestVanishedLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		a := stand(t, s, "a")
		time.Sleep(time.Second)
		b := stand(t, s, "b")
		time.Sleep(time.Minute)
		a.link.set(prompt, func() bool { return true })
		time.Sleep(13 * time.Second)
		if a.fence.MayWrite() == nil || a.Leads() || b.Leads() {
			t.Errorf("after 13 s a is %s, b is %s", a.Role(), b.Role())
		}
		time.Sleep(12 * time.Second)
		if !b.Leads() || b.fence.MayWrite() != nil {
			t.Errorf("after 25 s b is %s", b.Role())
		}
		a.link.set(prompt, whole)
		time.Sleep(10 * time.Second)
		if a.Role() != "follower, b leads" {
			t.Errorf("a is %s", a.Role())
		}
		a.end()
		b.end()
	})
}

// TestLeaseOfAnother: a process that has lost the lease does not give it back, as client-go would.
func TestLeaseOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		o := Options{Name: "syncer", Namespace: "default", Identity: "a", RenewDeadline: 10 * time.Second}
		f := &fence.Fence{}
		f.Require(time.Minute)
		link := &link{server: s, delays: prompt, outages: whole}
		a := newLock(o, link, f, func() {})
		o.Identity = "b"
		b := newLock(o, link, &fence.Fence{}, func() {})
		held := func(by string) resourcelock.LeaderElectionRecord {
			return resourcelock.LeaderElectionRecord{
				HolderIdentity: by, LeaseDurationSeconds: 15, RenewTime: metav1.Now(),
			}
		}
		if err := a.Create(t.Context(), held("a")); err != nil || f.MayWrite() != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Get(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Update(t.Context(), held("b")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Get(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.Update(t.Context(), held("")); !errors.Is(err, errNotOurs) || f.MayWrite() == nil {
			t.Errorf("a gives the lease of b back: %v", err)
		}
		if lease, err := s.get(); err != nil || *lease.Spec.HolderIdentity != "b" {
			t.Errorf("%v, %v", lease, err)
		}
		if err := b.Update(t.Context(), held("")); err != nil {
			t.Errorf("b cannot give its lease back: %v", err)
		}
	})
}

// TestLostForAMoment: a leader that loses the lease begins a new term when it gets it again, however soon that is, and
// may not write in between.
func TestLostForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		a := stand(t, s, "a")
		defer a.end()
		time.Sleep(time.Minute)
		hold := func(by string) {
			lease, err := s.get()
			if err == nil {
				lease.Spec.HolderIdentity = &by
				_, err = s.put(lease)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		hold("b")
		time.Sleep(2500 * time.Millisecond) // a tries to renew it every two seconds
		if a.fence.MayWrite() == nil || a.Leads() {
			t.Errorf("a has seen that b leads, and is %s", a.Role())
		}
		hold("")
		time.Sleep(time.Minute)
		if a.terms.Load() != 2 || !a.Leads() {
			t.Errorf("%d terms, a is %s", a.terms.Load(), a.Role())
		}
	})
}

// TestAsk: a leader that yields ends its work, and then the candidate that has asked leads at once. What was asked of
// one leader does not count for the next.
func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		yields := map[string]bool{}
		var mu sync.Mutex
		yield := func(other string) bool {
			mu.Lock()
			defer mu.Unlock()
			return yields[other]
		}
		a := standing(t, s, "a", yield, nil)
		defer a.end()
		time.Sleep(time.Second)
		b := standing(t, s, "b", yield, nil)
		defer b.end()
		time.Sleep(time.Minute)
		ask := func(c *candidate) {
			if err := c.Ask(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ask(b)
		time.Sleep(time.Minute)
		if !a.Leads() || b.Holder() != "a" {
			t.Errorf("a is %s, and has not been willing", a.Role())
		}
		mu.Lock()
		yields["b"] = true
		mu.Unlock()
		ask(b)
		time.Sleep(time.Second)
		if !b.Leads() || a.fence.MayWrite() == nil {
			t.Errorf("a is %s, b is %s", a.Role(), b.Role())
		}
		time.Sleep(time.Minute)
		b.end()
		time.Sleep(time.Minute)
		if !a.Leads() || a.terms.Load() != 2 {
			t.Errorf("a is %s, in term %d: b has asked in another one", a.Role(), a.terms.Load())
		}
	})
}

// TestTell: the leader hears at once of what a follower tells, once for each, goes on leading, and tells itself
// nothing.
func TestTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		var a, b atomic.Int64
		leader := standing(t, s, "a", nil, func() { a.Add(1) })
		defer leader.end()
		time.Sleep(time.Second)
		follower := standing(t, s, "b", nil, func() { b.Add(1) })
		defer follower.end()
		time.Sleep(time.Minute)
		tell := func(c *candidate) {
			if err := c.Tell(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for n := range 50 {
			tell(follower)
			time.Sleep(time.Second)
			if got := a.Load(); got != int64(n+1) {
				t.Fatalf("after %d times the leader has heard %d", n+1, got)
			}
		}
		tell(leader)
		time.Sleep(time.Minute)
		if a.Load() != 50 || b.Load() != 0 || !leader.Leads() || leader.terms.Load() != 1 {
			t.Errorf("the leader has heard %d, the follower %d; a is %s", a.Load(), b.Load(), leader.Role())
		}
		for range 2 { // a watch that begins again shows the Lease again
			lease, err := s.get()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.put(lease); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if a.Load() != 50 {
			t.Errorf("the leader has heard %d: the same again", a.Load())
		}
	})
}

// TestForbiddenUpdate: a free Lease that may not be taken is tried at the usual pace.
func TestForbiddenUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		a := stand(t, s, "a")
		time.Sleep(time.Minute)
		a.end()
		b := stand(t, s, "b")
		requests := 0
		b.link.set(
			func() time.Duration { requests++; return prompt() },
			func() bool { return requests%4 == 2 || requests%4 == 3 }, // each Get is answered, no Update is
		)
		time.Sleep(time.Minute)
		b.end()
		if b.terms.Load() > 0 || requests > 200 {
			t.Errorf("%d terms, %d requests in a minute", b.terms.Load(), requests)
		}
	})
}

// TestOneWriter: for any fate of requests and answers, no two processes may write at once. A process asks the
// fence, and may be held up before it writes; what the fence permits late is not permitted any more.
func TestOneWriter(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { oneWriter(t, seed) })
		})
	}
}

func oneWriter(t *testing.T, seed uint64) {
	s := &server{}
	var all []*candidate
	defer func() {
		for _, c := range all {
			c.end()
		}
	}()
	for i := range 3 {
		c := stand(t, s, fmt.Sprint("candidate-", i))
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		var mu sync.Mutex
		dice := func(n int) int {
			mu.Lock()
			defer mu.Unlock()
			return random.IntN(n)
		}
		bad := time.Time{} // until when its link is bad
		delays := func() time.Duration {
			if dice(20) == 0 {
				return time.Duration(dice(15000)) * time.Millisecond
			}
			return time.Duration(dice(300)) * time.Millisecond
		}
		c.link.set(delays, func() bool {
			mu.Lock()
			defer mu.Unlock()
			if random.IntN(60) == 0 {
				bad = time.Now().Add(time.Duration(random.IntN(40)) * time.Second)
			}
			return time.Now().Before(bad) || random.IntN(15) == 0
		})
		all = append(all, c)
	}
	written := map[string]int{}
	for range 2 * 60 * 60 * 10 { // two hours, in steps of a tenth of a second
		time.Sleep(100 * time.Millisecond)
		var writers []string
		for _, c := range all {
			if c.fence.MayWrite() == nil {
				writers = append(writers, c.options.Identity)
				written[c.options.Identity]++
			}
		}
		if len(writers) > 1 {
			t.Fatalf("seed %d: %q may write at once", seed, writers)
		}
	}
	terms := 0
	for _, c := range all {
		c.end()
		terms += int(c.terms.Load())
	}
	if len(written) < 2 || terms < 3 {
		t.Errorf("seed %d: %d terms, %v: too little happens", seed, terms, written)
	}
}
