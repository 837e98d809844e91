// SPDX-License-Identifier: Apache-2.0

package recent_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"syncer.dev/syncer/internal/render/recent"
)

// TestRecent: it evicts the least recently used value, makes no value twice, and caches no errors.
func TestRecent(t *testing.T) {
	r := recent.New[int](2)
	asked := map[string]int{}
	ask := func(key string) {
		_, _ = r.Get(context.Background(), key, func() (int, error) { asked[key]++; return 0, nil })
	}
	for _, key := range []string{"0", "1", "2", "1", "3", "1"} { // 2 evicts 0, and 3 evicts 2
		ask(key)
	}
	if ask("0"); asked["0"] != 2 {
		t.Error("the least recently used value is still cached")
	}
	if ask("1"); asked["1"] != 1 {
		t.Error("a recently used value was evicted")
	}

	var made atomic.Int32
	var all sync.WaitGroup
	gate := make(chan struct{})
	for range 20 {
		all.Go(func() {
			<-gate
			if v, err := r.Get(context.Background(), "x", func() (int, error) { made.Add(1); return 7, nil }); v != 7 ||
				err != nil {
				t.Errorf("%d, %v", v, err)
			}
		})
	}
	close(gate)
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}

	broken := errors.New("broken")
	for range 2 {
		if _, err := r.Get(context.Background(), "y", func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	// The caller that makes the value may run out of time or panic; the others must neither hang nor fail.
	if _, err := r.Get(context.Background(), "z", func() (int, error) { return 0, context.Canceled }); !errors.Is(
		err,
		context.Canceled,
	) {
		t.Error(err)
	}
	if _, err := r.Get(context.Background(), "z", func() (int, error) { panic("x") }); err == nil {
		t.Error("a panic is no error")
	}
	if v, err := r.Get(context.Background(), "z", func() (int, error) { return 5, nil }); v != 5 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// TestRecentOutlivesItsMaker: a caller that runs out of time does not wait for the maker; when the maker runs out of
// time, another caller makes the value.
func TestRecentOutlivesItsMaker(t *testing.T) {
	r := recent.New[int](2)
	begun, end := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := r.Get(context.Background(), "x", func() (int, error) {
			close(begun)
			<-end
			return 0, context.DeadlineExceeded
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("maker: %v", err)
		}
	})
	<-begun
	late, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Get(late, "x", func() (int, error) { return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("out of time: %v", err)
	}
	all.Go(func() {
		if v, err := r.Get(context.Background(), "x", func() (int, error) { return 7, nil }); v != 7 || err != nil {
			t.Errorf("another: %d, %v", v, err)
		}
	})
	close(end)
	all.Wait()
}
