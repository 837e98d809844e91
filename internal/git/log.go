// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
)

// Log returns a commit and those before it along first parents, the newest first, at most n. It receives commits and
// folders only. Errors are those of Fetch.
func (r *Repository) Log(ctx context.Context, tip Hash, n int) ([]Commit, error) {
	set, err := r.history(ctx, tip, n)
	if err != nil {
		return nil, err
	}
	var out []Commit
	for at := tip.plumbing(); len(out) < n; {
		c, raw, err := commitIn(set, at)
		if err != nil {
			if len(out) == 0 {
				return nil, fmt.Errorf("read commit %s: %w", tip.Short(), err)
			}
			return out, nil // the history ends here, or is not known further
		}
		out = append(out, c)
		if len(raw.ParentHashes) == 0 {
			return out, nil
		}
		at = raw.ParentHashes[0]
	}
	return out, nil
}

// history receives a commit and n-1 before it, with their folders.
func (r *Repository) history(ctx context.Context, tip Hash, n int) (objects.Set, error) {
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	set, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{tip.plumbing()}, Depth: n, NoFiles: true})
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", tip.Short(), r.remote.Explain(err))
	}
	return set, nil
}
