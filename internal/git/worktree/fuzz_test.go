// SPDX-License-Identifier: Apache-2.0

package worktree

import (
	"crypto/sha1"
	"os"
	"path/filepath"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// FuzzIndex: an index of any bytes is refused, or names files; a real one whose bytes changed is refused, because its
// checksum is wrong.
func FuzzIndex(f *testing.F) {
	repo := gittest.NewRepo(f)
	repo.Commit(map[string]string{"a.yaml": "x", "team/b.yaml": "y"}, "first")
	dir := f.TempDir()
	repo.Git("read-tree", "--index-output="+filepath.Join(dir, "index"), "HEAD")
	whole, err := os.ReadFile(filepath.Join(dir, "index"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[:len(whole)-sha1.Size])
	f.Add([]byte("DIRC\x00\x00\x00\x02\xff\xff\xff\xff"))
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x01"))
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00TREE\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sum := sha1.Sum(text)
		write := func(data []byte) {
			if err := os.WriteFile(filepath.Join(dir, "index"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(append(text[:len(text):len(text)], sum[:]...))
		_, tracked, err := Read(dir, dir)
		if err == nil && len(tracked) > len(text) {
			t.Fatalf("%d files in %d bytes", len(tracked), len(text))
		}
		sum[0]++
		write(append(text[:len(text):len(text)], sum[:]...))
		if _, _, err := Read(dir, dir); err == nil && sum != [sha1.Size]byte{} {
			t.Fatalf("%q: a wrong checksum is not noticed", text)
		}
	})
}
