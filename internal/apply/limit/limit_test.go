// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// server answers requests in a time that follows from its cores, as an API server that is bound by its CPU.
type server struct {
	mu       sync.Mutex
	cores    int
	inFlight int
	most     int
	slow     func(i int) time.Duration // of one request; nil: none is
}

const unit = 10 * time.Millisecond // what one request takes alone

// run sends n requests through the limiter, all at once.
func (s *server) run(l *Limiter, n int) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			sent, _ := l.Acquire(context.Background())
			s.mu.Lock()
			s.inFlight++
			s.most = max(s.most, s.inFlight)
			took := unit * time.Duration(max(1, (s.inFlight+s.cores-1)/s.cores))
			s.mu.Unlock()
			if s.slow != nil {
				took += s.slow(i)
			}
			time.Sleep(took)
			s.mu.Lock()
			s.inFlight--
			s.mu.Unlock()
			l.Release(sent, Answer{Class: "PATCH", Took: time.Since(sent)})
		})
	}
	all.Wait()
	return time.Since(start)
}

// TestWindowFitsTheServer: a server of many cores gets as many requests as there may be, a small one fewer.
func TestWindowFitsTheServer(t *testing.T) {
	for _, tt := range []struct{ cores, least, most int }{{2, 32, 60}, {32, 60, Most}, {1000, Most, Most}} {
		t.Run(fmt.Sprint(tt.cores), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, s := New(), &server{cores: tt.cores}
				s.run(l, 4000)
				if got := l.Places(); got < tt.least || got > tt.most {
					t.Errorf("%d places, want %d to %d", got, tt.least, tt.most)
				}
				if s.most > Most {
					t.Errorf("%d requests in flight", s.most)
				}
			})
		})
	}
}

// TestOneSlowObject: requests that hang for long, such as those behind a webhook, slow down no other.
func TestOneSlowObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		s := &server{cores: 32, slow: func(i int) time.Duration {
			if i%100 == 0 {
				return 5 * time.Second
			}
			return 0
		}}
		s.run(l, 2000)
		if got := l.Places(); got < First {
			t.Errorf("%d places", got)
		}
	})
}

// TestNothingToDoTeachesNothing: a window that is not used does not grow.
func TestNothingToDoTeachesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		for range 500 {
			(&server{cores: 8}).run(l, 1)
		}
		if got := l.Places(); got != First {
			t.Errorf("%d places", got)
		}
	})
}

// TestPause: an answer 429 halves the window once for all that were in flight, and nothing goes until the time that the
// server gives, or a minute.
func TestPause(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{3 * time.Second: 3 * time.Second, time.Hour: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			l := New()
			var flying []time.Time
			for range First {
				sent, err := l.Acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				flying = append(flying, sent)
			}
			time.Sleep(unit)
			start := time.Now()
			for _, sent := range flying {
				l.Release(sent, Answer{Class: "PATCH", RetryAfter: asked})
			}
			if got := l.Places(); got != First/2 {
				t.Errorf("%d places", got)
			}
			sent, err := l.Acquire(t.Context())
			if err != nil || sent.Sub(start) != want {
				t.Errorf("the next request went after %s, %v, want %s", sent.Sub(start), err, want)
			}
			l.Release(sent, Answer{Class: "PATCH", RetryAfter: time.Second})
			for range 10 {
				if sent, err = l.Acquire(t.Context()); err != nil {
					t.Fatal(err)
				}
				l.Release(sent, Answer{Class: "PATCH", RetryAfter: time.Second})
			}
			if got := l.Places(); got != 1 {
				t.Errorf("%d places after many refusals", got)
			}
		})
	}
}

// TestGivenUp: who stops to wait leaves its place to the next.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		var flying []time.Time
		for range First {
			sent, _ := l.Acquire(t.Context())
			flying = append(flying, sent)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Acquire(ctx); err == nil {
			t.Error("a place beyond the window")
		}
		done := false
		go func() {
			sent, err := l.Acquire(t.Context())
			done = err == nil
			l.Release(sent, Answer{Failed: true})
		}()
		synctest.Wait()
		for _, sent := range flying {
			l.Release(sent, Answer{Failed: true})
		}
		synctest.Wait()
		if !done || l.inFlight != 0 || len(l.queue) != 0 {
			t.Errorf("done %t, %d in flight, %d waiting", done, l.inFlight, len(l.queue))
		}
	})
}

func TestPauses(t *testing.T) {
	for _, tt := range []struct {
		code  int
		after string
		want  time.Duration
	}{
		{http.StatusTooManyRequests, "1", time.Second},
		{http.StatusServiceUnavailable, "2", 2 * time.Second},
		{http.StatusTooManyRequests, "", 0}, // of a webhook
		{http.StatusTooManyRequests, "soon", 0},
		{http.StatusTooManyRequests, "-1", 0},
		{http.StatusTooManyRequests, "999999999", time.Hour},
		{http.StatusOK, "1", 0},
		{http.StatusConflict, "1", 0},
	} {
		resp := &http.Response{StatusCode: tt.code, Header: http.Header{}}
		if tt.after != "" {
			resp.Header.Set("Retry-After", tt.after)
		}
		if got := pause(resp); got != tt.want {
			t.Errorf("%d, %q: %s", tt.code, tt.after, got)
		}
	}
}
