// SPDX-License-Identifier: Apache-2.0

package tips

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/git"
)

// TestTips: ten loops that poll at the same interval cause at most two fetches in it, each of them sees a new tip
// within one and a half intervals, and at once after a hint.
func TestTips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval, loops = 30 * time.Second, 10
		var mu sync.Mutex
		fetches, tip, found := 0, "0", 0
		shared := New(func(context.Context) (git.Commit, error) {
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			fetches++
			return git.Commit{Hash: git.Hash(tip)}, nil
		}, interval, func() { found++ })
		seen := make([]git.Hash, loops)
		for i := range loops {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			go func() {
				for t.Context().Err() == nil {
					c, err := shared.Fetch(t.Context())
					if err != nil {
						return
					}
					mu.Lock()
					seen[i] = c.Hash
					mu.Unlock()
					select {
					case <-t.Context().Done():
					case <-time.After(time.Duration(float64(interval) * (0.9 + 0.2*random.Float64()))):
					}
				}
			}()
		}
		const hours = 1
		for n := range hours * 3600 / 60 {
			mu.Lock()
			tip = fmt.Sprint(n)
			mu.Unlock()
			time.Sleep(time.Minute)
			mu.Lock()
			for i, hash := range seen {
				if hash != git.Hash(tip) {
					t.Errorf("after a minute loop %d has seen %s, not %s", i, hash, tip)
				}
			}
			mu.Unlock()
		}
		mu.Lock()
		if most := hours * 3600 / 30 * 2; fetches > most || found != hours*3600/60 {
			t.Errorf("%d fetches, at most %d expected; %d tips found", fetches, most, found)
		}
		before := fetches
		tip = "hinted"
		mu.Unlock()
		shared.Expire(t.Context())
		var all sync.WaitGroup
		for range loops {
			all.Go(func() {
				if c, err := shared.Fetch(t.Context()); err != nil || c.Hash != "hinted" {
					t.Errorf("after a hint: %s, %v", c.Hash, err)
				}
			})
		}
		all.Wait()
		mu.Lock()
		defer mu.Unlock()
		if fetches != before+1 {
			t.Errorf("%d fetches for one hint", fetches-before)
		}
	})
}

// TestTipsFail: an error is of the loop that asked, and no other loop waits for one that does not answer beyond its
// own context.
func TestTipsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		shared := New(func(ctx context.Context) (git.Commit, error) {
			<-ctx.Done()
			return git.Commit{}, broken
		}, time.Minute, func() {})
		slow, stop := context.WithCancel(t.Context())
		go func() { _, _ = shared.Fetch(slow) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := shared.Fetch(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while another one waits: %v", err)
		}
		stop()
		synctest.Wait()
		again, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		if _, err := shared.Fetch(again); !errors.Is(err, broken) {
			t.Errorf("afterwards: %v", err)
		}
	})
}
