// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// maxDepth is how deeply folders may nest: far more than any real repository's, and few enough to recurse.
const maxDepth = 100

// maxEntries is how many files and folders a folder may have, also one of which only the path of another is looked up:
// far more than any real one has. A pack within its limit has room for ten million, which would take gigabytes.
const maxEntries = 1 << 19

// Snapshot is the tree of one commit as a read-only file system: an [fs.FS] with ReadDir, ReadFile and Stat. It does
// not change, and is safe for concurrent use.
//
// Only what is read counts: a folder is looked at when it is listed, so that nothing beside it matters. A folder with a
// name that could mislead anything that is given the path cannot be listed, since leaving the file out would look as if
// it had been deleted.
//
// Symbolic links and submodules are listed, with the reason of package files in Sys, but cannot be opened. A file above
// the limit is listed, but reading it is an error. All times are the commit's.
type Snapshot struct {
	set  objects.Source
	note func(error) error // receives each error, and returns it
	root *node
	time time.Time
	most limits.Limits

	known *sync.Map // folders that were decoded last, by path: what does not change is shared by Snapshots

	mu      sync.Mutex // guards what follows
	open    map[*node]*listing
	found   place // of what was asked for last
	entries int
	bytes   int64
}

// listing is a folder, as one Snapshot has listed it.
type listing struct {
	*folderNode
	err    error // why it cannot be listed here
	listed bool  // it counts
}

// folderNode is what is in a folder. It does not change.
type folderNode struct {
	hash     plumbing.Hash
	children []*node // sorted by name
	err      error   // why it cannot be listed anywhere
	bytes    int64   // of the files that may be read
}

// Of implements store.Part.
func (f *folderNode) Of() plumbing.Hash { return f.hash }

// node is a file or folder. It does not change.
type node struct {
	name  string
	path  string
	mode  fs.FileMode
	hash  plumbing.Hash
	size  int64 // of a file; unknown if negative: the server left it out because it is too large
	depth int

	unread files.Unread // why it cannot be opened; "" if it can
}

// Source is the commit that a Snapshot shows.
type Source struct {
	Objects objects.Source
	Tree    plumbing.Hash // of the root folder
	Time    time.Time
	Folders *sync.Map // keeps folders that were decoded, for all Snapshots of commits with objects in common
	// Note receives each error about an object, and returns it.
	Note func(error) error
}

// New returns a Snapshot in which the given folders are looked at whole. One that is not there is no error.
func New(from Source, most limits.Limits, folders ...string) (*Snapshot, error) {
	s := &Snapshot{
		set: from.Objects, note: from.Note, time: from.Time, most: most,
		known: from.Folders, open: map[*node]*listing{},
	}
	s.root = &node{name: ".", path: ".", mode: fs.ModeDir | 0o555, hash: from.Tree}
	for _, folder := range folders {
		n, err := s.find("open", path.Clean(folder))
		if err == nil && n.mode.IsDir() {
			err = s.index(n)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return s, nil
}

// index lists a folder and all below it.
func (s *Snapshot) index(n *node) error {
	children, err := s.list(n)
	if err != nil {
		return err
	}
	for _, c := range children {
		if c.mode.IsDir() {
			if err := s.index(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// list returns what is in a folder. The first time it counts towards the limits.
func (s *Snapshot) list(n *node) ([]*node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.load(n)
	if l.err != nil || l.listed {
		return l.children, l.err
	}
	l.listed = true
	if s.entries += len(l.children); s.entries > s.most.Files {
		l.err = limits.TooLarge(limits.SettingFiles, "more than %d files and folders", s.most.Files)
	}
	if s.bytes += l.bytes; s.bytes > s.most.Bytes {
		l.err = limits.TooLarge(limits.SettingBytes, "files of more than %s in total", limits.InWords(s.most.Bytes))
	}
	return l.children, l.err
}

// tooMany is a folder with more than maxEntries.
func tooMany(n *node) *folderNode {
	return &folderNode{hash: n.hash, err: limits.TooLarge("", "a folder of more than %d files and folders", maxEntries)}
}

// load decodes the tree of a folder, unless a Snapshot has done so before. s.mu must be held.
func (s *Snapshot) load(n *node) *listing {
	if l := s.open[n]; l != nil {
		return l
	}
	f, _ := s.lastAt(n.path)
	if f == nil || f.hash != n.hash {
		f = s.decode(n, f)
		if f.err == nil { // an error may be cured by another clone
			s.known.Store(n.path, f)
		}
	}
	l := &listing{folderNode: f, err: f.err}
	s.open[n] = l
	return l
}

// lastAt returns the folder that was decoded last at a path.
func (s *Snapshot) lastAt(path string) (*folderNode, bool) {
	known, ok := s.known.Load(path)
	if !ok {
		return nil, false
	}
	return known.(*folderNode), true
}

// decode decodes the tree of a folder. What it has in common with another at the same path, which may be nil, is taken
// from there.
func (s *Snapshot) decode(n *node, last *folderNode) *folderNode {
	f := &folderNode{hash: n.hash}
	if n.depth > maxDepth {
		f.err = limits.TooLarge("", "folders nested more than %d deep", maxDepth)
		return f
	}
	raw, err := objects.Bytes(s.set, plumbing.TreeObject, n.hash)
	if err != nil {
		f.err = s.note(err)
		return f
	}
	if last != nil {
		f.children = make([]*node, 0, len(last.children)+1)
	}
	at := 0 // in last
	for len(raw) > 0 {
		if len(f.children) == maxEntries {
			return tooMany(n)
		}
		e, rest, ok := objects.Cut(raw)
		mode, known := e.Mode()
		if !ok || !known {
			return s.decodeAny(n, raw)
		}
		raw = rest
		if last != nil {
			var same *node
			if same, at = last.same(at, e, mode); same != nil {
				f.children = append(f.children, same)
				continue
			}
		}
		s.add(n, f, &object.TreeEntry{Name: string(e.Name()), Mode: mode, Hash: e.Hash()})
	}
	s.finish(f)
	return f
}

// same returns the child that is the entry of another tree, if there is one, and where to look for the next. at is
// where this one may be.
func (f *folderNode) same(at int, e objects.Entry, mode filemode.FileMode) (*node, int) {
	if at >= len(f.children) || f.children[at].name != string(e.Name()) {
		name := string(e.Name())
		var found bool
		at, found = slices.BinarySearchFunc(f.children, name, func(c *node, name string) int {
			return strings.Compare(c.name, name)
		})
		if !found {
			return nil, at
		}
	}
	c := f.children[at]
	want, unread := modeOf(mode)
	if c.hash != e.Hash() || c.mode != want || c.unread != unread || c.size < 0 {
		return nil, at + 1
	}
	return c, at + 1
}

// decodeAny is decode for a tree that Git would not write; rest is what was not decoded of it.
func (s *Snapshot) decodeAny(n *node, rest []byte) *folderNode {
	f := &folderNode{hash: n.hash}
	left := maxEntries
	for range objects.Entries(rest) {
		if left--; left < 0 {
			return tooMany(n)
		}
	}
	entries, err := objects.Tree(s.set, n.hash)
	if err != nil {
		f.err = s.note(err)
		return f
	}
	for i := range entries {
		s.add(n, f, &entries[i])
	}
	s.finish(f)
	return f
}

// finish sorts what is in a folder, and looks at all of it.
func (s *Snapshot) finish(f *folderNode) {
	slices.SortFunc(f.children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	for i, c := range f.children {
		if c.size > 0 && c.size <= s.most.FileBytes {
			f.bytes += c.size
		}
		if i > 0 && c.name == f.children[i-1].name && f.err == nil {
			f.err = fmt.Errorf("%q is in the tree twice", c.path)
		}
	}
}

// add puts an entry of a tree into its folder.
func (s *Snapshot) add(n *node, f *folderNode, e *object.TreeEntry) {
	at := path.Join(n.path, e.Name)
	if err := CheckName(e.Name); err != nil {
		if f.err == nil {
			f.err = fmt.Errorf("path %q: %w", at, err)
		}
		return
	}
	child := &node{name: e.Name, path: at, hash: e.Hash, depth: n.depth + 1}
	if strings.HasSuffix(at, e.Name) {
		child.name = at[len(at)-len(e.Name):] // in memory once
	}
	child.mode, child.unread = modeOf(e.Mode)
	if child.mode.IsRegular() {
		child.size = -1
		if o, ok := s.set.Object(e.Hash); ok {
			child.size = o.Size()
		}
	}
	f.children = append(f.children, child)
}

// modeOf returns the mode of an entry, and why it cannot be opened.
func modeOf(mode filemode.FileMode) (fs.FileMode, files.Unread) {
	switch mode {
	case filemode.Dir:
		return fs.ModeDir | 0o555, ""
	case filemode.Regular, filemode.Executable, filemode.Deprecated:
		return 0o444, ""
	case filemode.Symlink:
		return fs.ModeSymlink | 0o444, files.Link
	case filemode.Submodule:
		return fs.ModeIrregular | 0o444, files.Submodule
	}
	return fs.ModeIrregular | 0o444, files.Special
}

// CheckName refuses special names of files: those with a meaning for a file system or Git, and those with invisible
// characters.
func CheckName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q is not a file name", name)
	case strings.EqualFold(name, ".git"):
		return fmt.Errorf("%q belongs to Git itself", name)
	case !fs.ValidPath(name) || strings.ContainsAny(name, `/\`):
		return fmt.Errorf("a file name that is not UTF-8 or holds a slash or backslash")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("a file name with control characters")
	}
	return nil
}

// TreeHash returns the hash of the file or folder at name, "." for the root. Equal hashes mean equal content, so that a
// caller can tell whether what it has read has changed. The error is fs.ErrNotExist where there is nothing.
func (s *Snapshot) TreeHash(name string) (string, error) {
	n, err := s.find("hash", name)
	if err != nil {
		return "", err
	}
	if n.hash.IsZero() {
		return "", nil
	}
	return n.hash.String(), nil
}

func (s *Snapshot) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, rest := s.root, name
	if name == "." {
		return n, nil
	}
	if dir := s.found.in; dir != nil {
		if below, ok := strings.CutPrefix(name, dir.path); ok && strings.HasPrefix(below, "/") {
			n, rest = dir, below[1:]
		}
	}
	for part := range strings.SplitSeq(rest, "/") {
		var in listing
		if n.mode.IsDir() {
			in = *s.load(n)
		} else {
			in.folderNode = &folderNode{}
		}
		first := s.placeOf(n, in.children, part)
		s.found = place{n, first}
		found := in.children[first:]
		switch {
		case in.folderNode.err != nil && len(in.children) == 0: // what is in it is unknown
			return nil, &fs.PathError{Op: op, Path: name, Err: in.folderNode.err}
		case len(found) == 0 || found[0].name != part:
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		case len(found) > 1 && found[1].name == part: // the error of the folder says so
			return nil, &fs.PathError{Op: op, Path: name, Err: in.folderNode.err}
		}
		n = found[0]
	}
	return n, nil
}

// place is that of the child of a folder. Readers go through a folder in the order of its names, so that the next
// one asked for is likely to be the next one there.
type place struct {
	in *node // nil for none
	at int
}

// placeOf returns the place of the first child of that name, or where it would be. s.mu must be held.
func (s *Snapshot) placeOf(n *node, children []*node, name string) int {
	if at := s.found.at; s.found.in == n && at+1 < len(children) &&
		children[at].name < name && children[at+1].name == name {
		return at + 1
	}
	at, _ := slices.BinarySearchFunc(children, name, func(c *node, name string) int {
		return strings.Compare(c.name, name)
	})
	return at
}
