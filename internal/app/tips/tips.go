// SPDX-License-Identifier: Apache-2.0

package tips

import (
	"context"
	"time"

	"syncer.dev/syncer/internal/git"
)

// Tips lets the loops of several clusters share the fetches of one repository. A tip that a fetch of another loop has
// returned lately is good enough for a poll; after a hint that the repository has changed, it is not.
type Tips struct {
	fetch func(context.Context) (git.Commit, error)
	lasts time.Duration // for which a tip is good enough
	found func()        // is called after a fetch has returned another tip than the one before

	turn  chan struct{} // holds one token: the caller that has it may fetch, and owns what follows
	at    time.Time     // before the last fetch; zero: none counts
	known git.Commit
}

// New returns the tips of a branch that each loop polls at an interval. found is called after a fetch has returned
// another tip than the one before; it must not block.
func New(fetch func(context.Context) (git.Commit, error), interval time.Duration, found func()) *Tips {
	t := &Tips{fetch: fetch, lasts: interval / 2, found: found, turn: make(chan struct{}, 1)}
	t.turn <- struct{}{}
	return t
}

// Fetch returns the tip.
func (t *Tips) Fetch(ctx context.Context) (git.Commit, error) {
	select {
	case <-ctx.Done():
		return git.Commit{}, ctx.Err()
	case <-t.turn:
	}
	defer func() { t.turn <- struct{}{} }()
	began := time.Now()
	if !t.at.IsZero() && began.Sub(t.at) < t.lasts {
		return t.known, nil
	}
	commit, err := t.fetch(ctx)
	if err != nil {
		return commit, err
	}
	other := commit.Hash != t.known.Hash
	t.at, t.known = began, commit
	if other {
		t.found()
	}
	return commit, nil
}

// Expire makes the next call of Fetch ask the server.
func (t *Tips) Expire(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-t.turn:
		t.at = time.Time{}
		t.turn <- struct{}{}
	}
}
