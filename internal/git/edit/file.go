// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// File returns a root tree with a file of this name and content at its top, beside what root has. It adds to fresh what
// is new, as Folder does; root may be among fresh itself, and is dropped from there if it is replaced.
func File(
	base objects.Source, root plumbing.Hash, name string, content []byte, fresh objects.Set,
) (plumbing.Hash, error) {
	l := layer{base: objects.Layers{fresh, base}, fresh: fresh}
	entries, err := l.entries(root)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	i := objects.Index(entries, name)
	var old plumbing.Hash
	if i >= 0 {
		if entries[i].Mode == filemode.Dir {
			return plumbing.ZeroHash, fmt.Errorf("%s is a folder there", name)
		}
		old = entries[i].Hash
		entries = slices.Delete(slices.Clone(entries), i, i+1)
	}
	blob, err := l.blob(old, content)
	if err != nil || blob == old {
		return root, err
	}
	entries = append(entries, object.TreeEntry{Name: name, Mode: filemode.Regular, Hash: blob})
	tree, err := l.tree(root, entries)
	if err == nil && tree != root {
		delete(fresh, root)
	}
	return tree, err
}
