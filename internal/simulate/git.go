// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
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
	out := reconciletest.Revision(r.number, r.files)
	out.AllowEmpty = r.empty
	return out
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
