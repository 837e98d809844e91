// SPDX-License-Identifier: Apache-2.0

package find

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
)

// IgnoreFile is the name of the files that list what is not for syncer, in the syntax of gitignore. Such a file counts
// for its folder and those below. What a kustomization refers to is read nevertheless.
const IgnoreFile = ".syncerignore"

// Limits of IgnoreFiles: each line is compared with each file.
const (
	maxIgnoreSize  = 64 << 10 // of one
	maxIgnoreLines = 1000     // of all
	// maxMatching bounds the work of comparing, in bytes of wildcards times bytes of paths: about a second.
	maxMatching = 1 << 30
	// lineMatching is the work of comparing a line with one part of a path, without wildcards.
	lineMatching = 32
)

var tooMuchMatching = diag.Errorf(diag.TooLarge, "too many lines in files named %s for that many files", IgnoreFile).
	Suggest("list folders instead of files, and use fewer wildcards")

// Patterns are lines in the syntax of gitignore.
type Patterns interface {
	// Add adds the lines of a file in the folder dir, "." for the root. They win over those that were added before.
	Add(dir string, text []byte)
	// Ignored reports whether the patterns match a path, or one of the folders it is in.
	Ignored(name string, isDir bool) bool
}

// ignore is what the files named IgnoreFile leave out.
type ignore struct {
	fsys     fs.FS
	patterns Patterns // nil where Options have none
	lines    int
	wild     int // bytes of lines with wildcards
	work     int
	problems diag.List
}

// newIgnore reads the files in the folders above Options.Root, from the root of the tree downwards.
func newIgnore(fsys fs.FS, o Options) (*ignore, error) {
	i := &ignore{fsys: fsys}
	if o.Patterns != nil {
		i.patterns = o.Patterns()
	}
	if o.Root == "." {
		return i, nil
	}
	dir := "."
	for part := range strings.SplitSeq(o.Root, "/") {
		if err := i.read(dir); err != nil {
			return nil, err
		}
		dir = path.Join(dir, part)
	}
	return i, nil
}

// enter reads the file of a folder, or returns fs.SkipDir for a folder that is no input.
func (i *ignore) enter(name string, o Options) error {
	if name != o.Root && (strings.HasPrefix(path.Base(name), ".") || isPresets(name, o) ||
		slices.Contains(o.Skip, name) || i.ignored(name, true)) {
		return fs.SkipDir
	}
	return i.read(name)
}

// read adds the file of a folder, if there is one.
func (i *ignore) read(dir string) error {
	name := path.Join(dir, IgnoreFile)
	info, err := fs.Lstat(i.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		i.fail(name, "it is not a regular file")
		return nil
	case i.patterns == nil:
		i.fail(name, "this command does not use it")
		return nil
	}
	text, err := files.Read(i.fsys, name, maxIgnoreSize)
	if err != nil {
		i.fail(name, err.Error())
		return nil
	}
	for range bytes.Lines(text) { // the last one may have no end
		i.lines++
	}
	if i.lines > maxIgnoreLines {
		i.fail(name, fmt.Sprintf("files of this name have more than %d lines in total", maxIgnoreLines))
		return nil
	}
	for line := range bytes.Lines(text) {
		if bytes.ContainsAny(line, `*?[\`) {
			i.wild += len(line)
		}
	}
	i.patterns.Add(dir, text)
	return nil
}

func (i *ignore) fail(name, why string) {
	i.problems = append(i.problems, diag.Errorf(diag.UnreadableFile, "%s", why).In(name).At(1, 1))
}

func (i *ignore) ignored(name string, isDir bool) bool {
	if i.patterns == nil || i.lines == 0 {
		return false
	}
	i.work += i.wild*len(name) + i.lines*lineMatching*(strings.Count(name, "/")+1)
	return i.work <= maxMatching && i.patterns.Ignored(name, isDir)
}

// err returns the error if comparing would take too long.
func (i *ignore) err() error {
	if i.work > maxMatching {
		return tooMuchMatching
	}
	return nil
}
