// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/binary"

	"syncer.dev/syncer/internal/git/objects"
)

// diffTrees returns the difference between two trees (gitformat-pack, "Deltified representation"): what is the same is
// copied by entries.
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
	from, n  int    // the next part to copy
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
