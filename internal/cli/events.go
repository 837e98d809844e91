// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
)

// eventsOptions are the options of "events".
type eventsOptions struct {
	Stdio
	settings settings.Settings

	name    string // of one Workspace; empty for all
	output  string
	since   time.Duration
	commits int
}

func newEvents(std Stdio) *cobra.Command {
	o := eventsOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "events [NAME]",
		Short: "Show how Workspaces have changed, from the history of the status branch",
		Long: `Show each transition of a Workspace that the history of the status branch records, the oldest first, with the
commit of the source that was carried out. Git keeps all of them, unless status.keep bounds the history.`,
		Example: `  syncer events
  syncer events workspace-phi-4-mini --since 24h -o json`,
		Args: cobra.MaximumNArgs(1),
	}
	configFlags(cmd, std, &o.settings)
	outputFlag(cmd, &o.output, "table")
	completesArgument(cmd, propose.Workspaces(&o.settings))
	cmd.Flags().DurationVar(&o.since, "since", 0, "only what is not older than this, such as 24h; 0 for all")
	cmd.Flags().IntVar(&o.commits, "commits", 1000, "number of status commits to read")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			o.name = args[0]
		}
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints the transitions that the last status commits record.
func (o eventsOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if o.commits <= 0 || o.since < 0 {
		return errors.New("--commits and --since must be positive")
	}
	_, r, err := recorded.Open(ctx, o.settings, o.Err)
	if err != nil {
		return err
	}
	all, err := recorded.Events(ctx, r, recorded.Selection{Name: o.name, Since: o.since, Commits: o.commits}, time.Now())
	if err != nil {
		return err
	}
	return answer.PrintEvents(o.Out, all, o.output)
}
