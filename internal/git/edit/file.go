// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"bytes"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/objects"
)

// File returns a root tree with a file of this name and content at its top, beside what root has. It adds to fresh what
// is new, as Folder does; root may be among fresh itself, and is dropped from there if it is replaced.
func File(
	base objects.Source, root plumbing.Hash, name string, content []byte, fresh objects.Set,
) (plumbing.Hash, error) {
	l := layer{base: objects.Layers{fresh, base}, fresh: fresh}
	before, err := l.tree(root)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	s := splice{before: before}
	blob := objects.New(plumbing.BlobObject, bytes.Clone(content))
	if e, found := find(before, name); found {
		if e.IsFolder() {
			return plumbing.ZeroHash, fmt.Errorf("%s is a folder there", name)
		}
		if e.Hash() == blob.Hash() {
			return root, nil
		}
		s.drop(e)
	}
	s.add(entry{name, filemode.Regular, fresh.Add(blob)})
	tree := l.put(root, &s)
	if tree != root {
		delete(fresh, root)
	}
	return tree, nil
}
