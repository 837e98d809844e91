// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/checking"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/install"
)

// checkOptions are the options of "check".
type checkOptions struct {
	Stdio
	settings settings.Settings
	checking.Question
}

func newCheck(std Stdio) *cobra.Command {
	o := checkOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is missing before syncer works, and the command that gives it",
		Long: `Ask Git, Kubernetes and Azure for everything that syncer needs with this configuration, and write nothing.
Kubernetes answers for the user of the kubeconfig, or the one of --as; Git and Azure for the credentials that the
configuration names. What only a write would show is unknown. Exit code 1: something is missing.`,
		Example: `  syncer check --config syncer.yaml
  syncer check --config syncer.yaml --as system:serviceaccount:syncer:syncer
  kubectl -n syncer exec deploy/syncer -- syncer check --config ` + install.ConfigFile,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	configFlags(cmd, std, &o.settings)
	cmd.Flags().StringVar(&o.Namespace, "namespace", install.Name, "namespace of syncer itself")
	cmd.Flags().StringVar(&o.As, "as", "", "user of Kubernetes to ask for, as kubectl has it")
	outputFlag(cmd, &o.Output, "table")
	return cmd
}

// run asks the servers of each cluster, and prints what they say.
func (o checkOptions) run(ctx context.Context) error {
	if err := checkOutput(o.Output); err != nil {
		return err
	}
	c, err := o.settings.Load()
	if err != nil {
		return err
	}
	o.Config, o.Question.Out, o.Talk = o.settings.File, o.Stdio.Out, o.Err
	return checking.Run(ctx, c, o.Question)
}
