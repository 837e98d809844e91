// SPDX-License-Identifier: Apache-2.0

// Package pack decodes packs of Git objects from a server, which are hostile input, within limits, and encodes those to
// push. Pure.
package pack

import (
	"bytes"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// maxPackObjects bounds the bookkeeping for one pack, some hundred bytes per object. The Linux kernel's newest commit
// has about 90,000 objects.
const maxPackObjects = 1_000_000

// Read receives a pack into memory and decodes it, within the limits: its bytes, the number of its objects, and
// what they inflate to. The limits are checked before anything is inflated into memory, since 10 kB can hold 10 MB of
// zeros.
func Read(r io.Reader, most limits.Limits) (objects.Set, error) {
	maxBytes := most.PackBytes
	pack, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(pack)) > maxBytes {
		return nil, limits.TooLarge(limits.SettingPack, "a pack of more than %s", limits.InWords(maxBytes))
	}
	if err := checkPack(pack, most.Inflated()); err != nil {
		return nil, err
	}
	store := memory.NewStorage()
	// Hiding Seek lets the parser keep the deltas it has read instead of inflating them again.
	if err := packfile.UpdateObjectStorage(store, struct{ io.Reader }{bytes.NewReader(pack)}); err != nil {
		return nil, fmt.Errorf("decode pack: %w: %w", objects.ErrDamaged, err)
	}
	return store.Objects, nil
}

// checkPack adds up the sizes that the pack declares. The parser holds every object to its declared size.
func checkPack(pack []byte, maxInflated int64) error {
	s := packfile.NewScanner(bytes.NewReader(pack))
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

// Encode writes a pack of exactly these objects, without deltas: they are few and small.
func Encode(set objects.Set) (io.ReadCloser, error) {
	store := memory.NewStorage()
	hashes := make([]plumbing.Hash, 0, len(set))
	for h, o := range set {
		if _, err := store.SetEncodedObject(o); err != nil {
			return nil, fmt.Errorf("encode pack: %w", err)
		}
		hashes = append(hashes, h)
	}
	plumbing.HashesSort(hashes)
	var pack bytes.Buffer
	if _, err := packfile.NewEncoder(&pack, store, false).Encode(hashes, 0); err != nil {
		return nil, fmt.Errorf("encode pack: %w", err)
	}
	return io.NopCloser(&pack), nil
}
