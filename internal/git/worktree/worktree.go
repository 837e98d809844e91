// SPDX-License-Identifier: Apache-2.0

// Package worktree answers what Git would leave out of a commit of a working tree: it matches the patterns of
// gitignore, and reads the index. It reads files only, and runs no program.
package worktree

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/go-git/go-git/v5/plumbing/format/index"
)

// maxPatterns bounds the lines of all files together: each is compared with each path.
const maxPatterns = 10_000

// Ignore holds patterns in the syntax of gitignore. The zero value holds none.
type Ignore struct {
	patterns []gitignore.Pattern
	folders  map[string]bool // whether the patterns match a folder, or one that it is in
}

// Add adds the lines of a file in the folder dir, "." for the root. They win over those that were added before. Lines
// beyond a limit are left out.
func (i *Ignore) Add(dir string, text []byte) {
	var domain []string
	if dir != "." {
		domain = strings.Split(dir, "/")
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") || len(i.patterns) >= maxPatterns {
			continue
		}
		i.patterns = append(i.patterns, gitignore.ParsePattern(line, domain))
	}
	i.folders = nil
}

// Ignored reports whether the patterns match a path, or one of the folders it is in: nothing in a folder that is
// ignored can be included again.
func (i *Ignore) Ignored(name string, isDir bool) bool {
	if len(i.patterns) == 0 {
		return false
	}
	m := gitignore.NewMatcher(i.patterns)
	parts := strings.Split(name, "/")
	return i.folder(m, parts[:len(parts)-1]) || m.Match(parts, isDir)
}

// folder reports whether the patterns match a folder, or one that it is in.
func (i *Ignore) folder(m gitignore.Matcher, parts []string) bool {
	if len(parts) == 0 {
		return false
	}
	name := strings.Join(parts, "/")
	out, known := i.folders[name]
	if !known {
		out = i.folder(m, parts[:len(parts)-1]) || m.Match(parts, true)
		if i.folders == nil {
			i.folders = map[string]bool{}
		}
		i.folders[name] = out
	}
	return out
}

// Read returns what Git knows of a working tree, apart from its files named .gitignore: the patterns of the user and of
// the repository, and the files in the index. gitDir is the folder with the index of the working tree, and common the
// one that all working trees of the repository share: see local.Dirs.
func Read(gitDir, common string) (*Ignore, map[string]bool, error) {
	excludes := &Ignore{}
	if own, err := gitignore.LoadGlobalPatterns(osfs.New("/")); err == nil {
		excludes.patterns = own
	}
	if text, err := os.ReadFile(filepath.Join(common, "info", "exclude")); err == nil {
		excludes.Add(".", text)
	}
	file, err := os.Open(filepath.Join(gitDir, "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return excludes, nil, nil // nothing has been added yet
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	var idx index.Index
	if err := index.NewDecoder(bufio.NewReader(file)).Decode(&idx); err != nil {
		return nil, nil, fmt.Errorf("read the index of Git: %w", err)
	}
	tracked := make(map[string]bool, len(idx.Entries))
	for _, e := range idx.Entries {
		tracked[e.Name] = true
	}
	return excludes, tracked, nil
}
