// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// reading is a pack that is being decoded (gitformat-pack). All of it is inflated once, to the size that it declares;
// then differences are applied, each as soon as what it is based on is known.
type reading struct {
	set        objects.Set
	left, most int64 // bytes that may be inflated
	inflater   io.ReadCloser

	starts []int64           // of the entries, in ascending order
	whole  []*objects.Object // the entries that are decoded; nil for the others
	byAt   map[int][]delta   // differences to an entry
	byName map[plumbing.Hash][]delta
	open   int // differences that are not resolved
}

// delta is an entry that is a difference to another.
type delta struct {
	entry   int
	content []byte
}

// header is what an entry begins with.
type header struct {
	kind plumbing.ObjectType
	size int64
	at   int64         // the entry that it is a difference to, for an OFS delta
	name plumbing.Hash // or its name, for a REF delta
}

const packHeader = 12

func damaged(format string, args ...any) error {
	return fmt.Errorf("decode pack: %w: %w", objects.ErrDamaged, fmt.Errorf(format, args...))
}

// read inflates the entries of a pack.
func (p *reading) read(raw []byte) error {
	if len(raw) < packHeader || string(raw[:4]) != "PACK" {
		return damaged("it does not begin like one")
	}
	if version := binary.BigEndian.Uint32(raw[4:]); version != 2 {
		return damaged("version %d", version)
	}
	count := binary.BigEndian.Uint32(raw[8:])
	if count > maxPackObjects {
		return limits.TooLarge("", "a pack of %d objects, more than %d", count, maxPackObjects)
	}
	if len(raw) < packHeader+sha1.Size {
		return damaged("%w", io.ErrUnexpectedEOF)
	}
	body := raw[:len(raw)-sha1.Size]
	p.byAt, p.byName = map[int][]delta{}, map[plumbing.Hash][]delta{}
	rest := bytes.NewReader(body[packHeader:])
	for i := range int(count) {
		at := int64(len(body) - rest.Len())
		p.starts = append(p.starts, at)
		p.whole = append(p.whole, nil)
		if err := p.entry(rest, i, at); err != nil {
			return err
		}
	}
	if rest.Len() > 0 {
		return damaged("%d bytes too many", rest.Len())
	}
	if sum := sha1.Sum(body); !bytes.Equal(sum[:], raw[len(body):]) {
		return damaged("checksum")
	}
	return nil
}

// entry inflates an entry.
func (p *reading) entry(rest *bytes.Reader, i int, at int64) error {
	h, err := readHeader(rest, at)
	if err != nil {
		return damaged("object %d: %w", i, err)
	}
	content, err := p.inflate(rest, h.size)
	if err != nil {
		return err
	}
	switch h.kind {
	case plumbing.OFSDeltaObject:
		base := sort.Search(len(p.starts), func(i int) bool { return p.starts[i] >= h.at })
		if base >= i || p.starts[base] != h.at {
			return damaged("object %d is based on none", i)
		}
		p.byAt[base] = append(p.byAt[base], delta{i, content})
		p.open++
	case plumbing.REFDeltaObject:
		p.byName[h.name] = append(p.byName[h.name], delta{i, content})
		p.open++
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		p.done(i, objects.New(h.kind, content))
		return nil
	default:
		return damaged("object %d is of no known type", i)
	}
	_, target, _, err := sizes(content)
	if err != nil {
		return damaged("object %d: %w", i, err)
	}
	return p.take(target)
}

func (p *reading) done(i int, o *objects.Object) {
	p.whole[i] = o
	p.set.Add(o)
}

// take makes sure that so many bytes may be inflated.
func (p *reading) take(size int64) error {
	if size < 0 || size > p.left {
		return limits.TooLarge(limits.SettingPack, "a pack that inflates to more than %s", limits.InWords(p.most))
	}
	p.left -= size
	return nil
}

// maxInflation is how many bytes one byte can inflate to (zlib, "Maximum Expansion Factor").
const maxInflation = 1032

// inflate reads a stream that must have a number of bytes.
func (p *reading) inflate(rest *bytes.Reader, size int64) ([]byte, error) {
	if err := p.take(size); err != nil {
		return nil, err
	}
	if size > maxInflation*int64(rest.Len()) {
		return nil, damaged("%w", io.ErrUnexpectedEOF)
	}
	var err error
	if p.inflater == nil {
		p.inflater, err = zlib.NewReader(rest)
	} else {
		err = p.inflater.(zlib.Resetter).Reset(rest, nil)
	}
	if err != nil {
		return nil, damaged("%w", err)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(p.inflater, content); err != nil {
		return nil, damaged("%w", err)
	}
	if n, err := p.inflater.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return nil, damaged("an object is larger than it says, or not: %w", err)
	}
	return content, nil
}

// readHeader reads what the entry at a place of the pack begins with.
func readHeader(r *bytes.Reader, at int64) (header, error) {
	b, err := r.ReadByte()
	if err != nil {
		return header{}, err
	}
	h := header{kind: plumbing.ObjectType(b >> 4 & 7), size: int64(b & 15)}
	for shift := 4; b >= 0x80; shift += 7 {
		if b, err = r.ReadByte(); err != nil {
			return h, err
		}
		if shift > 56 {
			return h, errNumber
		}
		h.size |= int64(b&0x7f) << shift
	}
	if h.size < 0 {
		return h, errNumber
	}
	switch h.kind {
	case plumbing.OFSDeltaObject:
		before, err := readOffset(r)
		if err == nil && (before <= 0 || before >= at) {
			err = errors.New("it is based on nothing before it")
		}
		h.at = at - before
		return h, err
	case plumbing.REFDeltaObject:
		_, err = io.ReadFull(r, h.name[:])
	}
	return h, err
}

var errNumber = errors.New("a number is too large")

// readOffset reads how far before an entry is what it is based on.
func readOffset(r *bytes.Reader) (int64, error) {
	b, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	n := int64(b & 0x7f)
	for b >= 0x80 {
		if b, err = r.ReadByte(); err != nil {
			return 0, err
		}
		if n >= 1<<48 {
			return 0, errNumber
		}
		n = (n+1)<<7 | int64(b&0x7f)
	}
	return n, nil
}

// resolve applies the differences: first those to objects of the pack, then those to others.
func (p *reading) resolve(base objects.Source) error {
	if p.open == 0 {
		return nil
	}
	todo := make([]int, 0, len(p.whole))
	for i, o := range p.whole {
		if o != nil {
			todo = append(todo, i)
		}
	}
	if err := p.resolveFrom(todo); err != nil {
		return err
	}
	for p.open > 0 && base != nil {
		todo = todo[:0]
		for name, deltas := range p.byName {
			o, ok := base.Object(name)
			if !ok {
				continue
			}
			delete(p.byName, name)
			content, err := objects.Bytes(objects.Set{name: o}, o.Type(), name)
			if err != nil {
				return err
			}
			if err := p.apply(o.Type(), content, deltas, &todo); err != nil {
				return err
			}
		}
		if len(todo) == 0 {
			break
		}
		if err := p.resolveFrom(todo); err != nil {
			return err
		}
	}
	if p.open > 0 {
		return fmt.Errorf("decode pack: what %d objects are based on: %w", p.open, objects.ErrMissing)
	}
	return nil
}

// resolveFrom applies the differences to entries, and to what that gives.
func (p *reading) resolveFrom(todo []int) error {
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		o := p.whole[i]
		deltas := append(p.byAt[i], p.byName[o.Hash()]...)
		delete(p.byAt, i)
		delete(p.byName, o.Hash())
		if len(deltas) == 0 {
			continue
		}
		content, err := objects.Bytes(p.set, o.Type(), o.Hash())
		if err != nil {
			return err
		}
		if err := p.apply(o.Type(), content, deltas, &todo); err != nil {
			return err
		}
	}
	return nil
}

// apply applies differences to one object, and adds the entries to todo.
func (p *reading) apply(kind plumbing.ObjectType, base []byte, deltas []delta, todo *[]int) error {
	for _, d := range deltas {
		content, err := patch(base, d.content)
		if err != nil {
			return damaged("object %d: %w", d.entry, err)
		}
		p.done(d.entry, objects.New(kind, content))
		p.open--
		*todo = append(*todo, d.entry)
	}
	return nil
}
