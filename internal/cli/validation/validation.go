// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// Request names the files to check.
type Request struct {
	Paths []string  // files, folders, or "-" for Input
	Input io.Reader // standard input
	Base  string    // commit to compare with, or
	Old   string    // file or folder to compare with
	Now   time.Time // at which a Suspend holds, or has ended; zero: unknown
}

// Result is what a check found.
type Result struct {
	Problems   diag.List
	Workspaces int     // that were checked
	Empty      []error // for each of Paths that holds nothing, when nothing is compared
	// RemoteCode counts the Workspaces whose servers run code of a model's repository, by that repository.
	RemoteCode map[string]int
}

// Check checks every PATH. Files are taken together, and so may refer to each other; folders stand alone. The error is
// about files that cannot be read; mistakes in them are Problems.
func Check(ctx context.Context, reader source.Reader, r Request) (Result, error) {
	v := &validation{Reader: reader, Request: r, Result: Result{RemoteCode: map[string]int{}}}
	files, others := source.Split(reader.SourceFolders(r.Paths))
	if len(files) > 0 {
		if err := v.check(ctx, files, v.OpenFiles(files)); err != nil {
			return v.Result, err
		}
	}
	for _, p := range others {
		if err := v.path(ctx, p); err != nil {
			return v.Result, err
		}
	}
	return v.Result, nil
}

// validation is one check, with its findings so far.
type validation struct {
	source.Reader
	Request
	Result
}

// path checks a folder or standard input.
func (v *validation) path(ctx context.Context, name string) error {
	if name != "-" {
		tree, gone := v.gone(ctx, name)
		if !gone {
			var err error
			if tree, err = v.OpenPath(name); err != nil {
				return err
			}
		}
		return v.check(ctx, []string{name}, tree)
	}
	fsys, err := source.StdinFile(v.Input)
	if err != nil {
		return err
	}
	fsys, display := v.WithPresets(v.SourceFolders([]string{"."})[0], fsys, func(string) string { return "<stdin>" })
	return v.check(ctx, []string{name}, source.Tree{Files: fsys, Root: ".", Display: display})
}

// check checks PATHs that a tree holds together.
func (v *validation) check(ctx context.Context, paths []string, tree source.Tree) error {
	in, err := v.ReadTree(tree)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	if v.Base == "" && v.Old == "" {
		if err := source.Empty(strings.Join(paths, ", "), in); err != nil {
			v.Empty = append(v.Empty, err)
		}
	}
	problems := in.Set.Problems
	if in.Placeable() { // otherwise the rules of admission have warned of it
		d, _, err := engine.Offline(ctx, in, source.PolicyOf(v.Config))
		if err != nil {
			return err
		}
		problems = d.Problems
	}
	v.Problems = slices.Concat(v.Problems, problems, suspension.Problems(in.Set, v.Now))
	for _, name := range paths {
		changes, before, err := v.changes(ctx, name, in.Set)
		if err != nil {
			return err
		}
		forbidden, err := v.policies(ctx, paths, before, in)
		if err != nil {
			return err
		}
		v.Problems = slices.Concat(v.Problems, changes, forbidden)
	}
	v.Workspaces += len(in.Set.Workspaces)
	v.remoteCode(in)
	return nil
}

// remoteCode notes the Workspaces that run code of their model's repository.
func (v *validation) remoteCode(in desired.Input) {
	for i := range in.Set.Workspaces {
		w := &in.Set.Workspaces[i]
		if p, ok := in.Catalog.Lookup(w.PresetName()); ok && desired.ModelOf(w, p).RemoteCode {
			v.RemoteCode[p.Repo]++
		}
	}
}
