// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"reflect"
	"sync"
	"sync/atomic"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace/admission"
)

// readings is what several calls of Read have in common beside decoded files.
type readings struct {
	// read and resolved keep what the rules of admission found: without the objects of the cluster, and with them.
	read, resolved admission.Memo

	mu       sync.Mutex
	builtin  fs.FS
	contents [sha256.Size]byte // of the presets beside those of the binary
	own      *newest           // their files; nil for none
	catalog  *preset.Catalog
	problems []diag.Diagnostic
}

func newReadings() any { return &readings{} }

// presets returns the presets of this binary and of a folder in a tree; "" is no folder. Those of equal files are one
// Catalog, by its pointer: then each answer that follows from it stays known as well.
func (r *readings) presets(builtin, tree fs.FS, dir string) (*preset.Catalog, []diag.Diagnostic, error) {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.catalog != nil && r.builtin == builtin && r.contents == contents {
		if own != nil {
			r.own.tree.Store(own.tree.Load())
		}
		return r.catalog, r.problems, nil
	}
	catalog, problems, err := preset.LoadLayers(layers...)
	if err != nil {
		return nil, nil, err
	}
	r.builtin, r.contents, r.own, r.catalog, r.problems = builtin, contents, own, catalog, problems
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
