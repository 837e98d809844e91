// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"fmt"
	"strings"
)

// wanted are the files that a folder shall have, by their paths, and the folders that this makes; "" is the folder
// itself.
type wanted struct {
	files  map[string][]byte
	direct map[string]int      // how many files are in a folder
	subs   map[string][]string // the folders in a folder
	byDir  map[string][]string // the files in a folder; nil until they are asked for
}

func want(files map[string][]byte) (*wanted, error) {
	w := &wanted{files: files, direct: map[string]int{"": 0}, subs: map[string][]string{}}
	for name := range files {
		dir := parent(name)
		if n, known := w.direct[dir]; known {
			w.direct[dir] = n + 1
			continue
		}
		w.direct[dir] = 1
		for sub := dir; sub != ""; { // up to a folder that is known
			up := parent(sub)
			w.subs[up] = append(w.subs[up], sub)
			if _, known := w.direct[up]; known {
				break
			}
			w.direct[up] = 0
			sub = up
		}
	}
	for dir := range w.direct {
		if _, both := files[dir]; both {
			return nil, fmt.Errorf("%s is both a file and a folder", dir)
		}
	}
	return w, nil
}

// has reports whether there is a folder.
func (w *wanted) has(dir string) bool {
	_, ok := w.direct[dir]
	return ok
}

// in returns the paths of the files in a folder, but not below it.
func (w *wanted) in(dir string) []string {
	if w.byDir == nil {
		w.byDir = map[string][]string{}
		for name := range w.files {
			at := parent(name)
			w.byDir[at] = append(w.byDir[at], name)
		}
	}
	return w.byDir[dir]
}

// parent returns the folder of a path, or "".
func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

// base returns the last part of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
