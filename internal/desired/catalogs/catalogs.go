// SPDX-License-Identifier: Apache-2.0

// Package catalogs keeps the presets of a source from one commit to the next: those of equal files are one Catalog, by
// its pointer, so that each answer that follows from it stays known as well.
package catalogs

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"sync"
	"sync/atomic"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/preset"
)

// Kept is the Catalog of the last source. Its zero value has none. It is safe for concurrent use.
type Kept struct {
	mu       sync.Mutex
	builtin  fs.FS
	contents [sha256.Size]byte // of the presets beside those of the binary
	own      *newest           // their files; nil for none
	catalog  *preset.Catalog
	problems []diag.Diagnostic
}

// Of returns the presets of the binary and of a folder in a tree, and what is wrong with them; "" is no folder.
func (k *Kept) Of(builtin, tree fs.FS, dir string) (*preset.Catalog, []diag.Diagnostic, error) {
	layers := []preset.Layer{{FS: builtin}}
	known := reflect.TypeOf(builtin).Comparable()
	var contents [sha256.Size]byte
	var own *newest
	if dir != "" {
		sub, err := fs.Sub(tree, dir)
		if err != nil {
			return nil, nil, err
		}
		own = newestOf(sub)
		layers = append(layers, preset.Layer{FS: own, Path: dir})
		if known {
			contents, known = contentsOf(tree, dir)
		}
	}
	if !known {
		return preset.LoadLayers(layers...)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.catalog != nil && k.builtin == builtin && k.contents == contents {
		if own != nil {
			k.own.tree.Store(own.tree.Load())
		}
		return k.catalog, k.problems, nil
	}
	catalog, problems, err := preset.LoadLayers(layers...)
	if err != nil {
		return nil, nil, err
	}
	k.builtin, k.contents, k.own, k.catalog, k.problems = builtin, contents, own, catalog, problems
	return catalog, problems, nil
}

// contentsOf identifies the files of a folder, without reading them; ok is false if the tree does not know them all.
func contentsOf(tree fs.FS, dir string) (sum [sha256.Size]byte, ok bool) {
	h := sha256.New()
	err := fs.WalkDir(tree, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		id := files.ID(tree, name)
		if id == "" {
			return fs.ErrInvalid
		}
		_, err = fmt.Fprintf(h, "%q %s\n", name, id)
		return err
	})
	return [sha256.Size]byte(h.Sum(nil)), err == nil
}

// newest is the newest of several trees with the same files. A Catalog reads some files later, and an old tree may be
// gone by then.
type newest struct{ tree atomic.Pointer[fs.FS] }

func newestOf(tree fs.FS) *newest {
	n := &newest{}
	n.tree.Store(&tree)
	return n
}

// Open implements fs.FS.
func (n *newest) Open(name string) (fs.File, error) { return (*n.tree.Load()).Open(name) }

// ReadFile implements fs.ReadFileFS.
func (n *newest) ReadFile(name string) ([]byte, error) { return fs.ReadFile(*n.tree.Load(), name) }

// ReadDir implements fs.ReadDirFS.
func (n *newest) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(*n.tree.Load(), name) }

// presetsDir is where a source keeps presets of its own.
const presetsDir = "presets"

// Folder returns the folder with the presets of a tree, or "". Those of root win over those of the whole tree.
func Folder(files fs.FS, root, presets string) string {
	dirs := []string{presets}
	if presets == "" {
		dirs = []string{path.Join(root, presetsDir), presetsDir}
	}
	for _, dir := range dirs {
		if info, err := fs.Stat(files, dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}
