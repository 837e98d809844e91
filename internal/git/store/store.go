// SPDX-License-Identifier: Apache-2.0

// Package store keeps the objects of a commit in memory, and follows it from one commit to the next.
//
// A Commit has all objects of its tree. Next takes what a fetch has brought, looks at the folders that changed, and
// adds what the next commit needs, so that a fetch costs what it changes. What no commit needs any more stays until it
// is too much; then the objects of the newest commit are gathered into a Store of their own, and the old one goes.
package store

import (
	"errors"
	"maps"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
)

// ErrTooLarge means that a commit has more bytes than it may.
var ErrTooLarge = errors.New("the objects of the commit are too large")

// The limits on what a Store keeps beside the objects of its newest commit: as many bytes as that has, within bounds,
// and those of so many commits. They are ours: gathering 20,000 objects takes some 5 ms, and once in so many commits
// that is nothing; the tree of a folder with 10,000 files has 400 kB, and each commit brings one.
const (
	leastStale = 1 << 20 // bytes
	mostStale  = 2 << 20
	maxRounds  = 128
)

// A Store is a set of objects that grows. It is safe for concurrent use.
type Store struct {
	mu    sync.RWMutex
	set   objects.Set
	bytes int64
	made  *sync.Map
}

// Made keeps what others make of objects: values that are a Part. It goes from one Store to the next, without what is
// made of objects that are no longer there.
func (s *Store) Made() *sync.Map { return s.made }

// A Part is made of an object.
type Part interface {
	// Of returns the name of the object.
	Of() plumbing.Hash
}

// inherit takes over what is made of objects that are here too.
func (s *Store) inherit(made *sync.Map) {
	made.Range(func(key, value any) bool {
		if p, ok := value.(Part); ok && s.set[p.Of()] != nil {
			s.made.Store(key, value)
		}
		return true
	})
}

// Object implements objects.Source.
func (s *Store) Object(h plumbing.Hash) (plumbing.EncodedObject, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.set[h]
	return o, ok
}

// Held returns the number of objects and their bytes.
func (s *Store) Held() (count int, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.set), s.bytes
}

// Each calls f for every object, in no order.
func (s *Store) Each(f func(o plumbing.EncodedObject)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, o := range s.set {
		f(o)
	}
}

func (s *Store) add(set objects.Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for h, o := range set {
		if _, ok := s.set[h]; !ok {
			s.bytes += o.Size()
		}
	}
	maps.Copy(s.set, set)
}

// A Commit is a commit with all objects of its tree.
type Commit struct {
	*Store
	tree   plumbing.Hash
	size   int64 // at least the bytes of its objects
	stale  int64 // about the bytes of others in the Store
	rounds int   // commits since the Store began
}

// Hold returns a Commit without a tree, beside these objects: what comes before the first commit.
func Hold(set objects.Set) Commit { return Commit{Store: &Store{set: set, made: &sync.Map{}}} }

// Gather returns a commit with a Store of its own. The error is, or wraps, ErrTooLarge, objects.ErrMissing or
// objects.ErrDamaged. Of a partial source the server left large files out.
func Gather(h plumbing.Hash, partial bool, maxBytes int64, from ...objects.Source) (Commit, error) {
	return gather(h, partial, maxBytes, 0, from...)
}

// gather is Gather for about so many objects.
func gather(h plumbing.Hash, partial bool, maxBytes int64, about int, from ...objects.Source) (Commit, error) {
	w := walk{to: make(objects.Set, about), from: objects.Layers(from), left: maxBytes, partial: partial}
	if err := w.commit(h, plumbing.ZeroHash); err != nil {
		return Commit{}, err
	}
	c := Commit{Store: &Store{made: &sync.Map{}}, size: maxBytes - w.left}
	c.set, c.bytes = w.to, c.size
	return c.of(h)
}

// mayBeStale returns how many bytes of others the Store may hold.
func (c Commit) mayBeStale() int64 { return min(max(c.size-c.stale, leastStale), mostStale) }

// of fills in the tree of the commit h.
func (c Commit) of(h plumbing.Hash) (Commit, error) {
	decoded, err := objects.Commit(c.Store, h)
	if err != nil {
		return Commit{}, err
	}
	c.tree = decoded.TreeHash
	return c, nil
}

// Next returns another commit, whose objects are among fresh or already here. It shares the Store as long as that does
// not hold too much else. Errors are those of Gather, and leave c as it is.
func (c Commit) Next(h plumbing.Hash, partial bool, maxBytes int64, fresh objects.Source) (Commit, error) {
	w := walk{to: objects.Set{}, from: objects.Layers{fresh, c.Store}, left: maxBytes - c.size, partial: partial}
	err := w.commit(h, c.tree)
	next := Commit{
		Store:  c.Store,
		size:   maxBytes - w.left,
		stale:  c.stale + w.gone,
		rounds: c.rounds + 1,
	}
	switch {
	case errors.Is(err, ErrTooLarge), errors.Is(err, errStale),
		next.stale > next.mayBeStale(), next.rounds > maxRounds:
		whole, err := gather(h, partial, maxBytes, len(c.set), fresh, c.Store)
		if err == nil {
			whole.inherit(c.made)
		}
		return whole, err
	case err != nil:
		return Commit{}, err
	}
	c.add(w.to)
	return next.of(h)
}
