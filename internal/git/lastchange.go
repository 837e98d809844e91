// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"path"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
)

// LastChange returns the newest commit that gave a file or folder the content that it has in tip: tip itself, or one
// before it along first parents, so that a merge stands for what it brought in. It looks at no more than n commits; ok
// is false if the content is older than those, or the history is not known further. It receives commits and folders
// only. Errors are those of Fetch.
func (r *Repository) LastChange(ctx context.Context, tip Hash, name string, n int) (c Commit, ok bool, err error) {
	set, err := r.history(ctx, tip, n)
	if err != nil {
		return Commit{}, false, err
	}
	var want plumbing.Hash
	for i, at := 0, tip.plumbing(); i < n; i++ {
		next, raw, err := commitIn(set, at)
		if err != nil {
			return Commit{}, false, nil // it is not known further
		}
		have, err := entryAt(set, raw.TreeHash, name)
		switch {
		case err != nil:
			return Commit{}, false, fmt.Errorf("read commit %s: %w", next.Hash.Short(), err)
		case i == 0:
			want = have
		case have != want:
			return c, true, nil
		}
		if c = next; len(raw.ParentHashes) == 0 {
			return c, true, nil
		}
		at = raw.ParentHashes[0]
	}
	return Commit{}, false, nil
}

// entryAt returns the hash of a file or folder; zero if the tree has none of this name.
func entryAt(set objects.Set, tree plumbing.Hash, name string) (plumbing.Hash, error) {
	dir, err := objects.Subtree(set, tree, path.Dir(name))
	if err != nil || dir.IsZero() || name == "." {
		return dir, err
	}
	entries, err := objects.Tree(set, dir)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if i := objects.Index(entries, path.Base(name)); i >= 0 {
		return entries[i].Hash, nil
	}
	return plumbing.ZeroHash, nil
}
