// SPDX-License-Identifier: Apache-2.0

// Package files names what a tree lists but does not hold: symbolic links, submodules, and files that Git leaves out.
// What it holds is read within a limit.
//
// A tree is a file system with the content of a commit, whether it comes from Git's objects or from a working copy. A
// link or a submodule is listed in it, so that its name can be reported, but opening it or anything below it is an
// error.
package files

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Unread says why a tree does not hold a file that it lists. File systems return it from FileInfo.Sys, together with
// the mode fs.ModeIrregular.
type Unread string

// The usual reasons. They complete a sentence that starts with a path.
const (
	Link      Unread = "is a symbolic link, which is not followed"
	Submodule Unread = "is a submodule, which is not read"
	Ignored   Unread = "is ignored by Git, so it is in no commit and is not read"
	OddName   Unread = "has a name with a backslash, control characters or bad UTF-8, for which a commit is refused"
	Special   Unread = "is not a regular file, and is not read"
)

// Why returns the reason for which a file is not read; "" for folders and regular files.
func Why(info fs.FileInfo) Unread {
	if why, ok := info.Sys().(Unread); ok {
		return why
	}
	switch mode := info.Mode(); {
	case mode.IsDir(), mode.IsRegular():
		return ""
	case mode&fs.ModeSymlink != 0:
		return Link
	}
	return Special
}

// Blocked returns the first part of a path that the tree lists but does not hold, with the reason. Both are empty if
// there is none. "a" is the first part of "a/b/c".
func Blocked(tree fs.FS, name string) (at string, why Unread) {
	at = "."
	for part := range strings.SplitSeq(path.Clean(name), "/") {
		at = path.Join(at, part)
		info, err := fs.Lstat(tree, at)
		if err != nil {
			return "", ""
		}
		if why := Why(info); why != "" {
			return at, why
		}
	}
	return "", ""
}

// LargeError is a file that is larger than a limit, both in bytes.
type LargeError struct{ Size, Limit int64 }

func (e *LargeError) Error() string {
	return fmt.Sprintf("the file has %d bytes, but at most %d are supported", e.Size, e.Limit)
}

// Read reads a file of at most limit bytes. A larger one is a LargeError, and is not opened.
func Read(tree fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(tree, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, &LargeError{info.Size(), limit}
	}
	return fs.ReadFile(tree, name)
}
