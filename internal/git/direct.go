// SPDX-License-Identifier: Apache-2.0

package git

import (
	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/local"
	"syncer.dev/syncer/internal/git/objects"
)

// fetchDirect is fetchLocked for a branch of a repository on this machine that did not move, or moved ahead by a few
// commits: then its files say so, and no git process is started. It returns nil where these do not tell, for any
// reason.
func (t *tracker) fetchDirect() *version {
	old := t.sound()
	if old == nil || t.target.Tag != "" || t.target.Commit != "" {
		return nil
	}
	files, err := t.remote.Direct(old.branch)
	if err != nil {
		return nil
	}
	defer files.Close()
	branch := t.target.Branch
	if branch == "" {
		if branch, err = files.Head(); err != nil {
			return nil
		}
	}
	tip, err := files.Tip(branch)
	if err != nil || branch != old.branch {
		return nil
	}
	if tip == old.ref {
		return t.unmoved(old)
	}
	next := t.ahead(old, tip, files)
	if next != nil {
		next.branch = branch
		t.current.Store(next)
	}
	return next
}

// maxAhead is how many commits are read one by one. A push of more than a hundred objects is kept in a pack.
const maxAhead = 50

// ahead returns the version of a tip that descends from old, and nil if it cannot be read, or does not.
func (t *tracker) ahead(old *version, tip plumbing.Hash, files *local.Files) *version {
	most := t.remote.Limits()
	from := files.Reader(most)
	if old.partial {
		from.File = most.FileBytes
	}
	descends := false
	seen := map[plumbing.Hash]bool{}
	for todo := []plumbing.Hash{tip}; len(todo) > 0; {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case h == old.have.Commit:
			descends = true
			continue
		case seen[h]:
			continue
		case len(seen) == maxAhead:
			return nil
		}
		seen[h] = true
		c, err := objects.Commit(from, h)
		if err != nil {
			return nil
		}
		if !c.Committer.When.Before(old.have.When) { // what is older is not new
			todo = append(todo, c.ParentHashes...)
		}
	}
	if !descends {
		return nil
	}
	next, err := old.next(most, tip, old.partial, objects.Layers{old.store, from}) // what is held is not read again
	if err != nil || from.Err() != nil {
		return nil
	}
	t.known.Learn(from, tip)
	return next
}
