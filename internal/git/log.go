// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
)

// Log returns a commit and those before it along first parents, the newest first, at most n. What is not known already
// is received: commits only, where the server can leave out the rest. Errors are those of Fetch.
func (r *Repository) Log(ctx context.Context, tip Hash, n int) ([]Commit, error) {
	at := tip.plumbing()
	if out, whole := alongFirst(at, n, r.known.Commit); whole {
		return out, nil
	}
	set, err := r.before(ctx, at, n)
	if err != nil {
		return nil, err
	}
	out, _ := alongFirst(at, n, func(h plumbing.Hash) *object.Commit {
		if c, err := objects.Commit(set, h); err == nil {
			return c
		}
		return r.known.Commit(h)
	})
	if len(out) == 0 {
		return nil, fmt.Errorf("read commit %s: %w", tip.Short(), objects.ErrMissing)
	}
	r.known.Learn(set, at)
	return out, nil
}

// alongFirst returns the commits that find knows along first parents, the newest first, at most n. whole reports
// whether these are all: the others were not found.
func alongFirst(at plumbing.Hash, n int, find func(plumbing.Hash) *object.Commit) (out []Commit, whole bool) {
	for len(out) < n {
		c := find(at)
		if c == nil {
			return out, false
		}
		if out = append(out, commitOf(c)); len(c.ParentHashes) == 0 {
			return out, true
		}
		at = c.ParentHashes[0]
	}
	return out, true
}

// before receives the n-1 commits before tip, and tip itself if it is not known. Of a server that cannot leave out
// files, it asks for what tip has not: that is what the older commits changed, instead of the whole tree.
func (r *Repository) before(ctx context.Context, tip plumbing.Hash, n int) (objects.Set, error) {
	want := remote.Want{Tips: []plumbing.Hash{tip}, Depth: n, CommitsOnly: true}
	if r.known.Commit(tip) != nil {
		deeper := want
		deeper.Have, deeper.Deepen = &remote.Have{Commit: tip}, true
		for _, v := range r.held() {
			if v.have.Commit == tip {
				deeper.Base = v.store
			}
		}
		if set, err := r.receive(ctx, deeper); err == nil || ctx.Err() != nil {
			return set, err
		}
	}
	set, err := r.receive(ctx, want)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", hashOf(tip).Short(), r.remote.Explain(err))
	}
	return set, nil
}

// receive asks for objects in a session of its own.
func (r *Repository) receive(ctx context.Context, want remote.Want) (objects.Set, error) {
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	return up.Receive(ctx, want)
}

// history receives a commit and n-1 before it, with their folders.
func (r *Repository) history(ctx context.Context, tip Hash, n int) (objects.Set, error) {
	set, err := r.receive(ctx, remote.Want{Tips: []plumbing.Hash{tip.plumbing()}, Depth: n, NoFiles: true})
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", tip.Short(), r.remote.Explain(err))
	}
	return set, nil
}
