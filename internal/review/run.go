// SPDX-License-Identifier: Apache-2.0

package review

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/redact"
)

// The times are our choice. A flood of hints causes a look in each minGap at most. A LimitError pauses for at least
// minPause, even if its time is over, and for at most maxPause: forges ask for an hour at most, and a wrong clock must
// not stop reviews for good. The wait after other errors doubles up to maxBackoff.
const (
	minGap     = 500 * time.Millisecond
	minPause   = 5 * time.Second
	maxPause   = 2 * time.Hour
	maxBackoff = 10 * time.Minute
)

// Run looks at the open pull requests once in each interval, and at once after a hint, until ctx is done. An error of
// the forge, of Git or of a plan is logged and tried again; none ends Run.
func (r *Reviewer) Run(ctx context.Context) {
	failed := 0
	for ctx.Err() == nil {
		more, err := r.Pass(ctx)
		if ctx.Err() != nil {
			return
		}
		wait, deaf := r.options.Interval, false
		switch limit := (*LimitError)(nil); {
		case errors.As(err, &limit):
			wait, deaf = pause(limit.Until), true
			r.count(func(s *Stats) { s.PausedUntil = time.Now().Add(wait) })
		case r.failed: // single pull requests and merged commits have times of their own
			failed++
			wait = backoff(r.options.Interval, failed)
		default:
			failed = 0
			wait = jitter(wait)
			if more {
				wait = minGap
			}
		}
		r.report("look at the pull requests", err)
		if !r.wait(ctx, wait, deaf) {
			return
		}
	}
}

// wait waits until the next look, and follows commits meanwhile. It returns false if ctx ends. deaf means that hints do
// not shorten it.
func (r *Reviewer) wait(ctx context.Context, d time.Duration, deaf bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	gap := time.NewTimer(minGap)
	defer gap.Stop()
	hints, progress := r.hints, r.progress
	if deaf {
		hints, progress = nil, nil
	}
	hinted, ready := false, false
	for !hinted || !ready {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-gap.C:
			ready = true
		case <-hints:
			hinted = true
		case <-progress:
			err := r.follower.follow(ctx)
			r.report("follow merged commits", err)
			if limit := (*LimitError)(nil); errors.As(err, &limit) {
				return r.wait(ctx, pause(limit.Until), true)
			}
		}
	}
	return true
}

// report logs an error once, until it changes or ends.
func (r *Reviewer) report(doing string, err error) {
	if err == nil {
		if r.logged[doing] != "" {
			delete(r.logged, doing)
			r.options.Log.Info("the forge answers again", "step", doing)
		}
		return
	}
	if errors.Is(err, context.Canceled) {
		return
	}
	r.count(func(s *Stats) { s.Failures++ })
	text := err.Error()
	if limit := (*LimitError)(nil); errors.As(err, &limit) {
		text = limit.Err.Error() // its time changes with each answer
	}
	if r.logged[doing] != text {
		r.logged[doing] = text
		r.options.Log.Log(context.Background(), slog.LevelWarn, "reviews are delayed, and syncer tries again",
			"step", doing, "error", diag.Redacted(err, redact.Text))
	}
}

// pause returns how long to wait for the end of a rate limit, and a tenth more at random: several processes share one
// limit.
func pause(until time.Time) time.Duration {
	d := min(max(time.Until(until), minPause), maxPause)
	return d + time.Duration(float64(d)*0.1*rand.Float64())
}

// backoff returns the wait after a number of errors in a row.
func backoff(interval time.Duration, failed int) time.Duration {
	d := max(interval, time.Second)
	for range min(failed, 16) {
		d = min(2*d, max(maxBackoff, interval))
	}
	return jitter(d)
}

// jitter spreads d by a tenth either way.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
