// SPDX-License-Identifier: Apache-2.0

package local

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WatchPaths returns the folders in which files change when a branch of the local repository at dir moves: those of
// HEAD and packed-refs, and refs/heads with its subfolders, since a branch's name may have slashes. Folders rather than
// files, because Git replaces files by renaming. The repository may be bare, a working tree, or a linked worktree.
// Folders that do not exist are left out; there may be more after a change, so ask again then.
func WatchPaths(dir string) []string {
	gitDir, common := Dirs(dir)
	paths := []string{gitDir}
	if common != gitDir {
		paths = append(paths, common)
	}
	if isFolder(filepath.Join(common, "reftable")) {
		paths = append(paths, filepath.Join(common, "reftable"))
	}
	_ = filepath.WalkDir(filepath.Join(common, "refs", "heads"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			paths = append(paths, path)
		}
		return nil
	})
	var exist []string
	for _, p := range paths {
		if isFolder(p) {
			exist = append(exist, p)
		}
	}
	return exist
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
	b, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line), err == nil
}
