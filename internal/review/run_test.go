// SPDX-License-Identifier: Apache-2.0

package review_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/review"
)

// running runs a Reviewer until the end of the test.
func (o *office) running(t *testing.T, change ...func(*review.Options)) *review.Reviewer {
	r := o.reviewer(change...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	synctest.Wait()
	return r
}

// TestRun: one conditional request in each interval, and a review within a second of a hint.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		r := o.running(t)
		asked, _ := o.forge.Lists()
		after(1000 * interval)
		if now, _ := o.forge.Lists(); now-asked < 900 || now-asked > 1115 {
			t.Errorf("%d lists in 1000 intervals", now-asked)
		}
		if o.forge.Writes() != 0 {
			t.Errorf("%d writes", o.forge.Writes())
		}
		number := o.forge.Open("main")
		r.Hint()
		after(time.Second)
		if s := o.planStatus(o.head(number)); s.State != review.Success {
			t.Errorf("a second after the hint: %+v", s)
		}
	})
}

// TestHints: a flood of hints is not a flood of requests.
func TestHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		r := o.running(t)
		before := o.forge.Reads()
		for range 10_000 {
			r.Hint()
			after(time.Millisecond)
		}
		if got := o.forge.Reads() - before; got > 21 {
			t.Errorf("%d requests in 10 s of hints", got)
		}
	})
}

// TestRateLimit: until the forge allows it, there is no request, with hints or without.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		r := o.running(t)
		number := o.forge.Open("main")
		until := time.Now().Add(30 * time.Minute)
		o.forge.Limit(until)
		r.Hint()
		after(time.Second)
		before := o.forge.Reads()
		if !r.Stats().PausedUntil.After(until.Add(-time.Second)) {
			t.Errorf("paused until %s, want %s", r.Stats().PausedUntil, until)
		}
		for time.Now().Before(until) {
			r.Hint()
			r.Progressed()
			after(10 * time.Second)
		}
		if got := o.forge.Reads() - before; got != 0 {
			t.Errorf("%d requests in the pause", got)
		}
		after(4 * time.Minute) // a tenth of the pause
		if s := o.planStatus(o.head(number)); s.State != review.Success {
			t.Errorf("after the pause: %+v", s)
		}
		if paused := r.Stats().PausedUntil; !paused.IsZero() {
			t.Errorf("still paused until %s", paused)
		}
	})
}

// TestWrongLimit: neither a time in the past nor one in a far future makes a hot loop or a stop.
func TestWrongLimit(t *testing.T) {
	for name, until := range map[string]time.Duration{"past": -time.Hour, "future": 1000 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.forge.Fail(&review.LimitError{Until: time.Now().Add(until), Err: errors.New("429")})
				o.running(t)
				after(10 * time.Hour)
				if got := o.forge.Reads(); got < 4 || got > 7200 {
					t.Errorf("%d requests in 10 hours", got)
				}
			})
		})
	}
}

// TestOutage: after errors the requests become rare, and what was missed is done after the outage.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.forge.Fail(errors.New("503"))
		r := o.running(t)
		number := o.forge.Open("main")
		after(10 * time.Hour)
		if got := o.forge.Reads(); got < 50 || got > 80 {
			t.Errorf("%d requests in 10 hours", got)
		}
		if stats := r.Stats(); stats.Err == nil || stats.Failures == 0 {
			t.Errorf("%+v", stats)
		}
		o.forge.Fail(nil)
		after(11 * time.Minute)
		if s := o.planStatus(o.head(number)); s.State != review.Success {
			t.Errorf("after the outage: %+v", s)
		}
	})
}

// TestLostAnswers: every write whose answer gets lost is made good.
func TestLostAnswers(t *testing.T) {
	for lost := 1; lost <= 6; lost++ {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t)
			number := o.forge.Open("main")
			o.forge.LoseAnswers(lost)
			o.running(t)
			after(3 * time.Hour)
			if s := o.planStatus(o.head(number)); s.State != review.Success || o.comment(number) == "" {
				t.Errorf("%d lost answers: %+v", lost, s)
			}
		})
	}
}

// TestTrouble: the Reviewer retries a plan that fails, and the others do not wait.
func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		bad := o.forge.Open("main")
		o.planErr = errors.New("the cluster is away")
		o.running(t)
		after(10 * time.Hour)
		if got := len(o.planned()); got < 50 || got > 80 {
			t.Errorf("%d plans in 10 hours", got)
		}
		if got := o.forge.Writes(); got != 3 {
			t.Errorf("%d writes for pending, a comment and a status", got)
		}
		reset := func(review.PullRequest) {
			o.set(func() {
				o.planErr = fmt.Errorf("read tcp 10.0.0.7:%d->10.0.0.1:443: connection reset by peer", 40000+len(o.plans))
			})
		}
		o.set(func() { o.onPlan = reset })
		after(11 * time.Minute) // the first plan still has the error before
		after(10 * time.Hour)
		if got := o.forge.Writes(); got != 5 {
			t.Errorf("%d writes: a comment and a status more", got)
		}
		o.set(func() { o.onPlan, o.planErr = nil, nil })
		good := o.forge.Open("main")
		after(11 * time.Minute)
		for _, number := range []int{bad, good} {
			if s := o.planStatus(o.head(number)); s.State != review.Success {
				t.Errorf("#%d: %+v", number, s)
			}
		}
	})
}

// locked is a forge that refuses comments on one pull request, and all statuses of merged commits.
type locked struct {
	review.Forge
	number   int
	refused  *int // statuses of merged commits
	comments error
}

func (l locked) Comment(ctx context.Context, number int, marker, body string) (string, error) {
	if number == l.number {
		return "", l.comments
	}
	return l.Forge.Comment(ctx, number, marker, body)
}

func (l locked) SetStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	if s.Context == "syncer/demo/ready" && l.refused != nil {
		*l.refused++
		return errors.New("403")
	}
	return l.Forge.SetStatus(ctx, commit, s)
}

// TestOneRefuses: a pull request on which syncer cannot comment has a status that stays as it is, and delays no other.
func TestOneRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		number := o.forge.Open("main")
		o.running(t, func(x *review.Options) {
			x.Forge = locked{Forge: x.Forge, number: number, comments: errors.New("the conversation is locked")}
		})
		after(10 * time.Hour)
		if s := o.planStatus(o.head(number)); s.State != review.Trouble {
			t.Errorf("%+v", s)
		}
		if got := o.forge.Writes(); got != 2 {
			t.Errorf("%d writes for pending and a status", got)
		}
		other := o.forge.Open("main")
		after(2 * interval)
		if s := o.planStatus(o.head(other)); s.State != review.Success {
			t.Errorf("the other one: %+v", s)
		}
	})
}

// TestFollowRefusedByForge: the loop reports each second, and a forge that refuses is not asked each time.
func TestFollowRefusedByForge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.observe("c1", report("phi-4", "Ready", "c1"))
		refused := 0
		r := o.running(t, func(x *review.Options) { x.Forge = locked{Forge: x.Forge, refused: &refused} })
		for range 3600 {
			r.Progressed()
			after(time.Second)
		}
		if refused < 3 || refused > 12 {
			t.Errorf("%d requests in an hour", refused)
		}
		number := o.forge.Open("main")
		after(2 * interval)
		if s := o.planStatus(o.head(number)); s.State != review.Success {
			t.Errorf("a pull request waits for what merged commits are refused: %+v", s)
		}
	})
}

// TestNoAnswer: a forge that answers nothing ends a look after a few requests.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		for range 100 {
			o.forge.Open("main")
		}
		o.recErr = errors.New("timeout")
		r := o.reviewer()
		if _, err := r.Pass(t.Context()); err == nil || len(o.planned()) != 3 {
			t.Errorf("error %v", err)
		}
		if _, err := r.Pass(t.Context()); err == nil {
			t.Error("no error")
		} else if got := o.planned(); len(got) != 3 || got[0] != 4 {
			t.Errorf("the next look reviews %v", got)
		}
	})
}

// TestPanic: a pull request that makes syncer panic ends nothing but its own review, be it the plan or its text.
func TestPanic(t *testing.T) {
	for _, where := range []string{"plan", "text"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t)
			bad, good := o.forge.Open("main"), o.forge.Open("main")
			blow := func(at string, pr review.PullRequest) {
				if at == where && pr.Number == bad {
					panic("index out of range: password=hunter2hunter2")
				}
			}
			o.onPlan = func(pr review.PullRequest) { blow("plan", pr) }
			var log bytes.Buffer
			o.running(t, func(x *review.Options) {
				x.Log = slog.New(slog.NewTextHandler(&log, nil))
				render := x.Render
				x.Render = func(p plan.Plan, pr review.PullRequest, limit int) string {
					blow("text", pr)
					return render(p, pr, limit)
				}
			})
			if s := o.planStatus(o.head(bad)); s.State != review.Trouble ||
				!strings.Contains(o.comment(bad), "What merging it would change is unknown.") {
				t.Errorf("%s: %+v", where, s)
			}
			if s := o.planStatus(o.head(good)); s.State != review.Success {
				t.Errorf("%s: the other one: %+v", where, s)
			}
			if got := log.String(); !strings.Contains(got, "index out of range") || strings.Contains(got, "hunter2") {
				t.Errorf("%s: the log is %s", where, got)
			}
		})
	}
}
