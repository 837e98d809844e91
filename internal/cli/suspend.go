// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/suspend"
	"syncer.dev/syncer/internal/diag"
)

// suspendOptions are the options of "suspend" and "resume".
type suspendOptions struct {
	Stdio
	settings settings.Settings

	request suspend.Request
	push    bool
}

func newSuspend(std Stdio) *cobra.Command {
	o := suspendOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "suspend NAME",
		Short: "Stop all changes of a Workspace, or of all, by a document in the repository",
		Long: `Write a document of kind Suspend into the repository of the current folder: once it is merged, syncer
changes nothing of the Workspace until the document is removed or its time is over. What runs goes on. Commit the
file, or let --push commit it to the branch of source.url.

To scale a Workspace to zero instead, set its annotation syncer.dev/suspend.`,
		Example: `  syncer suspend workspace-phi-4-mini --reason "incident 42" --for 4h
  syncer suspend --all --reason "the registry is down" --push --config syncer.yaml`,
		Args: cobra.MaximumNArgs(1),
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.request.Reason, "reason", "", "why; people read it in the status")
	cmd.Flags().DurationVar(&o.request.For, "for", 0, "how long, such as 4h; until resumed if 0")
	cmd.Flags().StringVar(&o.request.Until, "until", "", "until when, such as 2026-12-01T08:00:00Z")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.request.Args = args
		return o.suspend(cmd.Context())
	}
	return cmd
}

func newResume(std Stdio) *cobra.Command {
	o := suspendOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "resume NAME",
		Short: "Remove the document that suspend has written",
		Long: `Remove the document of kind Suspend that "syncer suspend" with the same arguments has written, from the
repository of the current folder, or with --push from the branch of source.url. syncer then carries out what has been
merged meanwhile.`,
		Example: `  syncer resume workspace-phi-4-mini
  syncer resume --all --push --config syncer.yaml`,
		Args: cobra.MaximumNArgs(1),
	}
	o.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.request.Args = args
		return o.resume(cmd.Context())
	}
	return cmd
}

func (o *suspendOptions) flags(cmd *cobra.Command) {
	configFlags(cmd, o.Stdio, &o.settings)
	completesArgument(cmd, propose.Workspaces(&o.settings))
	cmd.Flags().StringVarP(&o.request.Namespace, "namespace", "n", "default", "namespace of the Workspace")
	cmd.Flags().BoolVar(&o.request.All, "all", false, "everything in the repository, instead of one Workspace")
	cmd.Flags().BoolVar(&o.push, "push", false, "commit to the branch of source.url, instead of writing the file")
}

// suspend writes the document.
func (o suspendOptions) suspend(ctx context.Context) error {
	d, err := o.request.Suspension(time.Now())
	if err != nil {
		return err
	}
	return o.change(ctx, suspend.Change{Document: d})
}

// resume removes it.
func (o suspendOptions) resume(ctx context.Context) error {
	d, err := o.request.Selection()
	if err != nil {
		return err
	}
	return o.change(ctx, suspend.Change{Document: d, Remove: true})
}

// change makes a change, and says where.
func (o suspendOptions) change(ctx context.Context, c suspend.Change) (err error) {
	if c.Config, err = o.settings.Load(); err != nil {
		return err
	}
	var done, next string
	repository, commit := "", "HEAD" // with what the document selects
	if o.push {
		repository, commit = c.Config.Source.URL, c.Config.Source.Branch
		done, err = c.Push(ctx, suspend.Author(o.Env, c.Config.Status.Author))
	} else {
		done, next, err = c.Here()
	}
	if err != nil {
		return err
	}
	diag.Fprintf(o.Out, "%s\n", done)
	if missing := c.Missing(ctx, repository, commit); missing != "" {
		diag.Fprintf(o.Err, "warning: %s\n", missing)
	}
	if next != "" {
		diag.Fprintf(o.Err, "%s\n", next)
	}
	return nil
}
