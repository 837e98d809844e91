// SPDX-License-Identifier: Apache-2.0

// Package trace finds the document and the commit that an object of the cluster comes from.
package trace

import (
	"context"
	"strings"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
)

// Origin is where an object comes from.
type Origin struct {
	Object    cluster.Ref
	Workspace workspace.Key // that it belongs to; zero for a plain object of the repository
	Preset    string        // of the Workspace; "" if it has none
	Place     diag.Position // of the document in the repository; without a line where Kustomize has made it
	Head      git.Commit    // the commit that was read
	Changed   git.Commit    // the last commit that changed the file; zero if it is not among the last traceDepth
}

// traceDepth bounds the search for the last commit that changed a file.
const traceDepth = 1000

// Wanted names the objects to trace.
type Wanted struct {
	Kind, Name string // Kind in any case
	Namespace  string // "" for any
}

func (w Wanted) is(r cluster.Ref) bool {
	return strings.EqualFold(r.Kind, w.Kind) && r.Name == w.Name && (w.Namespace == "" || r.Namespace == w.Namespace)
}

// Find finds out which documents of a commit make an object, in the Git repository at root. It renders the commit, and
// needs no cluster: an empty result says that the commit makes no such object.
func Find(ctx context.Context, c config.Config, root, commit string, wanted Wanted) ([]Origin, error) {
	in, at, repo, err := read(ctx, c, root, commit)
	if err != nil {
		return nil, err
	}
	d, _, err := engine.Offline(ctx, in, source.PolicyOf(c))
	if err != nil {
		return nil, err
	}
	var out []Origin
	for _, o := range d.Objects {
		ref := cluster.RefOf(o.Content)
		if !wanted.is(ref) {
			continue
		}
		origin := originOf(in, ref, o)
		origin.Head = at
		found, ok, err := repo.LastChange(ctx, at.Hash, origin.Place.Path, traceDepth)
		if err != nil {
			return nil, err
		}
		if ok {
			origin.Changed = found
		}
		out = append(out, origin)
	}
	return out, nil
}

// read reads a commit of the Git repository at a folder or a URL.
func read(
	ctx context.Context, c config.Config, repository, commit string,
) (in desired.Input, at git.Commit, repo *git.Repository, err error) {
	if repo, err = access.AsPerson(c, repository); err != nil {
		return in, at, nil, err
	}
	side, err := commits.At(ctx, repo, commit)
	if err != nil {
		return in, at, nil, err
	}
	rev, err := upstream.ReadSide(side, repo, c, commits.Side{})
	if err != nil {
		return in, at, nil, err
	}
	in, err = access.NewReader(c, nil).Revision(rev)
	return in, side.Commit, repo, err
}

// Workspaces lists the Workspaces and InferenceSets of a commit in the Git repository at a folder or a URL.
func Workspaces(ctx context.Context, c config.Config, repository, commit string) ([]workspace.Key, error) {
	in, _, _, err := read(ctx, c, repository, commit)
	if err != nil {
		return nil, err
	}
	var out []workspace.Key
	for i := range in.Set.Workspaces {
		out = append(out, in.Set.Workspaces[i].Key)
	}
	for i := range in.Set.InferenceSets {
		out = append(out, in.Set.InferenceSets[i].Key)
	}
	return out, nil
}

// originOf finds the document that makes an object.
func originOf(in desired.Input, ref cluster.Ref, o desired.Object) Origin {
	out := Origin{Object: ref, Workspace: o.Workspace}
	if w := in.Set.Find(o.Workspace); w != nil {
		out.Place, out.Preset = w.Source, w.PresetName()
		return out
	}
	for i := range in.Set.Objects {
		plain := &in.Set.Objects[i]
		meta, _ := plain.Content["metadata"].(map[string]any)
		if plain.Content["kind"] == ref.Kind && meta["name"] == ref.Name && meta["namespace"] == ref.Namespace {
			out.Place = plain.Source
		}
	}
	return out
}
