// SPDX-License-Identifier: Apache-2.0

// Package origins answers "trace": which document and commit an object comes from, and what the status branch says
// about its Workspace.
package origins

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/trace"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// Request names an object of the repository that the working folder is in.
type Request struct {
	Object    string // KIND/NAME
	Namespace string // "" for any
	Revision  string // commit to look in
}

// Find returns where the objects come from: documents of several namespaces may make one of the same name. None is an
// answer.NoError.
func Find(ctx context.Context, s settings.Settings, r Request) ([]answer.Origin, error) {
	kind, name, ok := strings.Cut(r.Object, "/")
	if !ok || kind == "" || name == "" {
		return nil, fmt.Errorf("%q is not KIND/NAME, such as statefulset/phi-4", r.Object)
	}
	offline, err := s.Offline([]string{"."})
	if err != nil {
		return nil, err
	}
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return nil, err
	}
	wanted := trace.Wanted{Kind: kind, Name: name, Namespace: r.Namespace}
	found, err := trace.Find(ctx, offline.Config, root, r.Revision, wanted)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, answer.NoBut(madeInstead(offline.Config, kind), "no Workspace and no file of %s makes %s",
			r.Revision, r.Object)
	}
	known := reports(ctx, s)
	items := make([]answer.Origin, len(found))
	for i, origin := range found {
		items[i] = originOf(origin, known)
	}
	return items, nil
}

// reports returns what the status branch says, by Workspace; nothing if it cannot be read: where an object comes from
// does not depend on it.
func reports(ctx context.Context, s settings.Settings) map[workspace.Key]*status.Report {
	c, err := s.Load() // that of Offline names a cluster in any case
	if err != nil {
		return nil
	}
	r, err := statusbranch.Open(ctx, c, statusbranch.AsFetched)
	if err != nil {
		return nil
	}
	all, err := recorded.Reports(ctx, r, "", time.Now())
	if err != nil {
		return nil
	}
	out := map[workspace.Key]*status.Report{}
	for _, report := range all {
		out[report.Key] = report
	}
	return out
}

func originOf(from trace.Origin, reports map[workspace.Key]*status.Report) answer.Origin {
	out := answer.Origin{
		Object: from.Object.String(), Namespace: from.Object.Namespace, Preset: from.Preset,
		Path: from.Place.Path, Line: from.Place.Line, Head: string(from.Head.Hash),
	}
	if from.Workspace != (workspace.Key{}) {
		out.Workspace = from.Workspace.String()
	}
	if c := from.Changed; c.Hash != "" {
		out.Changed = &answer.Change{
			Commit: string(c.Hash), Author: c.Author, Time: c.Time.UTC().Format(time.RFC3339), Subject: c.Subject(),
		}
	}
	if r, ok := reports[from.Workspace]; ok {
		out.State, out.ObservedCommit = string(r.State), r.ObservedCommit
	}
	return out
}

// madeInstead says which kinds of objects syncer makes, or reads from the repository; "" if the kind is one of them.
func madeInstead(c config.Config, kind string) string {
	plain := c.Objects
	if plain == nil {
		plain = load.DefaultObjects
	}
	kinds := append(cluster.RenderedKinds(), "NodePool") // of Karpenter
	for _, name := range plain {
		name, _, _ = strings.Cut(name, ".") // its group
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	if slices.ContainsFunc(kinds, func(k string) bool { return strings.EqualFold(k, kind) }) {
		return ""
	}
	return fmt.Sprintf("syncer makes no object of kind %s; it makes %s", kind, strings.Join(kinds, ", "))
}
