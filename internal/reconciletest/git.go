// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"syncer.dev/syncer/internal/files/filestest"
	"syncer.dev/syncer/internal/reconcile"
)

// Git is the repository and the status branch. It is a reconcile.Source and a reconcile.Recorder.
type Git struct {
	Down       error // of every fetch
	RecordDown error // of every push
	AllowEmpty bool  // the commits confirm the removal of the last Workspace
	Messages   []string
	// Allow is the number in the trailer Syncer-Allow-Delete of each commit, by its number; see Commits.
	Allow  map[int]int
	Pushes int // that were tried, refused ones too

	files   map[string]string
	commits int
	fetches atomic.Int64
	status  map[string][]byte
}

// syntaxError is the content of unreadable files.
const syntaxError = "x: ["

// Push commits one file.
func (g *Git) Push(name, text string) {
	g.files[name] = text
	g.commits++
}

// Remove commits the removal of a file.
func (g *Git) Remove(name string) {
	delete(g.files, name)
	g.commits++
}

// Break commits a syntax error in a file.
func (g *Git) Break(name string) { g.Push(name, g.files[name]+syntaxError) }

// Repair commits all files without syntax errors.
func (g *Git) Repair() {
	for name, text := range g.files {
		if strings.Contains(text, syntaxError) {
			g.Push(name, strings.ReplaceAll(text, syntaxError, ""))
		}
	}
}

// PushAllowing makes a commit that changes nothing and allows deletions by a trailer.
func (g *Git) PushAllowing(n int) {
	g.commits++
	if g.Allow == nil {
		g.Allow = map[int]int{}
	}
	g.Allow[g.commits] = n
}

// Trailers is that of reconcile.Commits, for the one trailer that the commits have.
func (g *Git) Trailers(_ context.Context, _ string, part reconcile.History) ([]string, error) {
	if g.Down != nil {
		return nil, g.Down
	}
	var out []string
	for n := g.commits; n >= 0; n-- {
		if fmt.Sprintf("c%d", n) == part.After {
			break
		}
		if allow := g.Allow[n]; allow > 0 {
			out = append(out, strconv.Itoa(allow))
		}
		if fmt.Sprintf("c%d", n) == part.From {
			break
		}
	}
	return out, nil
}

// File returns the text of a file, or "".
func (g *Git) File(name string) string { return g.files[name] }

// Files lists the names of the files in order.
func (g *Git) Files() []string { return slices.Sorted(maps.Keys(g.files)) }

// Status returns the recorded files, by path relative to the cluster's folder.
func (g *Git) Status() map[string][]byte { return maps.Clone(g.status) }

// Forge changes a recorded file, as another client can that may write to the status branch.
func (g *Git) Forge(name string, change func(text string) string) {
	g.status[name] = []byte(change(string(g.status[name])))
}

// Fetches counts the calls of Fetch.
func (g *Git) Fetches() int { return int(g.fetches.Load()) }

// Tip returns the newest revision, also while the repository is unreachable. Each push changes its commit; its inputs
// change only with the content.
func (g *Git) Tip() reconcile.Revision {
	r := Revision(g.commits, g.files)
	r.AllowEmpty, r.AllowDelete = g.AllowEmpty, g.Allow[g.commits]
	return r
}

// Revision returns the revision of the n-th commit, which has these files. Its inputs follow from them alone.
func Revision(n int, files map[string]string) reconcile.Revision {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %q\n", name, files[name])
	}
	return reconcile.Revision{
		Commit: fmt.Sprintf("c%d", n), Files: filestest.New(files), Inputs: fmt.Sprintf("%x", sum.Sum(nil)),
	}
}

// Fetch returns the newest revision.
func (g *Git) Fetch(context.Context) (reconcile.Revision, error) {
	g.fetches.Add(1)
	if g.Down != nil {
		return reconcile.Revision{}, g.Down
	}
	return g.Tip(), nil
}

// Read returns the recorded files.
func (g *Git) Read(context.Context) (map[string][]byte, error) {
	if g.Down != nil {
		return nil, g.Down
	}
	return g.Status(), nil
}

// Record replaces the recorded files of a Share.
func (g *Git) Record(_ context.Context, r reconcile.Recording) (string, error) {
	g.Pushes++
	if g.RecordDown != nil {
		return "", g.RecordDown
	}
	files := r.Share.Over(r.All(), g.status)
	if maps.EqualFunc(g.status, files, bytes.Equal) {
		return "", nil
	}
	g.status = maps.Clone(files)
	g.Messages = append(g.Messages, r.Message)
	return fmt.Sprintf("s%d", len(g.Messages)), nil
}
