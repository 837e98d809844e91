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
