// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// Open implements [fs.FS].
func (s *Snapshot) Open(name string) (fs.File, error) {
	n, err := s.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.mode.IsDir() {
		return &openFolder{openNode: openNode{s, n, name}}, nil
	}
	b, err := s.read(n, name)
	if err != nil {
		return nil, err
	}
	return &openFile{openNode{s, n, name}, bytes.NewReader(b)}, nil
}

// ReadFile implements [fs.ReadFileFS].
func (s *Snapshot) ReadFile(name string) ([]byte, error) {
	n, err := s.find("read", name)
	if err != nil {
		return nil, err
	}
	b, err := s.read(n, name)
	return bytes.Clone(b), err
}

// Content is ReadFile for a caller that does not change what it gets, and so needs no copy of it.
func (s *Snapshot) Content(name string) ([]byte, error) {
	n, err := s.find("read", name)
	if err != nil {
		return nil, err
	}
	return s.read(n, name)
}

// ContentID implements files.Identified. Files above the limit have none: they cannot be read.
func (s *Snapshot) ContentID(name string) (id string, ok bool) {
	n, err := s.find("hash", name)
	if err != nil || !n.mode.IsRegular() || n.unread != "" || n.size < 0 || n.size > s.most.FileBytes {
		return "", false
	}
	return "blob " + n.hash.String(), true
}

// ReadDir implements [fs.ReadDirFS].
func (s *Snapshot) ReadDir(name string) ([]fs.DirEntry, error) {
	children, err := s.in(name)
	if err != nil {
		return nil, err
	}
	return s.dirEntries(children), nil
}

// Each implements files.Listed.
func (s *Snapshot) Each(name string, visit func(name string, kind fs.FileMode)) error {
	children, err := s.in(name)
	for _, n := range children {
		visit(n.name, n.mode.Type())
	}
	return err
}

// in returns what is in the folder of that name, nothing with an error.
func (s *Snapshot) in(name string) ([]*node, error) {
	n, err := s.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotFolder}
	}
	children, err := s.list(n)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return children, nil
}

// Stat implements [fs.StatFS].
func (s *Snapshot) Stat(name string) (fs.FileInfo, error) {
	n, err := s.find("stat", name)
	if err != nil {
		return nil, err
	}
	return info{s, n}, nil
}

// errPointer means that the content of a file is elsewhere (git-lfs, docs/spec.md).
var errPointer = errors.New("a pointer of Git LFS, whose content is not in the repository: " +
	"take the file out of LFS with git lfs untrack and commit it again")

func isPointer(b []byte) bool {
	return bytes.HasPrefix(b, []byte("version https://git-lfs.github.com/spec/"))
}

var (
	errNotFolder = errors.New("not a directory")
	errIsFolder  = errors.New("is a directory")
)

func (s *Snapshot) read(n *node, name string) ([]byte, error) {
	var err error
	switch {
	case n.mode.IsDir():
		err = errIsFolder
	case n.unread != "":
		err = fmt.Errorf("%w: it %s", fs.ErrNotExist, n.unread)
	case n.size < 0:
		err = limits.TooLarge(limits.SettingFile, "a file of more than %s, which was not received",
			limits.InWords(s.most.FileBytes))
	case n.size > s.most.FileBytes:
		err = limits.TooLarge(limits.SettingFile, "a file of %d bytes, more than %s", n.size,
			limits.InWords(s.most.FileBytes))
	default:
		b, e := objects.Bytes(s.set, plumbing.BlobObject, n.hash)
		if e == nil && isPointer(b) {
			e = errPointer
		}
		if e == nil {
			return b, nil
		}
		err = s.note(e)
	}
	return nil, &fs.PathError{Op: "read", Path: name, Err: err}
}

func (s *Snapshot) dirEntries(nodes []*node) []fs.DirEntry {
	list, all := make([]fs.DirEntry, len(nodes)), make([]info, len(nodes))
	for i, n := range nodes {
		all[i] = info{s, n}
		list[i] = &all[i]
	}
	return list
}

// info implements fs.FileInfo and fs.DirEntry.
type info struct {
	s *Snapshot
	n *node
}

func (i info) Name() string       { return i.n.name }
func (i info) Size() int64        { return max(0, i.n.size) }
func (i info) Mode() fs.FileMode  { return i.n.mode }
func (i info) ModTime() time.Time { return i.s.time }
func (i info) IsDir() bool        { return i.n.mode.IsDir() }
func (i info) Type() fs.FileMode  { return i.n.mode.Type() }
func (i info) String() string     { return fs.FormatDirEntry(i) }

func (i info) Info() (fs.FileInfo, error) { return i, nil }

// Sys returns the files.Unread of what cannot be opened, else nil.
func (i info) Sys() any {
	if i.n.unread == "" {
		return nil
	}
	return i.n.unread
}

type openNode struct {
	s    *Snapshot
	n    *node
	path string
}

func (o openNode) Stat() (fs.FileInfo, error) { return info{o.s, o.n}, nil }
func (o openNode) Close() error               { return nil }

type openFile struct {
	openNode
	*bytes.Reader
}

type openFolder struct {
	openNode
	read int // children returned so far
}

func (o *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: o.path, Err: errIsFolder}
}

// ReadDir implements fs.ReadDirFile.
func (o *openFolder) ReadDir(count int) ([]fs.DirEntry, error) {
	children, err := o.s.list(o.n)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: o.path, Err: err}
	}
	rest := children[o.read:]
	if count > 0 {
		if len(rest) == 0 {
			return nil, io.EOF
		}
		rest = rest[:min(count, len(rest))]
	}
	o.read += len(rest)
	return o.s.dirEntries(rest), nil
}
