// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/limits"
)

// bombPack returns a pack of a small blob and a delta on it that claims, and makes, size bytes.
func bombPack(size uint64) []byte {
	base := bytes.Repeat([]byte("x"), 1<<16)
	varint := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	delta := append(varint(uint64(len(base))), varint(size)...)
	for made := uint64(0); made < size; made += 1 << 16 {
		delta = append(delta, 0x80) // copy 64 KiB from the beginning of the base
	}
	object := func(kind byte, header, content []byte) []byte {
		n := len(content)
		b := []byte{kind<<4 | byte(n&15)}
		for n >>= 4; n > 0; n >>= 7 {
			b[len(b)-1] |= 0x80
			b = append(b, byte(n&127))
		}
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(content)
		_ = w.Close()
		return append(append(b, header...), z.Bytes()...)
	}
	id := plumbing.ComputeHash(plumbing.BlobObject, base)
	pack := append([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x02"), object(3, nil, base)...)
	pack = append(pack, object(7, id[:], delta)...)
	sum := sha1.Sum(pack)
	return append(pack, sum[:]...)
}

func TestPackThatUnfolds(t *testing.T) {
	const limit = 1 << 20
	set, err := Read(bytes.NewReader(bombPack(1<<22)), limits.Limits{PackBytes: limit}, nil)
	if err != nil || len(set) != 2 {
		t.Errorf("4 MiB of delta: %d objects, %v", len(set), err)
	}
	pack := bombPack(1 << 26)
	if len(pack) > 1<<14 {
		t.Fatalf("the pack has %d bytes, it should be small", len(pack))
	}
	if _, err := Read(bytes.NewReader(pack), limits.Limits{PackBytes: limit}, nil); !errors.Is(err, limits.ErrTooLarge) {
		t.Errorf("64 MiB in %d bytes: %v, want ErrTooLarge", len(pack), err)
	}
	header := append([]byte("PACK\x00\x00\x00\x02"), 0xff, 0xff, 0xff, 0xff)
	if _, err := Read(bytes.NewReader(header), limits.Limits{PackBytes: limit}, nil); !errors.Is(err, limits.ErrTooLarge) {
		t.Errorf("four billion objects: %v, want ErrTooLarge", err)
	}
}

// realPack returns a pack that git made, with deltas.
func realPack(t testing.TB) []byte {
	repo := gittest.NewRepo(t)
	for _, tail := range []string{"a", "b", "c"} {
		repo.Commit(map[string]string{"f": string(bytes.Repeat([]byte("0123456789 some text\n"), 200)) + tail}, tail)
	}
	repo.Git("repack", "-adq", "--depth=10", "--window=10")
	packs, err := filepath.Glob(filepath.Join(repo.Dir, "objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("packs %v, %v", packs, err)
	}
	pack, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

func TestDamagedPack(t *testing.T) {
	pack := realPack(t)
	if set, err := Read(bytes.NewReader(pack), limits.Limits{PackBytes: 1 << 20}, nil); err != nil || len(set) != 9 {
		t.Fatalf("%d objects, %v", len(set), err)
	}
	for i := range pack {
		damaged := bytes.Clone(pack)
		damaged[i] ^= 0x10
		sameAsParser(t, damaged, limits.Limits{PackBytes: 1 << 20}, nil)
		if _, err := Read(bytes.NewReader(damaged), limits.Limits{PackBytes: 1 << 20}, nil); err == nil {
			t.Errorf("byte %d of %d changed: not noticed", i, len(pack))
		}
		if _, err := Read(bytes.NewReader(pack[:i]), limits.Limits{PackBytes: 1 << 20}, nil); err == nil {
			t.Errorf("cut to %d of %d bytes: not noticed", i, len(pack))
		}
	}
}

// FuzzReadPack reads packs with a correct checksum, so that Read decodes their content.
func FuzzReadPack(f *testing.F) {
	f.Add(withoutSum(realPack(f)))
	f.Add(withoutSum(bombPack(1 << 17)))
	f.Fuzz(func(t *testing.T, pack []byte) {
		sum := sha1.Sum(pack)
		most := limits.Limits{PackBytes: 1 << 16}
		sameAsParser(t, append(bytes.Clone(pack), sum[:]...), most, nil)
		set, err := Read(io.MultiReader(bytes.NewReader(pack), bytes.NewReader(sum[:])), most, nil)
		if err != nil {
			return
		}
		var total int64
		for h, o := range set {
			total += o.Size()
			if o.Hash() != h {
				t.Errorf("object %s has the key %s", o.Hash(), h)
			}
		}
		if total > most.Inflated() {
			t.Errorf("%d bytes came through", total)
		}
	})
}

func withoutSum(pack []byte) []byte { return pack[:len(pack)-sha1.Size] }
