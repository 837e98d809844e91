// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/objects"
)

// A tracker holds the newest known version of one branch: its tip, and all objects of the tip's tree.
type tracker struct {
	remote *remote
	branch string // "" for the server's default

	update  sync.Mutex // held while the version is being replaced; readers need not wait for it
	current atomic.Pointer[version]
}

// version is a commit with its files. It is immutable.
type version struct {
	branch string
	commit Commit
	have   have
	set    objects.Set
	// partial says that the server left large files out of set.
	partial bool
}

func (r *remote) newVersion(branch string, tip plumbing.Hash, partial bool, from ...objects.Set) (*version, error) {
	set, err := reachable(tip, partial, r.limits.inflated(), from...)
	if err != nil {
		return nil, err
	}
	c, raw, err := commitIn(set, tip)
	if err != nil {
		return nil, err
	}
	have := have{tip, raw.Committer.When}
	return &version{branch: branch, commit: c, have: have, set: set, partial: partial}, nil
}

// fetch moves the tracker to the branch's tip. It costs one request and no object if the branch did not move.
func (t *tracker) fetch(ctx context.Context) (*version, error) {
	t.update.Lock()
	defer t.update.Unlock()
	up, err := t.remote.openUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.close()
	tip, branch, err := t.remote.tip(up.adv, t.branch)
	if err != nil {
		return nil, err
	}
	return t.advance(ctx, up, branch, tip)
}

// fetchTip is fetch for a caller that has just read the tip of the branch. t.update must be held.
func (t *tracker) fetchTip(ctx context.Context, tip plumbing.Hash) (*version, error) {
	if v := t.current.Load(); v != nil && v.have.commit == tip {
		return v, nil
	}
	up, err := t.remote.openUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.close()
	// The branch may have moved again since.
	tip, branch, err := t.remote.tip(up.adv, t.branch)
	if err != nil {
		return nil, err
	}
	return t.advance(ctx, up, branch, tip)
}

func (t *tracker) advance(ctx context.Context, up *upload, branch string, tip plumbing.Hash) (*version, error) {
	old := t.current.Load()
	if old != nil && old.have.commit == tip && old.branch == branch {
		if old.commit.Forced { // reported once
			unforced := *old
			unforced.commit.Forced = false
			t.current.Store(&unforced)
			old = &unforced
		}
		return old, nil
	}
	var next *version
	var err error
	if old == nil {
		next, err = t.clone(ctx, up, branch, tip)
	} else {
		next, err = t.increment(ctx, up, old, branch, tip)
		if err != nil && ctx.Err() == nil {
			next, err = t.heal(ctx, old, err)
		}
	}
	if err != nil {
		return nil, err
	}
	t.current.Store(next)
	return next, nil
}

// heal clones again after an incremental fetch failed.
func (t *tracker) heal(ctx context.Context, old *version, why error) (*version, error) {
	up, err := t.remote.openUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.close()
	tip, branch, err := t.remote.tip(up.adv, t.branch)
	if err != nil {
		return nil, err
	}
	next, err := t.clone(ctx, up, branch, tip)
	if err != nil {
		return nil, err
	}
	next.commit.Forced = errors.Is(why, errForgotten) || t.rewritten(ctx, old, tip)
	return next, nil
}

// clone receives the tip alone.
func (t *tracker) clone(ctx context.Context, up *upload, branch string, tip plumbing.Hash) (*version, error) {
	pack, err := up.receive(ctx, want{tips: []plumbing.Hash{tip}, depth: 1})
	if err != nil {
		return nil, err
	}
	v, err := t.remote.newVersion(branch, tip, up.partial(), pack)
	return v, t.remote.unreachable(ctx, "receive pack", err)
}

// increment receives the objects that are newer than old.
func (t *tracker) increment(
	ctx context.Context,
	up *upload,
	old *version,
	branch string,
	tip plumbing.Hash,
) (*version, error) {
	pack, err := up.receive(ctx, want{tips: []plumbing.Hash{tip}, have: &old.have})
	if err != nil {
		return nil, err
	}
	next, err := t.remote.newVersion(branch, tip, up.partial() || old.partial, pack, old.set)
	if err != nil {
		return nil, err
	}
	next.commit.Forced = !ancestry.Descends(pack, tip, old.have.commit) && t.rewritten(ctx, old, tip)
	return next, nil
}

// maxSlow is how many commits of machines with slow clocks may follow each other and still be known for what they are.
const maxSlow = 100

// rewritten reports whether old is not among the ancestors of tip. A pack that was asked for by time does not tell: it
// ends before a commit whose clock was slow. This one is asked for by number, and is as if we had all of old's history:
// what comes is only what leads from old to tip. Where the server does not answer, or with more than is allowed,
// nothing is claimed.
func (t *tracker) rewritten(ctx context.Context, old *version, tip plumbing.Hash) bool {
	up, err := t.remote.openUpload(ctx)
	if err != nil {
		return false
	}
	defer up.close()
	pack, err := up.receive(ctx, want{tips: []plumbing.Hash{tip}, have: &old.have, depth: maxSlow})
	if err != nil {
		return errors.Is(err, errForgotten)
	}
	return !ancestry.Descends(pack, tip, old.have.commit)
}

// adopt makes a commit that was just pushed the current version, without asking the server. t.update must be held.
func (t *tracker) adopt(branch string, tip plumbing.Hash, partial bool, from ...objects.Set) error {
	v, err := t.remote.newVersion(branch, tip, partial, from...)
	if err == nil {
		t.current.Store(v)
	}
	return err
}

// isMissing reports whether the branch, or any commit, does not exist yet.
func isMissing(err error) bool {
	return errors.Is(err, ErrBranchNotFound) || errors.Is(err, ErrEmptyRepository)
}
