// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"syncer.dev/syncer/internal/canonical"
)

// Tree is a folder of files in memory, by slash-separated path. Kustomize sees nothing but one tree, so no path and no
// link leads out of it.
type Tree map[string][]byte

// Add copies the files of o into t, below dir.
func (t Tree) Add(dir string, o Tree) {
	for name, data := range o {
		t[path.Join(dir, name)] = data
	}
}

// AddJSON writes v as a file of JSON, which is YAML too.
func (t Tree) AddJSON(name string, v any) error {
	data, err := canonical.Append(nil, v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	t[name] = data
	return nil
}

// fileSystem returns the tree as the file system that Kustomize reads.
func (t Tree) fileSystem() (filesys.FileSystem, error) {
	fsys := filesys.MakeFsInMemory()
	for name, data := range t {
		if err := fsys.WriteFile("/"+name, data); err != nil {
			return nil, fmt.Errorf("write %s in memory: %w", name, err)
		}
	}
	return fsys, nil
}

// Digest returns the SHA-256, in hex, of the names and contents of all files.
func (t Tree) Digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(t)) {
		for _, part := range [][]byte{[]byte(name), t[name]} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
