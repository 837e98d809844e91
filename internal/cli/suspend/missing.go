// SPDX-License-Identifier: Apache-2.0

package suspend

import (
	"context"
	"path"

	"syncer.dev/syncer/internal/app/trace"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// Missing returns a warning that a document selects no Workspace of a commit, with the name that may have been meant.
// The commit is one of the Git repository at a URL, or with "" of that of the working folder. The warning is "" if the
// document selects one or all, and where the commit cannot be read. It is no error: a document counts for Workspaces
// that come later as well.
func (c Change) Missing(ctx context.Context, repository, commit string) string {
	wanted := workspace.Key{Namespace: c.Document.Namespace, Name: c.Document.Name}
	if c.Remove || wanted.Name == "" {
		return ""
	}
	if repository == "" {
		repository, _, _ = source.RepositoryOf(".")
	}
	all, err := trace.Workspaces(ctx, c.Config, repository, commit)
	if err != nil {
		return ""
	}
	var meant workspace.Key
	var names []string // in the same namespace
	for _, k := range all {
		here := wanted.Namespace == "" || k.Namespace == wanted.Namespace
		same, err := path.Match(wanted.Name, k.Name)
		switch same = same && err == nil; {
		case same && here:
			return ""
		case same:
			meant = k
		case here:
			names = append(names, k.Name)
		}
	}
	if near := strictyaml.Suggest(wanted.Name, names); meant.Name == "" && near != "" {
		meant = workspace.Key{Namespace: wanted.Namespace, Name: near}
	}
	hint := "syncer status lists Workspaces"
	if meant.Name != "" {
		hint = "did you mean " + meant.String() + "?"
	}
	return "no Workspace " + wanted.String() + " is in commit " + commit + ", so that the document stops nothing yet (" +
		hint + ")"
}
