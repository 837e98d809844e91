// SPDX-License-Identifier: Apache-2.0

package ancestry

import (
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// The limits on what Known keeps. They are ours: the loop looks back a hundred commits, and a message has some hundred
// bytes.
const (
	maxKnown      = 1000
	maxKnownBytes = 1 << 20
)

// Known are commits that were received, without their files, so that no server is asked about them again. It forgets
// all when it is full: a commit that is not known says nothing. A nil Known knows nothing. It is safe for concurrent
// use.
type Known struct {
	mu      sync.Mutex
	commits map[plumbing.Hash]*object.Commit
	bytes   int
}

// Learn adds commits of a set: a tip, and what leads to it.
func (k *Known) Learn(set objects.Source, tip plumbing.Hash) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	seen := map[plumbing.Hash]bool{}
	for next := []plumbing.Hash{tip}; len(next) > 0 && len(seen) < maxKnown; {
		h := next[0]
		next = next[1:]
		if seen[h] {
			continue
		}
		seen[h] = true
		if c := k.commits[h]; c != nil { // what is before it may be new
			next = append(next, c.ParentHashes...)
			continue
		}
		c, err := objects.Commit(set, h)
		if err != nil {
			continue
		}
		next = append(next, c.ParentHashes...)
		if !k.add(c) {
			return
		}
	}
}

// add keeps a commit, but for its signature. It returns false if there is no room for it.
func (k *Known) add(c *object.Commit) bool {
	kept := &object.Commit{
		Hash:         c.Hash,
		Author:       c.Author,
		Committer:    c.Committer,
		Message:      c.Message,
		TreeHash:     c.TreeHash,
		ParentHashes: c.ParentHashes,
	}
	size := len(c.Message) + len(c.Author.Name) + len(c.Author.Email) + len(c.Committer.Name) + len(c.Committer.Email) +
		len(c.ParentHashes)*len(c.Hash)
	if size > maxKnownBytes/4 {
		return false
	}
	if len(k.commits) >= maxKnown || k.bytes+size > maxKnownBytes || k.commits == nil {
		k.commits, k.bytes = map[plumbing.Hash]*object.Commit{}, 0
	}
	k.commits[c.Hash] = kept
	k.bytes += size
	return true
}

// Commit returns a commit, or nil.
func (k *Known) Commit(h plumbing.Hash) *object.Commit {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.commits[h]
}

// Descends reports whether ancestor can be reached from tip through commits that are known. It need not be known
// itself.
func (k *Known) Descends(tip, ancestor plumbing.Hash) bool {
	return reaches(tip, ancestor, func(h plumbing.Hash) *object.Commit { return k.Commit(h) })
}
