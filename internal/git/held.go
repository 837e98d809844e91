// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"maps"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
)

// Held is what the writer of a folder knows to be in it: what it has read, or committed, last. The zero value is of one
// that knows nothing. Only one goroutine may use it.
type Held struct {
	tree  plumbing.Hash // of the folder
	known bool
}

// Patch is a Change of a folder by a writer that knows what is in it.
type Patch struct {
	Held *Held // nil for nothing
	// Files are those that differ from what is held, by path relative to the folder; nil for each that is to go.
	Files map[string][]byte
	// All makes all files of the folder, for one in which something else is than what is held.
	All func() map[string][]byte
}

// ReadHeld is Read for the writer of the folder.
func (b *Branch) ReadHeld(ctx context.Context, dir string, held *Held) (files map[string][]byte, tip Hash, err error) {
	files, v, whole, err := b.read(ctx, dir)
	if err != nil {
		return nil, "", err
	}
	*held = Held{}
	if v == nil {
		return files, "", nil
	}
	if tree, err := objects.Subtree(v.store, v.commit.Tree.plumbing(), dir); err == nil && whole {
		*held = Held{tree, true}
	}
	return files, v.commit.Hash, nil
}

// serves reports whether the patch makes of the folder on base what its writer wants.
func (p *Patch) serves(base *version, dir string) bool {
	if p.Held == nil || !p.Held.known || base.have.Commit == plumbing.ZeroHash {
		return false
	}
	tree, err := objects.Subtree(base.store, base.commit.Tree.plumbing(), dir)
	return err == nil && tree == p.Held.tree
}

// names yields the paths of the files that the Change knows of.
func (c Change) names(yield func(string) bool) {
	for name := range maps.Keys(c.Files) {
		if !yield(name) {
			return
		}
	}
	if c.Patch != nil {
		for name := range maps.Keys(c.Patch.Files) {
			if !yield(name) {
				return
			}
		}
	}
}

// committed tells the writer of a patch which tree its folder is on the branch now, in the root tree.
func (c Change) committed(root plumbing.Hash, from ...objects.Source) {
	if c.hold == nil {
		return
	}
	tree, err := objects.Subtree(objects.Layers(from), root, c.Dir)
	*c.hold = Held{tree, err == nil}
}
