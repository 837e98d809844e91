package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"
)

// maxStdin is a little more than the longest file that is read, so that a longer one is told about.
const maxStdin = 1<<20 + 1

// textFile is a file system that holds one file, with a text that is in memory.
type textFile struct{ data []byte }

const textFileName = "stdin.yaml"

// stdinFile reads standard input to its end.
func stdinFile(r io.Reader) (fs.FS, error) {
	if r == nil {
		return nil, errors.New("there is no standard input")
	}
	data, err := io.ReadAll(io.LimitReader(r, maxStdin))
	return textFile{data}, err
}

// Open opens the one file, or the folder it is in.
func (t textFile) Open(name string) (fs.File, error) {
	switch name {
	case ".":
		return openText{textInfo{".", fs.ModeDir | 0o555, 0}, bytes.NewReader(nil)}, nil
	case textFileName:
		return openText{t.info(), bytes.NewReader(t.data)}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the one file.
func (t textFile) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(t.info())}, nil
}

func (t textFile) info() textInfo { return textInfo{textFileName, 0o444, int64(len(t.data))} }

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
