// SPDX-License-Identifier: Apache-2.0

// Package pack decodes packs of Git objects from a server, which are hostile input, within limits, and encodes those to
// push. Pure.
package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/shelf"
)

// maxPackObjects bounds the bookkeeping for one pack, some hundred bytes per object. The Linux kernel's newest commit
// has about 90,000 objects.
const maxPackObjects = 1_000_000

// manyObjects is from how many on it pays to look for what the files of a pack have in common, and maxShelf is room for
// that, in bytes: little, since it stays as long as one of the files does. Both are ours.
const (
	manyObjects = 1000
	maxShelf    = 64 << 10
)

// Read receives a pack into memory and decodes it, within the limits: its bytes, the number of its objects, and
// what they inflate to. The limits are checked before anything is inflated into memory, since 10 kB can hold 10 MB of
// zeros. base, which may be nil, has objects that the pack may hold the differences to.
func Read(r io.Reader, most limits.Limits, base objects.Source) (objects.Set, error) {
	maxBytes := most.PackBytes
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > maxBytes {
		return nil, limits.TooLarge(limits.SettingPack, "a pack of more than %s", limits.InWords(maxBytes))
	}
	if made, ok := unpack(raw, most.Inflated(), base); ok {
		return together(made)
	}
	return parse(raw, most, base)
}

// together returns objects of a pack as a set.
func together(made []made) (objects.Set, error) {
	compact := compactor(len(made))
	out := make(objects.Set, len(made))
	for _, m := range made {
		o, err := compact(m.Object)
		if err != nil {
			return nil, fmt.Errorf("decode pack: %w", err)
		}
		out[o.Hash()] = o
	}
	return out, nil
}

// compactor returns what makes objects of a pack small.
func compactor(n int) func(plumbing.EncodedObject) (*objects.Object, error) {
	if n < manyObjects {
		return objects.Compact
	}
	on := shelf.New(maxShelf)
	return func(o plumbing.EncodedObject) (*objects.Object, error) { return objects.Shelved(o, on) }
}

// parse decodes any pack, or says what is wrong with it.
func parse(raw []byte, most limits.Limits, base objects.Source) (objects.Set, error) {
	if err := check(raw, most.Inflated()); err != nil {
		return nil, err
	}
	store := thin{memory.NewStorage(), base}
	// Hiding Seek lets the parser keep the deltas it has read instead of inflating them again.
	switch err := packfile.UpdateObjectStorage(store, struct{ io.Reader }{bytes.NewReader(raw)}); {
	case errors.Is(err, packfile.ErrReferenceDeltaNotFound), errors.Is(err, plumbing.ErrObjectNotFound):
		return nil, fmt.Errorf("decode pack: what an object is based on: %w: %w", objects.ErrMissing, err)
	case err != nil:
		return nil, fmt.Errorf("decode pack: %w: %w", objects.ErrDamaged, err)
	}
	compact := compactor(len(store.Objects))
	for h, o := range store.Objects {
		small, err := compact(o)
		if err != nil {
			return nil, fmt.Errorf("decode pack: %w", err)
		}
		store.Objects[h] = small
	}
	return store.Objects, nil
}

// thin is a storage in which the parser also finds what a pack may hold differences to.
type thin struct {
	*memory.Storage
	base objects.Source
}

// EncodedObject implements [storer.EncodedObjectStorer].
func (s thin) EncodedObject(t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	o, err := s.Storage.EncodedObject(t, h)
	if err == nil || s.base == nil {
		return o, err
	}
	if known, ok := s.base.Object(h); ok && (t == plumbing.AnyObject || t == known.Type()) {
		return known, nil
	}
	return nil, err
}

// check adds up the sizes that the pack declares. The parser holds every object to its declared size.
func check(raw []byte, maxInflated int64) error {
	s := packfile.NewScanner(bytes.NewReader(raw))
	_, count, err := s.Header()
	if err != nil {
		return fmt.Errorf("decode pack: %w: %w", objects.ErrDamaged, err)
	}
	if count > maxPackObjects {
		return limits.TooLarge("", "a pack of %d objects, more than %d", count, maxPackObjects)
	}
	var total uint64
	for range count {
		h, err := s.NextObjectHeader()
		if err != nil {
			return fmt.Errorf("decode pack: %w: %w", objects.ErrDamaged, err)
		}
		size := uint64(h.Length)
		if h.Type.IsDelta() {
			var head prefix
			if _, _, err := s.NextObject(&head); err != nil {
				return fmt.Errorf("decode pack: %w: %w", objects.ErrDamaged, err)
			}
			size += head.targetSize()
		}
		if total += size; total > uint64(maxInflated) || size > uint64(maxInflated) {
			return limits.TooLarge(limits.SettingPack, "a pack that inflates to more than %s", limits.InWords(maxInflated))
		}
	}
	if _, err := s.Checksum(); err != nil { // the parser lets a missing one pass
		return fmt.Errorf("decode pack: %w: checksum: %w", objects.ErrDamaged, err)
	}
	return nil
}

// prefix keeps the first bytes written to it: enough for the two sizes that a delta begins with.
type prefix struct {
	b [20]byte
	n int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.b[p.n:], b)
	return len(b), nil
}

// targetSize decodes the second number: base size and result size are little-endian groups of 7 bits, the high bit of
// each byte says that another follows (gitformat-pack, "Deltified representation").
func (p *prefix) targetSize() uint64 {
	var size uint64
	i := 0
	for range 2 {
		size = 0
		for shift := 0; i < p.n; shift += 7 {
			b := p.b[i]
			i++
			size |= uint64(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
	}
	return size
}
