// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"
)

// maxStdin is one byte more than the limit of a file, so that load reports a longer input.
const maxStdin = 1<<20 + 1

// TextFile is a file system with one file, whose text is in memory.
type TextFile struct{ Data []byte }

const textFileName = "stdin.yaml"

// StdinFile reads standard input to its end.
func StdinFile(r io.Reader) (fs.FS, error) {
	if r == nil {
		return nil, errors.New("there is no standard input")
	}
	data, err := io.ReadAll(io.LimitReader(r, maxStdin))
	return TextFile{data}, err
}

// Open opens the one file, or the folder it is in.
func (t TextFile) Open(name string) (fs.File, error) {
	switch name {
	case ".":
		return openText{textInfo{".", fs.ModeDir | 0o555, 0}, bytes.NewReader(nil)}, nil
	case textFileName:
		return openText{t.info(), bytes.NewReader(t.Data)}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the one file.
func (t TextFile) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(t.info())}, nil
}

func (t TextFile) info() textInfo { return textInfo{textFileName, 0o444, int64(len(t.Data))} }

type openText struct {
	info textInfo
	*bytes.Reader
}

func (f openText) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f openText) Close() error               { return nil }

type textInfo struct {
	name string
	mode fs.FileMode
	size int64
}

func (i textInfo) Name() string       { return i.name }
func (i textInfo) Size() int64        { return i.size }
func (i textInfo) Mode() fs.FileMode  { return i.mode }
func (i textInfo) ModTime() time.Time { return time.Time{} }
func (i textInfo) IsDir() bool        { return i.mode.IsDir() }
func (i textInfo) Sys() any           { return nil }

// nextEntries returns the next n entries of a folder that is being listed, or all that are left when n is not positive.
func nextEntries(left *[]fs.DirEntry, n int) ([]fs.DirEntry, error) {
	out := *left
	if n > 0 {
		if len(out) == 0 {
			return nil, io.EOF
		}
		out = out[:min(n, len(out))]
	}
	*left = (*left)[len(out):]
	return out, nil
}
