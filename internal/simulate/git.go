// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing/fstest"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/simulate/asked"
)

// repository is the followed branch, commit by commit, and the folder of the cluster on the status branch.
type repository struct {
	files   map[string]string
	empty   bool                // the tip confirms that no Workspace is left
	commits []map[string]string // earlier files
	number  int
	status  map[string][]byte
	records int
	moves   int // of the status branch, by every writer
}

func newRepository() *repository {
	return &repository{files: map[string]string{}, status: map[string][]byte{}}
}

// commit makes files the tip.
func (r *repository) commit(change func(files map[string]string)) {
	r.commits = append(r.commits, maps.Clone(r.files))
	if len(r.commits) > 8 {
		r.commits = r.commits[1:]
	}
	change(r.files)
	r.empty = false
	r.number++
}

// names lists the files in order.
func (r *repository) names() []string { return slices.Sorted(maps.Keys(r.files)) }

// repair is the change that ends all syntax errors.
func repair(files map[string]string) {
	for name, text := range files {
		files[name] = strings.ReplaceAll(text, asked.SyntaxError, "")
	}
}

// tip returns the newest revision.
func (r *repository) tip() reconcile.Revision {
	files, sum := fstest.MapFS{}, sha256.New()
	for _, name := range r.names() {
		files[name] = &fstest.MapFile{Data: []byte(r.files[name])}
		fmt.Fprintf(sum, "%q %q\n", name, r.files[name])
	}
	return reconcile.Revision{
		Commit:     fmt.Sprintf("c%d", r.number),
		Files:      files,
		Inputs:     fmt.Sprintf("%x", sum.Sum(nil)),
		AllowEmpty: r.empty,
	}
}

// Fetch implements reconcile.Source.
func (p *process) Fetch(context.Context) (reconcile.Revision, error) {
	p.fetched = false
	f := p.gate(call{kind: "fetch"})
	if f.err == nil {
		p.revision, p.fetched = p.w.git.tip(), true
	}
	return p.revision, p.answer(f)
}
