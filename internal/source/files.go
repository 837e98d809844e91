// SPDX-License-Identifier: Apache-2.0

package source

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// manyFiles is a file system with the files of a command line, so that they can refer to each other. Each is in a
// folder of its own, with a number as its name, since two files may have the same name.
type manyFiles []string

// Split divides PATH arguments into files and others: folders, standard input, and paths that do not exist. It omits
// duplicates.
func Split(paths []string) (files manyFiles, others []string) {
	seen := map[string]bool{}
	for _, p := range paths {
		if seen[filepath.Clean(p)] {
			continue
		}
		seen[filepath.Clean(p)] = true
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			files = append(files, p)
		} else {
			others = append(others, p)
		}
	}
	return files, others
}

// Named returns the path of a file, or of its folder, as the user wrote it.
func (m manyFiles) Named(name string) string {
	number, _, _ := strings.Cut(name, "/")
	if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(m) {
		return m[i]
	}
	return name
}

// find returns the file at a path of the file system; rest is empty for its folder.
func (m manyFiles) find(name string) (file, rest string, ok bool) {
	number, rest, _ := strings.Cut(name, "/")
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(m) || number != strconv.Itoa(i) {
		return "", "", false
	}
	return m[i], rest, rest == "" || rest == filepath.Base(m[i])
}

// Open opens a file, or one of the folders.
func (m manyFiles) Open(name string) (fs.File, error) {
	file, rest, ok := m.find(name)
	switch {
	case name == "." || ok && rest == "":
		return openText{info: textInfo{path.Base(name), fs.ModeDir | 0o555, 0}}, nil
	case ok:
		if err := CheckLinks(file); err != nil {
			return nil, err
		}
		return os.Open(file)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the folders, or the one file in a folder.
func (m manyFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "." {
		var out []fs.DirEntry
		for i := range m {
			out = append(out, fs.FileInfoToDirEntry(textInfo{strconv.Itoa(i), fs.ModeDir | 0o555, 0}))
		}
		return out, nil
	}
	file, rest, ok := m.find(name)
	if !ok || rest != "" {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}
