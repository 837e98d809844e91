// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// merged presents several trees as one. It merges whole folders of two path elements, such as models/phi-4 or
// components/images: the last layer with such a folder provides all its files, so that no folder mixes two authors.
type merged struct {
	layers  []Layer
	folders map[string]map[string]int // "models" -> "phi-4" -> index of the layer
	over    []string                  // folders that override one in an earlier layer
}

// categories lists the folders of a presets tree. Load ignores other files.
var categories = []string{"base", "components", modelsDir}

func merge(layers []Layer) (*merged, error) {
	m := &merged{layers: layers, folders: map[string]map[string]int{}}
	for i, layer := range layers {
		for _, category := range categories {
			entries, err := fs.ReadDir(layer.FS, category)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("list presets: %w", err)
			}
			for _, e := range entries {
				if !e.IsDir() {
					continue
				}
				if m.folders[category] == nil {
					m.folders[category] = map[string]int{}
				}
				if _, taken := m.folders[category][e.Name()]; taken {
					m.over = append(m.over, path.Join(category, e.Name()))
				}
				m.folders[category][e.Name()] = i
			}
		}
	}
	return m, nil
}

// layer returns the index of the layer that provides a model.
func (m *merged) layer(model string) int { return m.folders[modelsDir][model] }

// Open implements fs.FS.
func (m *merged) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return newFolder(name, slices.Sorted(maps.Keys(m.folders))), nil
	}
	category, rest, below := strings.Cut(name, "/")
	names, ok := m.folders[category]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if !below {
		return newFolder(name, slices.Sorted(maps.Keys(names))), nil
	}
	folder, _, _ := strings.Cut(rest, "/")
	i, ok := names[folder]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return m.layers[i].FS.Open(name)
}

func newFolder(name string, entries []string) *folder {
	f := &folder{info: folderInfo(path.Base(name))}
	for _, e := range entries {
		f.rest = append(f.rest, fs.FileInfoToDirEntry(folderInfo(e)))
	}
	return f
}

// folder is an open folder that merged creates.
type folder struct {
	info folderInfo
	rest []fs.DirEntry // not read yet
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Close() error               { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: string(f.info), Err: errors.New("is a directory")}
}

// ReadDir implements fs.ReadDirFile.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.rest) {
		n = len(f.rest)
	}
	out := f.rest[:n:n]
	f.rest = f.rest[n:]
	return out, nil
}

// folderInfo is the name of a folder, as its fs.FileInfo.
type folderInfo string

func (i folderInfo) Name() string     { return string(i) }
func (folderInfo) Size() int64        { return 0 }
func (folderInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (folderInfo) ModTime() time.Time { return time.Time{} }
func (folderInfo) IsDir() bool        { return true }
func (folderInfo) Sys() any           { return nil }
