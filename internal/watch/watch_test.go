// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"syncer.dev/syncer/internal/testenv"
)

func TestPaths(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		change  func(t *testing.T, dir string)
	}{
		{"write", file("f"), func(t *testing.T, dir string) { write(t, dir, "f", "2") }},
		{"replace by rename", file("f"), func(t *testing.T, dir string) {
			write(t, dir, "tmp", "2")
			must(t, os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, "f")))
		}},
		{"appears later", func(*testing.T, string) {}, func(t *testing.T, dir string) { write(t, dir, "f", "1") }},
		{"below a folder that appears later", func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "f"), 0o700))
		}, func(t *testing.T, dir string) {
			must(t, os.MkdirAll(filepath.Join(dir, "f", "team"), 0o700))
			write(t, dir, "f/team/x", "1")
		}},
		{"swapped link of a mount", func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "v1"), 0o700))
			write(t, dir, "v1/f", "1")
			must(t, os.Symlink("v1", filepath.Join(dir, "..data")))
			must(t, os.Symlink("..data/f", filepath.Join(dir, "f")))
		}, func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "v2"), 0o700))
			write(t, dir, "v2/f", "2")
			must(t, os.Symlink("v2", filepath.Join(dir, "..tmp")))
			must(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.prepare(t, dir)
			changed, err := Paths(t.Context(), 10*time.Millisecond, filepath.Join(dir, "f"))
			must(t, err)
			write(t, dir, "other", "not watched")
			select {
			case <-changed:
				t.Fatal("a signal for another file")
			case <-time.After(100 * time.Millisecond):
			}
			tt.change(t, dir)
			ctx, cancel := testenv.Context(t)
			defer cancel()
			select {
			case <-changed:
			case <-ctx.Done():
				t.Fatal("no signal")
			}
		})
	}
}

// TestLocks has Git write a lock, which is no change yet, and then move the branch.
func TestLocks(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "heads"), 0o700))
	changed, err := Paths(t.Context(), time.Millisecond, filepath.Join(dir, "heads"))
	must(t, err)
	lock := filepath.Join(dir, "heads", "main.lock")
	must(t, os.WriteFile(lock, []byte("1"), 0o600))
	select {
	case <-changed:
		t.Fatal("a signal for a lock")
	case <-time.After(100 * time.Millisecond):
	}
	must(t, os.Rename(lock, filepath.Join(dir, "heads", "main")))
	ctx, cancel := testenv.Context(t)
	defer cancel()
	select {
	case <-changed:
	case <-ctx.Done():
		t.Fatal("no signal")
	}
}

func file(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { write(t, dir, name, "1") }
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
