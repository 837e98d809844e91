// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"iter"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// An Entry is one entry of a tree, as a part of the tree's content.
type Entry struct {
	Raw        []byte // all of it
	mode, name []byte
}

// Bytes of a name that ends an entry.
const hashSize = len(plumbing.ZeroHash)

// Name returns the name, which is a part of the tree.
func (e Entry) Name() []byte { return e.name }

// Hash returns the name of the object.
func (e Entry) Hash() plumbing.Hash { return plumbing.Hash(e.Raw[len(e.Raw)-hashSize:]) }

// Mode returns the mode, and whether it is one that Git writes today, in the way that Git writes it.
func (e Entry) Mode() (filemode.FileMode, bool) {
	switch string(e.mode) {
	case "100644":
		return filemode.Regular, true
	case "40000":
		return filemode.Dir, true
	case "100755":
		return filemode.Executable, true
	case "120000":
		return filemode.Symlink, true
	case "160000":
		return filemode.Submodule, true
	}
	return filemode.Empty, false
}

// IsFolder reports whether the entry is a folder.
func (e Entry) IsFolder() bool { return string(e.mode) == "40000" }

// Same reports whether two entries have the same name, mode and object.
func (e Entry) Same(other Entry) bool { return bytes.Equal(e.Raw, other.Raw) }

// Compare compares the places of two entries in a tree: the name of a folder counts as if a slash followed it.
func (e Entry) Compare(other Entry) int {
	return comparePlaces(e.name, e.IsFolder(), other.name, other.IsFolder())
}

// ComparePlace is Compare for a name.
func (e Entry) ComparePlace(name string, folder bool) int {
	return comparePlaces(e.name, e.IsFolder(), name, folder)
}

// ComparePlaces is Compare for two names.
func ComparePlaces(a string, aFolder bool, b string, bFolder bool) int {
	return comparePlaces(a, aFolder, b, bFolder)
}

func comparePlaces[A, B string | []byte](a A, aFolder bool, b B, bFolder bool) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return after(a, n, aFolder) - after(b, n, bFolder)
}

// after returns the byte of a name at n, which is not beyond its end: the slash of a folder, or 0 for none.
func after[S string | []byte](name S, n int, folder bool) int {
	switch {
	case n < len(name):
		return int(name[n])
	case folder:
		return '/'
	}
	return 0
}

// Canonical reports whether a tree is as Git writes one: entries in their order, no name twice, with modes that Git
// writes.
func Canonical(tree []byte) bool {
	var last Entry
	var files [][]byte // names that a folder may have again: each begins with the one before it
	for rest := tree; len(rest) > 0; {
		e, after, ok := Cut(rest)
		if !ok {
			return false
		}
		if _, known := e.Mode(); !known || last.Raw != nil && last.Compare(e) >= 0 {
			return false
		}
		for len(files) > 0 && !bytes.HasPrefix(e.name, files[len(files)-1]) {
			files = files[:len(files)-1]
		}
		if !e.IsFolder() {
			files = append(files, e.name)
		} else if len(files) > 0 && len(files[len(files)-1]) == len(e.name) {
			return false
		}
		last, rest = e, after
	}
	return true
}

// Differ compares two trees: what came with now, and what is gone of before; what changed is among both. Entries that
// stay are not decoded, so this takes little time in a large folder. ok is false if an entry that changed is not as Git
// writes one. Of trees in another order it finds more differences than there are, and never fewer.
func Differ(before, now []byte) (came, gone []object.TreeEntry, ok bool) {
	for len(now) > 0 {
		e, rest, whole := Cut(now)
		if !whole {
			return nil, nil, false
		}
		if bytes.HasPrefix(before, e.Raw) { // where an entry begins, the same bytes are the same entry
			before, now = before[len(e.Raw):], rest
			continue
		}
		if len(before) > 0 {
			old, after, whole := Cut(before)
			if !whole {
				return nil, nil, false
			}
			if place := old.Compare(e); place <= 0 {
				if gone, ok = appendDecoded(gone, old); !ok {
					return nil, nil, false
				}
				if before = after; place < 0 {
					continue
				}
			}
		}
		if came, ok = appendDecoded(came, e); !ok {
			return nil, nil, false
		}
		now = rest
	}
	for len(before) > 0 {
		old, rest, whole := Cut(before)
		if !whole {
			return nil, nil, false
		}
		if gone, ok = appendDecoded(gone, old); !ok {
			return nil, nil, false
		}
		before = rest
	}
	return came, gone, true
}

func appendDecoded(to []object.TreeEntry, e Entry) ([]object.TreeEntry, bool) {
	mode, known := e.Mode()
	return append(to, object.TreeEntry{Name: string(e.Name()), Mode: mode, Hash: e.Hash()}), known
}

// Entries returns the entries of a tree, up to its end or to the first that is damaged.
func Entries(tree []byte) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for len(tree) > 0 {
			e, rest, ok := Cut(tree)
			if !ok || !yield(e) {
				return
			}
			tree = rest
		}
	}
}

// Cut returns the first entry of a tree, and what follows. ok is false if there is no whole entry.
func Cut(tree []byte) (e Entry, rest []byte, ok bool) {
	space := bytes.IndexByte(tree[:min(len(tree), len("100644 "))], ' ')
	if space <= 0 {
		return e, nil, false
	}
	name := tree[space+1:]
	end := bytes.IndexByte(name, 0)
	if end <= 0 || len(name) < end+1+hashSize {
		return e, nil, false
	}
	n := space + 1 + end + 1 + hashSize
	return Entry{Raw: tree[:n:n], mode: tree[:space], name: name[:end]}, tree[n:], true
}
