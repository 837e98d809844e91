// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
)

// RewrittenError means that a branch lost a commit that was accepted before: it was reset, or history was rewritten.
type RewrittenError struct {
	Commit Hash // the new tip
	Lost   Hash // the commit that was accepted before
}

// Error names both commits.
func (e *RewrittenError) Error() string {
	return fmt.Sprintf("the branch was rewritten: commit %s does not contain commit %s, which was accepted before",
		e.Commit.Short(), e.Lost.Short())
}

// Hint says how to take changes back, and how to accept the new history.
func (e *RewrittenError) Hint() string {
	return fmt.Sprintf("push a commit on top of %s (git revert takes changes back); or, if the new history is meant, set "+
		"source.rewritten to accept until it is carried out", e.Lost.Short())
}

// Contains reports whether a commit is ancestor, or has it in its history. Unless that is known from what was fetched,
// it asks the server for what leads from ancestor to the commit, and more of it each time, until it meets ancestor or
// nothing more comes. The error is ErrTooLarge where that is too far, or one of Fetch: a commit of which nothing is
// known does not count as contained.
func (r *Repository) Contains(ctx context.Context, c Commit, ancestor Hash) (bool, error) {
	if c.Hash == ancestor {
		return true, nil
	}
	tip, old := c.Hash.plumbing(), ancestor.plumbing()
	if r.known.Descends(tip, old) {
		return true, nil
	}
	received := -1
	for _, depth := range historySteps {
		pack, err := r.between(ctx, tip, old, depth)
		switch {
		case errors.Is(err, remote.ErrForgotten): // the server does not have ancestor: nothing of it contains it
			return false, nil
		case err != nil:
			return false, err
		case ancestry.Descends(pack, tip, old):
			return true, nil
		case len(pack) == received:
			return false, nil
		}
		received = len(pack)
	}
	return false, limits.TooLarge("", "more than %d commits between %s and %s", historySteps[len(historySteps)-1],
		ancestor.Short(), c.Hash.Short())
}

// between receives the commits that lead from old to tip, at most a number of generations.
func (r *Repository) between(ctx context.Context, tip, old plumbing.Hash, depth int) (objects.Set, error) {
	return r.receive(ctx, remote.Want{
		Tips:    []plumbing.Hash{tip},
		Depth:   depth,
		Have:    &remote.Have{Commit: old},
		NoFiles: true,
	})
}

// Newest returns the newest commit of the branch that matches, along first parents. ok is false where none does, or the
// branch does not exist. Errors are those of Fetch.
func (b *Branch) Newest(ctx context.Context, match func(Commit) bool) (found Commit, ok bool, err error) {
	v, err := b.tracker.fetch(ctx)
	if isMissing(err) {
		return Commit{}, false, nil
	}
	if err != nil {
		return Commit{}, false, err
	}
	var set objects.Source = v.store
	for _, depth := range historySteps {
		found, ok, whole := newest(set, v.have.Commit, match)
		if ok || whole {
			return found, ok, nil
		}
		up, err := b.tracker.remote.OpenUpload(ctx)
		if err != nil {
			return Commit{}, false, err
		}
		set, err = up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{v.have.Commit}, Depth: depth, NoFiles: true})
		up.Close()
		if err != nil {
			return Commit{}, false, err
		}
	}
	found, ok, _ = newest(set, v.have.Commit, match)
	return found, ok, nil
}

// newest is Newest for the commits of a set; whole reports whether the set has all of them.
func newest(set objects.Source, tip plumbing.Hash, match func(Commit) bool) (found Commit, ok, whole bool) {
	for at := tip; ; {
		c, raw, err := commitIn(set, at)
		if err != nil {
			return Commit{}, false, false
		}
		if match(c) {
			return c, true, true
		}
		if len(raw.ParentHashes) == 0 {
			return Commit{}, false, true
		}
		at = raw.ParentHashes[0]
	}
}
