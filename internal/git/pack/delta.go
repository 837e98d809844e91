// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/binary"
	"errors"

	"syncer.dev/syncer/internal/git/objects"
)

var errDelta = errors.New("it does not fit what it is based on")

// sizes returns the two numbers that a difference begins with: the size of the base and of the result, as groups of 7
// bits (gitformat-pack, "Deltified representation").
func sizes(delta []byte) (base, target int64, rest []byte, err error) {
	first, n := binary.Uvarint(delta)
	if n <= 0 {
		return 0, 0, nil, errNumber
	}
	second, m := binary.Uvarint(delta[n:])
	if m <= 0 || int64(first) < 0 || int64(second) < 0 {
		return 0, 0, nil, errNumber
	}
	return int64(first), int64(second), delta[n+m:], nil
}

// patch applies a difference, whose result has been allowed.
func patch(base, delta []byte) ([]byte, error) {
	from, size, rest, err := sizes(delta)
	if err != nil {
		return nil, err
	}
	if from != int64(len(base)) {
		return nil, errDelta
	}
	out := make([]byte, 0, size)
	for len(rest) > 0 {
		op := rest[0]
		rest = rest[1:]
		var part []byte
		switch {
		case op == 0:
			return nil, errDelta
		case op < 0x80:
			if int(op) > len(rest) {
				return nil, errDelta
			}
			part, rest = rest[:op], rest[op:]
		default:
			offset, n, after, ok := readCopy(op, rest)
			if !ok || offset > len(base) || n > len(base)-offset {
				return nil, errDelta
			}
			part, rest = base[offset:offset+n], after
		}
		if len(part) > cap(out)-len(out) {
			return nil, errDelta
		}
		out = append(out, part...)
	}
	if int64(len(out)) != size {
		return nil, errDelta
	}
	return out, nil
}

// readCopy reads the operands of an instruction to copy: the bits of op say which bytes of them follow.
func readCopy(op byte, rest []byte) (offset, n int, after []byte, ok bool) {
	for bit := range 7 {
		if op>>bit&1 == 0 {
			continue
		}
		if len(rest) == 0 {
			return 0, 0, nil, false
		}
		if bit < 4 {
			offset |= int(rest[0]) << (8 * bit)
		} else {
			n |= int(rest[0]) << (8 * (bit - 4))
		}
		rest = rest[1:]
	}
	if n == 0 {
		n = 0x10000
	}
	return offset, n, rest, true
}

// diffTrees returns the difference between two trees: what is the same is copied by entries.
func diffTrees(base, target []byte) []byte {
	d := differ{out: binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(base))), uint64(len(target)))}
	was, left := base, target
	for len(left) > 0 {
		e, after, ok := objects.Cut(left)
		if !ok {
			d.insert(left)
			break
		}
		old, rest, ok := objects.Cut(was)
		for ok && old.Compare(e) < 0 { // it is gone
			was = rest
			old, rest, ok = objects.Cut(was)
		}
		if ok && old.Same(e) {
			d.copy(len(base)-len(was), len(e.Raw))
			was = rest
		} else {
			d.insert(e.Raw)
		}
		left = after
	}
	d.flush()
	return d.out
}

// differ writes the instructions of a difference.
type differ struct {
	out      []byte
	from, n  int    // what is to be copied next
	inserted []byte // or inserted
}

const (
	maxCopy   = 0xffffff
	maxInsert = 0x7f
)

func (d *differ) copy(from, n int) {
	if d.n > 0 && d.from+d.n == from {
		d.n += n
		return
	}
	d.flush()
	d.from, d.n = from, n
}

func (d *differ) insert(b []byte) {
	if d.n > 0 {
		d.flush()
	}
	d.inserted = append(d.inserted, b...)
}

// flush writes what has been gathered.
func (d *differ) flush() {
	for ; d.n > 0; d.from, d.n = d.from+min(d.n, maxCopy), d.n-min(d.n, maxCopy) {
		d.writeCopy(d.from, min(d.n, maxCopy))
	}
	for len(d.inserted) > 0 {
		n := min(len(d.inserted), maxInsert)
		d.out = append(append(d.out, byte(n)), d.inserted[:n]...)
		d.inserted = d.inserted[n:]
	}
	d.inserted = nil
}

func (d *differ) writeCopy(from, n int) {
	at := len(d.out)
	d.out = append(d.out, 0x80)
	for bit := range 4 {
		if b := byte(from >> (8 * bit)); b != 0 {
			d.out[at] |= 1 << bit
			d.out = append(d.out, b)
		}
	}
	for bit := range 3 {
		if b := byte(n >> (8 * bit)); b != 0 {
			d.out[at] |= 1 << (4 + bit)
			d.out = append(d.out, b)
		}
	}
}
