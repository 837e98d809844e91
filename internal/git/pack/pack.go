// SPDX-License-Identifier: Apache-2.0

// Package pack decodes packs of Git objects from a server, which are hostile input, within limits, and encodes those to
// push. Pure.
package pack

import (
	"io"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// maxPackObjects bounds the bookkeeping for one pack, some hundred bytes per object. The Linux kernel's newest commit
// has about 90,000 objects.
const maxPackObjects = 1_000_000

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
	p := reading{left: most.Inflated(), most: most.Inflated(), set: objects.Set{}}
	if err := p.read(raw); err != nil {
		return nil, err
	}
	if err := p.resolve(base); err != nil {
		return nil, err
	}
	return p.set, nil
}
