// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/trace"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// traceOptions are the options of "trace".
type traceOptions struct {
	Stdio
	settings settings.Settings

	object, namespace, revision, output string
}

func newTrace(std Stdio) *cobra.Command {
	o := traceOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "trace KIND/NAME",
		Short: "Show which commit, file and line an object comes from",
		Long: `Show which document of the repository makes an object of the cluster, the last commit that changed its
file, and what the status branch says about its Workspace. It renders the repository of the current folder, and needs no
cluster.`,
		Example: `  syncer trace statefulset/workspace-phi-4-mini
  syncer trace service/workspace-phi-4-mini -n default --revision v1.2`,
		Args: cobra.ExactArgs(1),
	}
	given := offlineFlags(cmd, std)
	cmd.Flags().StringVarP(&o.namespace, "namespace", "n", "", "namespace of the object; any if empty")
	cmd.Flags().StringVar(&o.revision, "revision", "HEAD", "commit of the repository to look in")
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json or yaml")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.settings, o.object = given(), args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints where the object comes from: several documents may make objects of the same name in different namespaces.
func (o traceOptions) run(ctx context.Context) error {
	if err := oneOf("-o", o.output, "text", "json", "yaml"); err != nil {
		return err
	}
	kind, name, ok := strings.Cut(o.object, "/")
	if !ok || kind == "" || name == "" {
		return fmt.Errorf("%q is not KIND/NAME", o.object)
	}
	offline, err := o.settings.Offline([]string{"."})
	if err != nil {
		return err
	}
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return err
	}
	wanted := trace.Wanted{Kind: kind, Name: name, Namespace: o.namespace}
	origins, err := trace.Find(ctx, offline.Config, root, o.revision, wanted)
	if err != nil {
		return err
	}
	if len(origins) == 0 {
		return answer.No("no Workspace and no file of %s makes %s", o.revision, o.object)
	}
	reports := o.reports(ctx)
	items := make([]answer.Origin, len(origins))
	for i, origin := range origins {
		items[i] = originOf(origin, reports)
	}
	return answer.PrintOrigins(o.Out, items, o.output)
}

// reports returns what the status branch says, by Workspace; nothing if it cannot be read: where an object comes from
// does not depend on it.
func (o traceOptions) reports(ctx context.Context) map[workspace.Key]status.Report {
	c, err := o.settings.Load() // that of Offline names a cluster in any case
	if err != nil {
		return nil
	}
	r, err := statusbranch.Open(ctx, c)
	if err != nil {
		return nil
	}
	all, err := recorded(ctx, r, "")
	if err != nil {
		return nil
	}
	out := map[workspace.Key]status.Report{}
	for _, report := range all {
		out[report.Key] = report
	}
	return out
}

func originOf(from trace.Origin, reports map[workspace.Key]status.Report) answer.Origin {
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
