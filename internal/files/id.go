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

// Listed is a tree that lists folders without an object for each of what is in them.
type Listed interface {
	// Each calls visit for all that is in a folder, in the order of the names, with the type of each. Where
	// [fs.ReadDir] returns an error, so does it, and calls visit for nothing.
	Each(dir string, visit func(name string, kind fs.FileMode)) error
}

// Each calls visit for all that is in a folder, in the order of the names, with the type of each.
func Each(tree fs.FS, dir string, visit func(name string, kind fs.FileMode)) error {
	if t, ok := tree.(Listed); ok {
		return t.Each(dir, visit)
	}
	entries, err := fs.ReadDir(tree, dir)
	if err != nil {
		return err
	}
	for _, d := range entries {
		visit(d.Name(), d.Type())
	}
	return nil
}
