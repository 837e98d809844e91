// SPDX-License-Identifier: Apache-2.0

// Package rendering renders the objects of files as "render" shows them: without a cluster, and without secrets.
package rendering

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
)

// Request says what to render.
type Request struct {
	Paths []string
	Size  string // of the nodes, instead of that of a Workspace; "" for that
	Nodes int    // of each Workspace; 0 for what it needs
}

// Result is what is rendered, and what people should know about it.
type Result struct {
	Objects  []map[string]any
	Notes    []string // assumptions, as far as it came
	Problems diag.List
	Warnings []string // about each object whose secrets are left out
}

// Of renders the objects of each path. A pending Workspace is rendered as if it had nodes.
func Of(ctx context.Context, reader source.Reader, r Request) (Result, error) {
	out := Result{Objects: []map[string]any{}}
	inputs, err := reader.ReadPaths(r.Paths)
	if err != nil {
		return out, err
	}
	policy := source.PolicyOf(reader.Config)
	policy.Nodes = r.Nodes
	for _, in := range inputs {
		d, err := out.render(ctx, in, policy, r.Size)
		if err != nil {
			return out, err
		}
		for _, object := range d.Objects {
			shown, hidden := redacted(object.Content.Object)
			if hidden {
				out.Warnings = append(out.Warnings, fmt.Sprintf(
					"%s/%s: the values of secrets are not printed, but %s instead",
					object.Content.GetKind(), object.Content.GetName(), redact.Mark))
			}
			out.Objects = append(out.Objects, shown)
		}
		out.Problems = append(out.Problems, d.Problems...)
	}
	out.Problems = out.Problems.Unique()
	return out, nil
}

// render returns the objects of one path, and notes what it assumes.
func (r *Result) render(
	ctx context.Context, in desired.Input, policy desired.Policy, size string,
) (desired.Desired, error) {
	if size != "" {
		for i := range in.Set.Workspaces {
			in.Set.Workspaces[i].Resource.InstanceType = size
		}
	}
	d, waiting, err := engine.Offline(ctx, in, policy)
	for _, key := range slices.SortedFunc(maps.Keys(waiting), workspace.Key.Compare) {
		r.Notes = append(r.Notes, fmt.Sprintf("%s has no place, and is printed as if it had nodes", key))
	}
	for i := range d.Workloads {
		if w := d.Workloads[i]; w.Assumed != "" {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s", w.Key, w.Assumed))
		}
	}
	return d, err
}

// redacted returns an object without secrets, and whether it holds any.
func redacted(object map[string]any) (map[string]any, bool) {
	shown := redact.Object(object)
	return shown, !reflect.DeepEqual(shown, object)
}
