// SPDX-License-Identifier: Apache-2.0

package worktree

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestIgnoreAsGitDoes compares with "git check-ignore", which must give the same answer for each path.
func TestIgnoreAsGitDoes(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"tracked/out/kept.yaml": "x"}, "first")
	dir := t.TempDir()
	for _, args := range [][]string{{"clone", "-q", repo.Dir, "."}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	patterns := map[string]string{
		".":    "# comment\n\n*.tmp.yaml\n/root.yaml\nout/\ndeep/**/x.yaml\n!keep.tmp.yaml\ncrlf.yaml\r\n",
		"team": "local.yaml\nsub/*.yaml\n!sub/in.yaml\n",
	}
	var ignore Ignore
	for _, at := range []string{".", "team"} {
		if err := os.MkdirAll(filepath.Join(dir, at), 0o755); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(patterns[at], "\r", "")
		if err := os.WriteFile(filepath.Join(dir, at, ".gitignore"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		ignore.Add(at, []byte(patterns[at]))
	}
	for _, name := range []string{
		"a.tmp.yaml", "team/a.tmp.yaml", "keep.tmp.yaml", "root.yaml", "team/root.yaml", "out/a.yaml", "team/out/b.yaml",
		"out.yaml", "deep/x.yaml", "deep/a/b/x.yaml", "x.yaml", "local.yaml", "team/local.yaml", "team/sub/a.yaml",
		"team/sub/in.yaml", "team/sub/sub/a.yaml", "sub/a.yaml", "crlf.yaml", "team/phi.yaml",
	} {
		cmd := exec.Command("git", "check-ignore", "-q", "--no-index", name)
		cmd.Dir = dir
		want := cmd.Run() == nil
		if got := ignore.Ignored(name, false); got != want {
			t.Errorf("%s: ignored %t, Git says %t", name, got, want)
		}
	}
	_, tracked, err := Read(filepath.Join(dir, ".git"), filepath.Join(dir, ".git"))
	if err != nil || !tracked["tracked/out/kept.yaml"] || len(tracked) != 1 {
		t.Errorf("tracked %v, %v", tracked, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git", "index"), []byte("DIRC\x00\x00\x00\x63"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(filepath.Join(dir, ".git"), filepath.Join(dir, ".git")); err == nil {
		t.Error("an index of a version that is not known is read")
	}
}

// FuzzIgnored matches paths against any text. Nothing panics, and what is below an ignored folder is ignored.
func FuzzIgnored(f *testing.F) {
	for _, text := range []string{
		"*", "!*", "/", "!", "**/a/**", "a\\", "[", "[z-a]", "a/**/**/b", "\\#", "***", " ", "\x00", "\xff",
	} {
		f.Add(text, "a/b.yaml")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if !fs.ValidPath(name) {
			return
		}
		var i Ignore
		i.Add(".", []byte(text))
		if i.Ignored(name, true) && name != "." && !i.Ignored(name+"/below", false) {
			t.Errorf("%q leaves %q out, and not what is in it", text, name)
		}
	})
}
