// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/edit"
	"syncer.dev/syncer/internal/git/objects"
)

// layFiles returns the root tree of base with the change applied.
func layFiles(base *version, c Change, fresh objects.Set) (plumbing.Hash, error) {
	var tree plumbing.Hash
	var err error
	if root := base.commit.Tree.plumbing(); c.Patch != nil {
		tree, err = edit.Patch(base.store, root, c.Dir, c.Patch.Files, fresh)
	} else {
		tree, err = edit.Folder(base.store, root, c.Dir, c.Files, fresh)
	}
	if err != nil {
		return tree, err
	}
	return c.Index.lay(base.store, tree, fresh)
}

// writeCommit stores a commit on top of parent, which may be zero.
func writeCommit(c Change, tree, parent plumbing.Hash, fresh objects.Set) (plumbing.Hash, error) {
	who := object.Signature{Name: c.Author, Email: c.Email, When: c.When}
	commit := &object.Commit{
		Author:    who,
		Committer: who,
		TreeHash:  tree,
		Message:   strings.TrimRight(c.Message, "\n") + "\n",
	}
	if !parent.IsZero() {
		commit.ParentHashes = []plumbing.Hash{parent}
	}
	return putCommit(commit, c.Signer, fresh)
}

// putCommit signs a commit, if there is a signer, and stores it.
func putCommit(commit *object.Commit, signer Signer, fresh objects.Set) (plumbing.Hash, error) {
	if signer != nil {
		unsigned := &plumbing.MemoryObject{}
		if err := commit.EncodeWithoutSignature(unsigned); err != nil {
			return plumbing.ZeroHash, fmt.Errorf("encode commit: %w", err)
		}
		r, err := unsigned.Reader()
		if err != nil {
			return plumbing.ZeroHash, err
		}
		payload, err := io.ReadAll(r)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		signature, err := signer.Sign(payload)
		if err != nil {
			return plumbing.ZeroHash, fmt.Errorf("sign commit: %w", err)
		}
		commit.PGPSignature = string(signature)
	}
	return fresh.Put(commit.Encode)
}
