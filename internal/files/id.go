// SPDX-License-Identifier: Apache-2.0

package files

import "io/fs"

// Identified is a tree that knows which of its files have the same content, without reading them.
type Identified interface {
	// ContentID identifies the content of a regular file that can be read: equal ids mean equal content. ok is false for
	// all else.
	ContentID(name string) (id string, ok bool)
}

// ID returns what identifies the content of a file, or "" where the tree does not know.
func ID(tree fs.FS, name string) string {
	if t, ok := tree.(Identified); ok {
		id, _ := t.ContentID(name)
		return id
	}
	return ""
}

// Compared is a tree that knows in what it differs from another one, without reading its files.
type Compared interface {
	// ChangedSince returns the regular files that can be read in both trees, and whose content is not the same. ok is
	// false if the trees differ in anything else, and if that is not known.
	ChangedSince(before fs.FS) (names []string, ok bool)
}

// Changed returns the files in which a tree differs from another one; ok is false where the tree does not know.
func Changed(before, tree fs.FS) (names []string, ok bool) {
	t, is := tree.(Compared)
	if !is || before == nil {
		return nil, false
	}
	return t.ChangedSince(before)
}
