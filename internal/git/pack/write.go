// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
)

// deflaters are kept, since each has some hundred kB. They are fast rather than thorough: what is sent is small.
var deflaters = sync.Pool{New: func() any {
	w, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed) // fails for no level that there is
	return w
}}

// Basis is a tree that the receiver of a pack has. The trees that replace its folders are written as differences.
type Basis struct {
	Objects  objects.Source
	Old, New plumbing.Hash // the tree, and what replaces it
}

// Encode writes a pack of exactly these objects: as they are, since they are few and small, but for trees that replace
// one of the basis, which may be nil.
func Encode(set objects.Set, basis *Basis) (io.ReadCloser, error) {
	hashes := make([]plumbing.Hash, 0, len(set))
	for h := range set {
		hashes = append(hashes, h)
	}
	plumbing.HashesSort(hashes)
	old := map[plumbing.Hash]plumbing.Hash{}
	if basis != nil {
		basis.pair(set, basis.Old, basis.New, old)
	}
	w := writing{deflater: deflaters.Get().(*zlib.Writer)}
	defer deflaters.Put(w.deflater)
	w.pack.WriteString("PACK")
	_ = binary.Write(&w.pack, binary.BigEndian, [2]uint32{2, uint32(len(hashes))}) // a buffer does not fail
	for _, h := range hashes {
		kind := set[h].Type()
		content, err := objects.Bytes(set, kind, h)
		if err != nil {
			return nil, fmt.Errorf("encode pack: %w", err)
		}
		if was, ok := old[h]; ok && kind == plumbing.TreeObject {
			if before, err := objects.Bytes(basis.Objects, kind, was); err == nil {
				if delta := diffTrees(before, content); len(delta) < len(content)/2 {
					w.object(plumbing.REFDeltaObject, was[:], delta)
					continue
				}
			}
		}
		w.object(kind, nil, content)
	}
	sum := sha1.Sum(w.pack.Bytes())
	w.pack.Write(sum[:])
	return io.NopCloser(&w.pack), nil
}

// pair finds the trees of a set that replace a folder of the basis.
func (b *Basis) pair(set objects.Set, before, now plumbing.Hash, old map[plumbing.Hash]plumbing.Hash) {
	if _, fresh := set[now]; !fresh || before == now || before.IsZero() {
		return
	}
	was, err := objects.Bytes(b.Objects, plumbing.TreeObject, before)
	if err != nil {
		return
	}
	is, err := objects.Bytes(set, plumbing.TreeObject, now)
	if err != nil {
		return
	}
	old[now] = before
	for e := range objects.Entries(is) {
		if !e.IsFolder() || set[e.Hash()] == nil {
			continue
		}
		for len(was) > 0 {
			o, rest, ok := objects.Cut(was)
			if !ok || o.Compare(e) > 0 {
				break
			}
			if was = rest; o.Compare(e) == 0 {
				b.pair(set, o.Hash(), e.Hash(), old)
				break
			}
		}
	}
}

// writing is a pack that is being encoded.
type writing struct {
	pack     bytes.Buffer
	deflater *zlib.Writer
}

// object writes an object. base is the name of what it is a difference to, if it is one.
func (w *writing) object(kind plumbing.ObjectType, base, content []byte) {
	size := len(content)
	b := byte(kind)<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		w.pack.WriteByte(b | 0x80)
		b = byte(size & 0x7f)
	}
	w.pack.WriteByte(b)
	w.pack.Write(base)
	w.deflater.Reset(&w.pack)
	_, _ = w.deflater.Write(content) // a buffer does not fail
	_ = w.deflater.Close()
}
