// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/logging"
)

// runOptions are the options of "run".
type runOptions struct {
	Stdio
	settings settings.Settings

	once, wait bool
}

func newRun(std Stdio) *cobra.Command {
	o := runOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Keep the cluster equal to the repository",
		Long: `Poll the repository, create and resize agent pools, apply and prune objects, and commit the observed state to
the status branch, until interrupted (exit code 130) or terminated (SIGTERM, exit code 0). It also watches the
configuration file and a repository on this machine: a push or an edit takes effect at once.

Of several replicas one writes, elected by a Lease (lease.enabled). A process may serve several clusters (clusters).

While a server is unreachable, syncer reports that on standard error and at /readyz, retries, and deletes nothing.

With --once syncer makes one pass. With --wait it ends when no change is pending: every Workspace is ready, running,
succeeded, failed or suspended, and the status branch says so. Either then exits with 1 if a Workspace has failed.`,
		Example: `  syncer run --config syncer.yaml
  syncer run --once
  syncer run --wait --set source.url=/srv/git/models.git`,
		Args: cobra.NoArgs,
	}
	configFlags(cmd, std, &o.settings)
	cmd.Flags().BoolVar(&o.once, "once", false, "make one pass, and exit")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "exit when every Workspace is ready or has failed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run runs a daemon until it is done.
func (o runOptions) run(ctx context.Context) error {
	file, _, err := o.settings.Here()
	if err != nil {
		return err
	}
	until := app.Cancelled
	switch {
	case o.once:
		until = app.OnePass
	case o.wait:
		until = app.Settled
	}
	log, configure := app.Logs(logging.New(o.Err))
	d, err := app.NewDaemon(app.DaemonOptions{
		Load:       o.settings.Load,
		ConfigFile: file,
		Until:      until,
		Log:        log,
		Configured: configure,
	})
	if err != nil {
		return err
	}
	last, err := d.Run(ctx)
	if until == app.Cancelled && errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), exit.ErrTerminated) {
		return nil // this is how Kubernetes and systemd end what works
	}
	if err != nil {
		return err
	}
	return answer.Done(last)
}
