// SPDX-License-Identifier: Apache-2.0

package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// factsEvery is the shortest time between two plans of a pull request of which only facts differ: what is live changes
// often, and a plan costs time. It is our choice.
const factsEvery = 5 * time.Minute

// maxOpen is the number of open pull requests that are reviewed, those with the highest numbers. It is our choice, so
// that no one fills the memory of syncer, and the limits of the forge, by opening many.
const maxOpen = 500

// maxInRow is after how many failures in a row the other pull requests wait for the next Pass: a forge that does not
// answer takes the time of a whole request for each. It is our choice.
const maxInRow = 3

// Pass looks once at the open pull requests, reviews those that are due, and follows what was merged. Without a change
// it makes one conditional request. more reports that a hint interrupted it. The errors of several pull requests are
// joined; a *LimitError ends the Pass.
func (r *Reviewer) Pass(ctx context.Context) (more bool, err error) {
	defer func() {
		r.count(func(s *Stats) {
			s.Open, s.Err = len(r.open), err
			if err == nil {
				s.LastSuccess, s.PausedUntil = time.Now(), time.Time{}
			}
		})
	}()
	gone, err := r.list(ctx)
	if r.failed = err != nil; err != nil {
		return false, err
	}
	errs := []error{r.afterMerge(ctx, gone)}
	basis, err := r.options.Planner.Basis(ctx)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil: // a plan of a new head says so; the others stay
		errs = append(errs, fmt.Errorf("read the target: %w", err))
	default:
		r.basis = basis
	}
	more, one := r.reviewDue(ctx)
	err = errors.Join(errs...)
	if all := errors.Join(err, one); stops(ctx, all) {
		return more, all
	}
	r.failed = err != nil
	return more, errors.Join(err, one, r.follower.follow(ctx))
}

// stops reports whether an error is about all requests to the forge.
func stops(ctx context.Context, err error) bool {
	var limit *LimitError
	return errors.As(err, &limit) || ctx.Err() != nil
}

// list asks for the open pull requests. It returns those that were open before and no longer are.
func (r *Reviewer) list(ctx context.Context) (gone []int, err error) {
	list, changed, err := r.options.Forge.OpenPullRequests(ctx, r.options.Target)
	if err != nil {
		return nil, fmt.Errorf("list pull requests: %w", err)
	}
	if changed {
		now := map[int]PullRequest{}
		if len(list) > maxOpen {
			r.report("read all pull requests", fmt.Errorf("%d are open, and only the last %d are reviewed", len(list), maxOpen))
			list = list[len(list)-maxOpen:]
		}
		for _, pr := range list {
			now[pr.Number] = pr
		}
		for number := range r.open {
			if _, still := now[number]; !still {
				r.closed[number] = true
			}
		}
		for number := range now {
			delete(r.closed, number) // it was opened again
		}
		r.open = now
	}
	for number := range r.closed {
		gone = append(gone, number)
	}
	slices.Sort(gone)
	return gone, nil
}

// afterMerge finds out what became of pull requests that are no longer open. One that cannot be read is asked for again
// in the next Pass.
func (r *Reviewer) afterMerge(ctx context.Context, gone []int) error {
	var errs []error
	for _, number := range gone {
		pr, err := r.options.Forge.PullRequest(ctx, number)
		if err != nil && !errors.Is(err, ErrNotFound) {
			errs = append(errs, fmt.Errorf("pull request %d: %w", number, err))
			if stops(ctx, err) {
				break
			}
			continue
		}
		delete(r.closed, number)
		delete(r.said, number)
		if err == nil && !pr.Open && pr.Merged != "" && pr.Target == r.options.Target {
			r.follower.merged(pr.Merged, time.Now())
		}
	}
	return errors.Join(errs...)
}

// reviewDue reviews the pull requests that are due: new heads first, then those that have waited longest. After a hint
// it stops, so that a new pull request does not wait for the others.
func (r *Reviewer) reviewDue(ctx context.Context) (more bool, err error) {
	now := time.Now()
	due := []PullRequest{}
	for _, pr := range r.open {
		if r.due(pr, now) {
			due = append(due, pr)
		}
	}
	slices.SortFunc(due, func(a, b PullRequest) int {
		x, y := r.said[a.Number], r.said[b.Number]
		return cmp.Or(
			cmp.Compare(rank(x.head == a.Head), rank(y.head == b.Head)),
			x.at.Compare(y.at),
			cmp.Compare(a.Number, b.Number),
		)
	})
	var errs []error
	inRow := 0
	for i, pr := range due {
		if i > 0 && len(r.hints) > 0 {
			return true, errors.Join(errs...)
		}
		if inRow == maxInRow {
			return false, errors.Join(errs...)
		}
		err := r.reviewOne(ctx, pr)
		if inRow++; err == nil {
			inRow = 0
		}
		more = more || r.open[pr.Number].Head != pr.Head
		if stops(ctx, err) {
			return false, errors.Join(append(errs, err)...)
		}
		errs = append(errs, err)
	}
	return more, errors.Join(errs...)
}

// rank is 0 for a new head, which goes first.
func rank(known bool) int {
	if known {
		return 1
	}
	return 0
}

// due reports whether the plan of a pull request may differ from what it was told.
func (r *Reviewer) due(pr PullRequest, now time.Time) bool {
	last, known := r.said[pr.Number]
	switch {
	case !known || last.head != pr.Head:
		return true
	case last.failed > 0:
		return !now.Before(last.retry)
	case last.basis.Tip != r.basis.Tip:
		return true
	case last.basis.Facts != r.basis.Facts:
		return now.Sub(last.at) >= factsEvery
	}
	return false
}

// reviewOne reviews a pull request, and notes when it is due again.
func (r *Reviewer) reviewOne(ctx context.Context, pr PullRequest) error {
	basis := r.basis
	last, known := r.said[pr.Number]
	pending := !known || !last.told || last.head != pr.Head || last.basis.Tip != basis.Tip
	result, err := r.review(ctx, pr, pending)
	if stops(ctx, err) {
		return err
	}
	if result.Skipped != "" {
		delete(r.said, pr.Number)
		if r.skips(result.PullRequest) == "" {
			r.open[pr.Number] = result.PullRequest
		}
		return err
	}
	now := time.Now()
	next := said{head: pr.Head, basis: basis, at: now}
	if err != nil || result.State == Trouble {
		if last.head == pr.Head {
			next.failed = last.failed
		}
		next.failed++
		next.retry = now.Add(backoff(r.options.Interval, next.failed-1))
	}
	next.told = result.told
	r.said[pr.Number] = next
	r.count(func(s *Stats) { s.Reviews[result.State]++ })
	if err == nil {
		r.options.Log.Info("reviewed pull request", "number", pr.Number, "commit", short(pr.Head),
			"state", string(result.State), "verdict", result.Line)
	}
	return err
}
