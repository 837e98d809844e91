// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/immutable"
	"syncer.dev/syncer/internal/workspace/load"
)

// changes compares a PATH with what --base or --old names, if either is given. It returns that as well.
func (v *validation) changes(
	ctx context.Context, name string, after *workspace.Set,
) (_ []diag.Diagnostic, before source.Tree, _ error) {
	var all fs.FS
	var root string
	var err error
	switch {
	case v.Old != "":
		before, err = v.OpenPath(v.SourceFolders([]string{v.Old})[0])
	case v.Base == "":
		return nil, before, nil
	case name == "-":
		return nil, before, errors.New("--base needs a path in a repository; for standard input use --old")
	default:
		before, all, root, err = v.atBase(ctx, name)
	}
	if err != nil {
		return nil, before, err
	}
	options := v.LoadOptions()
	options.Root = before.Root
	old, err := load.Load(before.Files, options)
	if err != nil {
		return nil, before, fmt.Errorf("read the earlier state: %w", err)
	}
	if all != nil &&
		slices.ContainsFunc(after.Workspaces, func(w workspace.Workspace) bool { return old.Find(w.Key) == nil }) {
		options.Root, options.Build = ".", desired.Builder(options.Limits) // the limit of builds is that of one tree
		whole, err := load.Load(all, options)
		if err != nil {
			return nil, before, fmt.Errorf("read the earlier state: %w", err)
		}
		moves := immutable.Changes(moved(whole, old, root), after)
		return append(immutable.Changes(old, after), moves...), before, nil
	}
	return immutable.Changes(old, after), before, nil
}

// moved returns the Workspaces of a whole repository whose files are no longer there, without those in old: one that is
// somewhere else now was moved. Another of the same name, in a file that is still there, may be for another cluster.
func moved(whole, old *workspace.Set, root string) *workspace.Set {
	out := &workspace.Set{}
	for _, w := range whole.Workspaces {
		if old.Find(w.Key) == nil && !source.Exists(filepath.Join(root, filepath.FromSlash(w.Source.Path))) {
			out.Workspaces = append(out.Workspaces, w)
		}
	}
	return out
}

// atBase returns what a PATH was at the commit that --base names, and all of the repository that the PATH is in, which
// is at root.
func (v *validation) atBase(ctx context.Context, name string) (before source.Tree, all fs.FS, root string, err error) {
	root, rel, err := source.RepositoryOf(name)
	if err != nil {
		return before, nil, "", err
	}
	all, err = compare.TreeAt(ctx, v.Config, root, v.Base)
	if err != nil {
		return before, nil, "", fmt.Errorf("look up --base: %w", err)
	}
	before, err = source.At(all, rel)
	return before, all, root, err
}

// gone returns a PATH that no longer exists as an empty tree, if it did at --base: a change may remove it.
func (v *validation) gone(ctx context.Context, name string) (source.Tree, bool) {
	if v.Base == "" || source.Exists(name) {
		return source.Tree{}, false
	}
	root, rel, err := source.RepositoryOf(name)
	if err != nil {
		return source.Tree{}, false
	}
	all, err := compare.TreeAt(ctx, v.Config, root, v.Base)
	if err != nil {
		return source.Tree{}, false
	}
	_, err = fs.Stat(all, rel)
	return source.Tree{Files: source.Nothing(), Root: "."}, err == nil
}
