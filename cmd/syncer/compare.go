package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// changes compares a PATH with what --base or --old names, if either is given.
func (v *validation) changes(ctx context.Context, name string, after *workspace.Set) ([]workspace.Problem, error) {
	var before, all fs.FS
	var root string
	var err error
	switch {
	case v.flags.old != "":
		before, _, err = v.openPath(v.sourceFolders([]string{v.flags.old})[0])
	case v.flags.base == "":
		return nil, nil
	case name == "-":
		return nil, errors.New("--base does not know where standard input is from; use --old")
	default:
		before, all, root, err = v.atBase(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	options := loadOptions(v.config)
	options.Build = render.BuildFolder
	old := &workspace.Set{}
	if before != nil {
		if old, err = workspace.Load(before, options); err != nil {
			return nil, fmt.Errorf("read what to compare with: %w", err)
		}
	}
	if all != nil && slices.ContainsFunc(after.Workspaces, func(w workspace.Workspace) bool { return old.Find(w.Key) == nil }) {
		whole, err := workspace.Load(all, options)
		if err != nil {
			return nil, fmt.Errorf("read what to compare with: %w", err)
		}
		return append(workspace.Changes(old, after), workspace.Changes(moved(whole, old, root), after)...), nil
	}
	return workspace.Changes(old, after), nil
}

// moved returns the Workspaces of a whole repository whose files are no longer there, besides those in old: one that is somewhere else now
// was moved. Another of the same name, in a file that is still there, may be for another cluster.
func moved(whole, old *workspace.Set, root string) *workspace.Set {
	out := &workspace.Set{}
	for _, w := range whole.Workspaces {
		if old.Find(w.Key) == nil && !exists(filepath.Join(root, filepath.FromSlash(w.Source.Path))) {
			out.Workspaces = append(out.Workspaces, w)
		}
	}
	return out
}

// atBase returns what a PATH was at the commit that --base names, nil when it was not there, and all of the repository that the PATH is in,
// which is at root.
func (v *validation) atBase(ctx context.Context, name string) (before, all fs.FS, root string, err error) {
	root, rel, err := repositoryOf(name)
	if err != nil {
		return nil, nil, "", err
	}
	repo, err := openRepository(v.config, root)
	if err != nil {
		return nil, nil, "", err
	}
	commit, err := repo.Resolve(ctx, v.flags.base)
	if err != nil {
		return nil, nil, "", fmt.Errorf("look up --base: %w", err)
	}
	snapshot, err := repo.Snapshot(commit)
	if err != nil {
		return nil, nil, "", err
	}
	before, err = partOf(snapshot, rel)
	return before, snapshot, root, err
}

// partOf returns a folder or a file of a tree, nil when it is not there.
func partOf(tree fs.FS, rel string) (fs.FS, error) {
	info, err := fs.Stat(tree, rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.IsDir():
		return fs.Sub(tree, rel)
	}
	dir, err := fs.Sub(tree, path.Dir(rel))
	if err != nil {
		return nil, err
	}
	return newOneFile(dir, path.Base(rel)), nil
}

// repositoryOf returns the working tree that a path is in, and where in it.
func repositoryOf(name string) (root, rel string, err error) {
	full, err := filepath.Abs(name)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	if err != nil {
		return "", "", err
	}
	for root = full; ; root = filepath.Dir(root) {
		if exists(filepath.Join(root, ".git")) {
			rel, err = filepath.Rel(root, full)
			return root, filepath.ToSlash(rel), err
		}
		if filepath.Dir(root) == root {
			return "", "", fmt.Errorf("%s is in no Git repository; use --old", name)
		}
	}
}

// readFacts reads what the cluster has.
func (r reader) readFacts(paths []string) (workspace.Facts, []workspace.Problem, error) {
	var all workspace.Facts
	var problems []workspace.Problem
	for _, p := range paths {
		fsys, display, err := r.openPath(p)
		if err != nil {
			return all, nil, err
		}
		f, found, err := workspace.LoadFacts(fsys)
		if err != nil {
			return all, nil, err
		}
		for _, problem := range found {
			problem.Path = display(problem.Path)
			problems = append(problems, problem)
		}
		all = all.With(f)
	}
	return all, problems, nil
}

// broughtNodes returns the nodes that are known, as a cluster that has them would show them.
func broughtNodes(set *workspace.Set, facts workspace.Facts) (seen plan.Observed, known bool) {
	nodes := set.Nodes
	if facts.NodesKnown {
		nodes = facts.Nodes
	}
	for _, n := range nodes {
		seen.State.Nodes = append(seen.State.Nodes, cluster.Node{
			Name: n.Name, InstanceType: cmp.Or(n.Labels["node.kubernetes.io/instance-type"], n.Labels["nvidia.com/gpu.product"]),
			Ready: true, Labels: n.Labels,
		})
	}
	return seen, facts.NodesKnown || len(nodes) > 0
}
