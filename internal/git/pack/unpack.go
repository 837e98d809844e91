// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"encoding/binary"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/hash"

	"syncer.dev/syncer/internal/git/objects"
)

// maxDepth is how many differences on top of each other unpack follows, fewer than the 4095 of Git. It is ours.
const maxDepth = 1000

// unpacking is a pack that is decoded in one pass, as Git writes packs. All that is unusual, too large or damaged ends
// it: the parser of go-git, which inflates a pack twice, then reads it or says what is wrong with it. So nothing may be
// accepted here that the parser refuses.
type unpacking struct {
	raw  []byte // without the checksum
	at   int
	left uint64 // bytes that may still be inflated
	base objects.Source

	in     bytes.Reader
	zipped io.ReadCloser
	delta  []byte // room for a difference

	made  []made                // in the order of the pack
	whole map[plumbing.Hash]int // the places of those that are no differences
}

// made is an object that is decoded.
type made struct {
	*objects.Object
	content []byte
	at      int // in the pack
	depth   int // of differences
}

// unpack decodes a pack, and reports whether it could.
func unpack(raw []byte, maxInflated int64, base objects.Source) ([]made, bool) {
	const header = 12
	if len(raw) < header+hash.Size || string(raw[:8]) != "PACK\x00\x00\x00\x02" {
		return nil, false
	}
	count, end := binary.BigEndian.Uint32(raw[8:]), len(raw)-hash.Size
	if count > maxPackObjects || int(count) > end { // an object has some bytes
		return nil, false
	}
	u := unpacking{
		raw: raw[:end], at: header, left: uint64(maxInflated), base: base,
		made: make([]made, 0, count), whole: map[plumbing.Hash]int{},
	}
	for range count {
		if !u.object() {
			return nil, false
		}
	}
	sum := hash.New(crypto.SHA1)
	_, _ = sum.Write(u.raw) // a hash does not fail
	return u.made, u.at == end && bytes.Equal(sum.Sum(nil), raw[end:])
}

// object decodes the next object.
func (u *unpacking) object() bool {
	start := u.at
	kind, size, ok := u.header()
	if !ok || !u.takes(size) {
		return false
	}
	switch kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		content := make([]byte, size)
		if !u.inflate(content) {
			return false
		}
		o := objects.New(kind, content)
		u.whole[o.Hash()] = len(u.made)
		u.made = append(u.made, made{o, content, start, 0})
		return true
	case plumbing.OFSDeltaObject:
		from, ok := u.before(start)
		return ok && u.difference(start, size, u.made[from])
	case plumbing.REFDeltaObject:
		from, ok := u.named()
		return ok && u.difference(start, size, from)
	}
	return false
}

// takes counts bytes that are about to be inflated, and reports whether there may be so many.
func (u *unpacking) takes(size uint64) bool {
	if size > u.left {
		return false
	}
	u.left -= size
	return true
}

// next returns the next byte, which is not among those of a stream.
func (u *unpacking) next() (b byte, ok bool) {
	if u.at == len(u.raw) {
		return 0, false
	}
	u.at++
	return u.raw[u.at-1], true
}

// header reads the type and the size of an object.
func (u *unpacking) header() (kind plumbing.ObjectType, size uint64, ok bool) {
	b, ok := u.next()
	kind, size = plumbing.ObjectType(b>>4&7), uint64(b&15)
	for shift := 4; ok && b&0x80 != 0; shift += 7 {
		if shift > 32 {
			return kind, 0, false
		}
		b, ok = u.next()
		size |= uint64(b&0x7f) << shift
	}
	return kind, size, ok
}

// before reads how far before an object the one is that it is a difference to, and returns the place of that one.
func (u *unpacking) before(start int) (place int, ok bool) {
	offset := 0
	for offset < len(u.raw) {
		b, ok := u.next()
		if offset += int(b & 0x7f); !ok {
			return 0, false
		}
		if b&0x80 == 0 {
			return slices.BinarySearchFunc(u.made, start-offset, func(m made, at int) int { return m.at - at })
		}
		offset = (offset + 1) << 7
	}
	return 0, false
}

// named reads the name of what an object is a difference to, and returns it, if the pack has sent it as a whole, or
// else the base has it.
func (u *unpacking) named() (made, bool) {
	if len(u.raw)-u.at < hash.Size {
		return made{}, false
	}
	name := plumbing.Hash(u.raw[u.at : u.at+hash.Size])
	u.at += hash.Size
	if place, ok := u.whole[name]; ok {
		return u.made[place], true
	}
	if u.base == nil {
		return made{}, false
	}
	known, ok := u.base.Object(name)
	if !ok {
		return made{}, false
	}
	o, err := objects.Compact(known)
	if err != nil {
		return made{}, false
	}
	content, err := objects.Bytes(u.base, o.Type(), name)
	return made{Object: o, content: content}, err == nil
}

// difference decodes the difference to an object.
func (u *unpacking) difference(start int, size uint64, from made) bool {
	u.delta = slices.Grow(u.delta[:0], int(size))[:size]
	if from.depth == maxDepth || !u.inflate(u.delta) {
		return false
	}
	var head prefix
	_, _ = head.Write(u.delta)
	target := head.targetSize()
	if !u.takes(target) {
		return false
	}
	content, err := packfile.PatchDelta(from.content, u.delta)
	if err != nil || uint64(len(content)) != target {
		return false
	}
	if cap(content)-len(content) > len(content)/8 {
		content = bytes.Clone(content)
	}
	u.made = append(u.made, made{objects.New(from.Type(), content), content, start, from.depth + 1})
	return true
}

// inflate fills all of content with what the stream holds, to the byte.
func (u *unpacking) inflate(content []byte) (ok bool) {
	u.in.Reset(u.raw[u.at:])
	var err error
	if u.zipped == nil {
		u.zipped, err = zlib.NewReader(&u.in)
	} else {
		err = u.zipped.(zlib.Resetter).Reset(&u.in, nil)
	}
	if err != nil {
		return false
	}
	if _, err := io.ReadFull(u.zipped, content); err != nil {
		return false
	}
	var none [1]byte // what follows is the checksum
	if n, err := u.zipped.Read(none[:]); n > 0 || err != io.EOF {
		return false
	}
	u.at = len(u.raw) - u.in.Len()
	return true
}
