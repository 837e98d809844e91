// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// sameAsParser holds one pass over a pack to what the parser makes of it: what is decoded is the same, and what the
// parser refuses is not decoded. It reports whether one pass was enough.
func sameAsParser(t *testing.T, raw []byte, most limits.Limits, base objects.Source) bool {
	t.Helper()
	made, ok := unpack(bytes.Clone(raw), most.Inflated(), base)
	if !ok {
		return false
	}
	got, err := together(made)
	if err != nil {
		t.Fatal(err)
	}
	want, err := parse(raw, most, base)
	if err != nil {
		t.Fatalf("%d objects of a pack that the parser refuses: %v", len(got), err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d objects, want %d", len(got), len(want))
	}
	for h, w := range want {
		o, ok := got[h]
		if !ok || o.Hash() != h || o.Type() != w.Type() || o.Size() != w.Size() {
			t.Fatalf("%s: %v, want a %s of %d bytes", h, o, w.Type(), w.Size())
		}
		text, err := objects.Bytes(got, w.Type(), h)
		if content, e := objects.Bytes(want, w.Type(), h); err != nil || e != nil || !bytes.Equal(text, content) {
			t.Fatalf("%s: %q, %v, want %q, %v", h, text, err, content, e)
		}
	}
	return true
}

// packOfMany returns a pack as git makes it of many files that are alike.
func packOfMany(t testing.TB, files int, options ...string) []byte {
	repo := gittest.NewRepo(t)
	all := map[string]string{"large": strings.Repeat("a line of a large file\n", 20_000), "empty": ""}
	for i := range files {
		text := strings.Repeat("some text that all files have in common\n", 10)
		all[fmt.Sprintf("d%d/f%d", i%7, i)] = fmt.Sprintf("%sname: f%d\n%s", text, i, text)
	}
	repo.Commit(all, "all")
	all["large"] += "another line\n"
	repo.Commit(all, "another")
	repo.Git("-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "-m", "a tag", "v1")
	repo.Git(append([]string{"repack", "-adq"}, options...)...)
	packs, err := filepath.Glob(filepath.Join(repo.Dir, "objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("packs %v, %v", packs, err)
	}
	raw, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestOnePass: a pack that git has made takes one pass, with differences and without any.
func TestOnePass(t *testing.T) {
	most := limits.Limits{PackBytes: 1 << 20}
	for name, options := range map[string][]string{
		"some": {"--depth=50", "--window=20"}, "none": {"--depth=0"},
	} {
		if !sameAsParser(t, packOfMany(t, 2000, options...), most, nil) {
			t.Errorf("%s: it takes the parser", name)
		}
	}
	empty := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")
	sum := sha1.Sum(empty)
	sameAsParser(t, append(empty, sum[:]...), most, nil)
}

func BenchmarkRead(b *testing.B) {
	raw := packOfMany(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(raw), limits.Limits{PackBytes: 1 << 26}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
