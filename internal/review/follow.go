// SPDX-License-Identifier: Apache-2.0

package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/status"
)

// The bounds are our choice. A commit whose Workspaces have not changed for followFor is not looked at again after a
// restart. A merged commit that syncer does not carry out is given up after giveUp. maxCommits and maxDeployments bound
// the requests of one look; the rest follows in the next ones.
const (
	followFor      = 24 * time.Hour
	giveUp         = 7 * 24 * time.Hour
	maxCommits     = 20
	maxDeployments = 20
)

// follower sets the status "ready" of commits, and the deployments of Workspaces, by what the loop reports. The commits
// follow from the reports: each names the commit that changed its Workspace last. Only merged commits that no report
// names are remembered.
type follower struct {
	options Options
	waiting map[string]merged       // merged commits without a report, by hash
	said    map[string]CommitStatus // by commit: what the forge shows
	shown   map[string]Deployment   // by environment: what the forge shows
	listed  bool                    // the environments of an earlier process are in shown
	resumed bool                    // the commits that an earlier process may have left are in waiting

	// err is the last error, failures how many there were in a row, and retry when the forge is asked again.
	err      error
	failures int
	retry    time.Time
}

// merged is a commit that is followed without a report that names it.
type merged struct {
	since time.Time
	named bool   // reports have named it
	with  string // the commit that was carried out in its place, once one has been that contains it
}

func newFollower(o Options) follower {
	return follower{
		options: o,
		waiting: map[string]merged{},
		said:    map[string]CommitStatus{},
		shown:   map[string]Deployment{},
	}
}

// merged remembers a merged commit.
func (f *follower) merged(commit string, now time.Time) {
	if _, known := f.waiting[commit]; !known && f.options.Progress != nil {
		f.waiting[commit] = merged{since: now}
	}
}

// follow says what is true of the commits and the Workspaces now. It writes nothing if that was said already.
func (f *follower) follow(ctx context.Context) error {
	if f.options.Progress == nil {
		return nil
	}
	seen, known := f.options.Progress.Observed()
	now := time.Now()
	if now.Before(f.retry) {
		return f.err
	}
	f.err = f.all(ctx, seen, known, now)
	if f.err == nil || stops(ctx, f.err) {
		f.failures, f.retry = 0, time.Time{}
		return f.err
	}
	// The loop reports often, and a forge that refuses or does not answer is not asked each time.
	f.failures++
	f.retry = now.Add(backoff(f.options.Interval, f.failures-1))
	return f.err
}

func (f *follower) all(ctx context.Context, seen Observed, known bool, now time.Time) error {
	if !known {
		return f.commits(ctx, Observed{}, now)
	}
	err := f.resume(ctx, seen, now)
	if stops(ctx, err) {
		return err
	}
	if err = errors.Join(err, f.commits(ctx, seen, now)); stops(ctx, err) {
		return err
	}
	return errors.Join(err, f.deployments(ctx, seen))
}

// resume follows, once, the commits that an earlier process may have left pending, or that were merged while none ran.
func (f *follower) resume(ctx context.Context, seen Observed, now time.Time) error {
	if f.resumed {
		return nil
	}
	commits, err := f.options.Progress.Recent(ctx, seen.Commit, now.Add(-followFor), maxCommits)
	if err != nil {
		return fmt.Errorf("look for commits that were merged before the start: %w", err)
	}
	for _, commit := range commits {
		f.merged(commit, now)
	}
	f.resumed = true
	return nil
}

// commits sets the statuses of the commits that reports name, and of merged ones.
func (f *follower) commits(ctx context.Context, seen Observed, now time.Time) error {
	by := byCommit(seen.Reports)
	want := map[string]CommitStatus{}
	for commit, t := range by {
		if _, said := f.said[commit]; said || t.open() || now.Sub(t.last) < followFor {
			want[commit] = f.judged(commit, t.state(), t.text(), seen)
		}
	}
	for commit, s := range f.said {
		_, named := by[commit]
		if _, waits := f.waiting[commit]; !named && !waits && s.State == Pending {
			f.waiting[commit] = merged{since: now, named: true} // another commit has changed its Workspaces
		}
	}
	var errs []error
	for commit, m := range f.waiting {
		s, err := f.statusOf(ctx, commit, &m, seen, by)
		f.waiting[commit] = m
		switch {
		case stops(ctx, err):
			return err
		case err != nil:
			errs = append(errs, err)
		case now.Sub(m.since) > giveUp:
			delete(f.waiting, commit)
		default:
			want[commit] = s
		}
	}
	requests := 0
	for _, commit := range sorted(want, func(c string) time.Time { return by[c].last }) {
		s := want[commit]
		if f.said[commit] == s {
			f.over(commit, s)
			continue
		}
		if requests++; requests > maxCommits {
			break
		}
		if err := f.options.Forge.SetStatus(ctx, commit, s); err != nil {
			errs = append(errs, fmt.Errorf("set the status of commit %s: %w", short(commit), err))
			if stops(ctx, err) {
				break
			}
			continue
		}
		f.said[commit] = s
		f.over(commit, s)
	}
	for commit := range f.said {
		if _, wanted := want[commit]; !wanted {
			delete(f.said, commit)
		}
	}
	return errors.Join(errs...)
}

// over forgets a merged commit once nothing is left to wait for.
func (f *follower) over(commit string, s CommitStatus) {
	if s.State != Pending {
		delete(f.waiting, commit)
	}
}

// statusOf returns the status of a merged commit.
func (f *follower) statusOf(
	ctx context.Context, commit string, m *merged, seen Observed, by map[string]tally,
) (CommitStatus, error) {
	if t, named := by[commit]; named {
		m.named = true
		return f.judged(commit, t.state(), t.text(), seen), nil
	}
	if m.named {
		m.with = seen.Commit
	}
	if m.with == "" && seen.Commit != "" {
		contains := seen.Commit == commit
		if !contains {
			var err error
			if contains, err = f.options.Progress.Contains(ctx, seen.Commit, commit); err != nil {
				return CommitStatus{}, fmt.Errorf("look for commit %s: %w", short(commit), err)
			}
		}
		if contains {
			m.with = seen.Commit
		}
	}
	if m.with == "" {
		return f.status(Pending, "syncer has not carried it out yet"), nil
	}
	t, named := by[m.with]
	switch {
	case named:
		return f.judged(commit, t.state(), "carried out with "+short(m.with)+": "+t.text(), seen), nil
	case m.named:
		return f.status(Trouble, "later commits replaced it before it was ready"), nil
	}
	return f.judged(commit, Success, "no Workspace waits for it", seen), nil
}

// judged returns the status of a commit. One that has not succeeded yet does not while syncer cannot read all files: it
// may have brought those.
func (f *follower) judged(commit string, state State, text string, seen Observed) CommitStatus {
	if state == Success && len(seen.Errors) > 0 && f.said[commit].State != Success {
		return f.status(Trouble, fmt.Sprintf("%s, but syncer cannot read all files: %s", text,
			oneLine(seen.Errors[0].String())))
	}
	return f.status(state, text)
}

func (f *follower) status(state State, text string) CommitStatus {
	return CommitStatus{Context: "syncer/" + f.options.Cluster + "/ready", State: state, Description: text}
}

// sorted returns the keys, those with the latest time first.
func sorted[V any](m map[string]V, at func(string) time.Time) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(at(b).Compare(at(a)), strings.Compare(a, b)) })
	return keys
}

// tally counts the Workspaces of one commit.
type tally struct {
	all, ready, failed int
	first              string    // the first Workspace that is not ready, with its state or what holds it
	worse              string    // what runs of the first Workspace that is not as it was reviewed
	last               time.Time // of the transitions
}

// byCommit counts the Workspaces of each commit: the one that changed them last.
func byCommit(reports []*status.Report) map[string]tally {
	out := map[string]tally{}
	for _, r := range reports {
		commit := cmp.Or(r.DesiredCommit, r.ObservedCommit)
		if commit == "" {
			continue
		}
		t := out[commit]
		t.add(r)
		out[commit] = t
	}
	return out
}

func (t *tally) add(r *status.Report) {
	t.all++
	for _, c := range r.Conditions {
		if c.LastTransitionTime.After(t.last) {
			t.last = c.LastTransitionTime
		}
	}
	if c, ok := conditionOf(r, status.Reviewed); ok && c.Status == "False" && t.worse == "" {
		t.worse = r.Key.String() + ": " + c.Message
	}
	switch {
	case r.Failing():
		t.failed++
	case r.DesiredCommit == "" && (done(r) || suspended(r)):
		t.ready++
		return
	}
	if t.first != "" {
		return
	}
	t.first = r.Key.String() + " " + string(r.State)
	if c, ok := conditionOf(r, status.Applied); ok && c.Status == "False" && c.Message != "" {
		t.first = r.Key.String() + ": " + c.Message
	}
}

// conditionOf returns a condition of a Workspace, if it has one of that type.
func conditionOf(r *status.Report, kind string) (status.Condition, bool) {
	at := slices.IndexFunc(r.Conditions, func(c status.Condition) bool { return c.Type == kind })
	if at < 0 {
		return status.Condition{}, false
	}
	return r.Conditions[at], true
}

// done reports whether a Workspace has become what its file asks for.
func done(r *status.Report) bool { return r.State == status.Ready || r.State == status.Succeeded }

// suspended reports whether the file asks for no pods.
func suspended(r *status.Report) bool {
	return slices.ContainsFunc(r.Conditions, func(c status.Condition) bool { return c.Reason == "Suspended" })
}

// open reports whether the commit is not what it should become.
func (t tally) open() bool { return t.ready < t.all }

// state is that of a commit without Workspaces too: nothing waits for it.
func (t tally) state() State {
	switch {
	case t.failed > 0:
		return Failure
	case t.open():
		return Pending
	}
	return Success
}

func (t tally) text() string {
	noun := "Workspaces"
	if t.all == 1 {
		noun = "Workspace"
	}
	text := fmt.Sprintf("%d of %d %s ready", t.ready, t.all, noun)
	if t.failed > 0 {
		text = fmt.Sprintf("%d of %d %s failed", t.failed, t.all, noun)
	}
	if t.first != "" {
		text += ": " + oneLine(t.first)
	}
	if t.worse != "" {
		text += "; " + oneLine(t.worse)
	}
	return text
}
