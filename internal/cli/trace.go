// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/origins"
	"syncer.dev/syncer/internal/cli/settings"
)

// traceOptions are the options of "trace".
type traceOptions struct {
	Stdio
	settings settings.Settings

	request origins.Request
	output  string
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
	offlineFlags(cmd, std, &o.settings)
	cmd.Flags().StringVarP(&o.request.Namespace, "namespace", "n", "", "namespace of the object; any if empty")
	cmd.Flags().StringVar(&o.request.Revision, "revision", "HEAD", "commit of the repository to look in")
	outputFlag(cmd, &o.output, "table")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.request.Object = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints where the object comes from: several documents may make objects of the same name in different namespaces.
func (o traceOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	items, err := origins.Find(ctx, o.settings, o.request)
	if err != nil {
		return err
	}
	return answer.PrintOrigins(o.Out, items, o.output)
}
