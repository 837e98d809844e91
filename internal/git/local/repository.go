// SPDX-License-Identifier: Apache-2.0

package local

import (
	"os"
	"path/filepath"
	"strings"
)

// WatchPaths returns what changes when HEAD, a branch or a tag of the local repository at dir moves: HEAD, packed-refs,
// and the folders of branches, tags and reftables with all below them. None of it holds objects, which Git writes
// before it moves a branch, so that nothing is seen too early. The repository may be bare, a working tree, or a linked
// worktree; there are no paths if it is none.
func WatchPaths(dir string) []string {
	gitDir, common := Dirs(dir)
	if !isFolder(filepath.Join(common, "refs")) {
		return nil
	}
	paths := []string{filepath.Join(gitDir, "HEAD")}
	for _, name := range []string{"packed-refs", "refs/heads", "refs/tags", "reftable"} {
		paths = append(paths, filepath.Join(common, name))
	}
	return paths
}

// Dirs returns, for the repository at dir, the folder that holds HEAD and the index, and the one that holds the
// branches; they differ in a linked worktree (gitrepository-layout: a .git file, and commondir).
func Dirs(dir string) (gitDir, common string) {
	gitDir = dir
	dot := filepath.Join(dir, ".git")
	if isFolder(dot) {
		gitDir = dot
	} else if target, ok := firstLine(dot); ok {
		if target, ok = strings.CutPrefix(target, "gitdir: "); ok {
			gitDir = resolveFrom(dir, target)
		}
	}
	if target, ok := firstLine(filepath.Join(gitDir, "commondir")); ok {
		return gitDir, resolveFrom(gitDir, target)
	}
	return gitDir, gitDir
}

func resolveFrom(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func firstLine(path string) (string, bool) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // reading a pipe would wait
		return "", false
	}
	b, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line), err == nil
}
