// SPDX-License-Identifier: Apache-2.0

// Package branch is the repository of a simulation: the followed branch, commit by commit, and the status branch.
package branch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/workspace"
)

// Repository is the followed branch, commit by commit, and the folder of the cluster on the status branch.
type Repository struct {
	Files   map[string]string
	Empty   bool                // the tip confirms that no Workspace is left
	Allow   map[int]int         // how many deletions a commit allows
	Last    map[string]int      // the last commit that had a file
	Commits []map[string]string // earlier files
	Number  int                 // of the tip
	Status  map[string][]byte
	Records int // commits to the status branch, by syncer
	Moves   int // of the status branch, by every writer
}

// New returns a Repository without commits.
func New() *Repository {
	return &Repository{
		Files: map[string]string{}, Status: map[string][]byte{}, Allow: map[int]int{}, Last: map[string]int{},
	}
}

// Commit makes files the tip.
func (r *Repository) Commit(change func(files map[string]string)) {
	r.Commits = append(r.Commits, maps.Clone(r.Files))
	if len(r.Commits) > 8 {
		r.Commits = r.Commits[1:]
	}
	change(r.Files)
	r.Empty = false
	r.Number++
	for name := range r.Files {
		r.Last[name] = r.Number
	}
}

// Names lists the files in order.
func (r *Repository) Names() []string { return slices.Sorted(maps.Keys(r.Files)) }

// Repair is the change that ends all syntax errors.
func Repair(files map[string]string) {
	for name, text := range files {
		files[name] = strings.ReplaceAll(text, asked.SyntaxError, "")
	}
}

// Tip returns the newest revision.
func (r *Repository) Tip() reconcile.Revision {
	out := reconciletest.Revision(r.Number, r.Files)
	out.AllowEmpty, out.AllowDelete = r.Empty, r.Allow[r.Number]
	return out
}

// Trailers returns what the commits of a part of the history allow to be deleted.
func (r *Repository) Trailers(part reconcile.History) []string {
	var out []string
	for n := r.Number; n >= 0; n-- {
		name := fmt.Sprintf("c%d", n)
		if name == part.After {
			break
		}
		if allow := r.Allow[n]; allow > 0 {
			out = append(out, fmt.Sprint(allow))
		}
		if name == part.From {
			break
		}
	}
	return out
}

// SaysReady reports whether the status branch says of a Workspace that it is ready: from there each process knows it.
func (r *Repository) SaysReady(k workspace.Key) bool {
	return strings.Contains(string(r.Status[k.String()+".yaml"]), "state: Ready")
}
