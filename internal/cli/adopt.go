// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/adopting"
	"syncer.dev/syncer/internal/cli/settings"
)

// adoptOptions are the options of "adopt".
type adoptOptions struct {
	Stdio
	settings settings.Settings
	adopting.Options
}

func newAdopt(std Stdio) *cobra.Command {
	o := adoptOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "adopt [WORKSPACE...]",
		Short: "Detach from KAITO what runs, so that syncer takes it over",
		Long: `Detach the StatefulSets, Jobs, Services, ConfigMaps and volume claims of KAITO's Workspaces from them, in the
namespaces of the configuration, and permit syncer to apply over them. Only metadata changes: no pod restarts.
Without --yes it says what it would do, and of each object whether its pods restart when syncer first applies it,
and why. NodeClaims stay, because their nodes go with them, and the pods stay on these nodes.
docs/migrate.md has the whole way.`,
		Example: `  syncer adopt --config syncer.yaml
  syncer adopt --config syncer.yaml --yes
  syncer adopt --config syncer.yaml workspace-phi-4-mini --undo --yes`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	configFlags(cmd, std, &o.settings)
	cmd.Flags().BoolVar(&o.Yes, "yes", false, "carry out the plan")
	cmd.Flags().BoolVar(&o.Undo, "undo", false, "hand back what was taken over")
	outputFlag(cmd, &o.Output, "table")
	return cmd
}

// run plans the take-over in the one cluster of the configuration, and carries it out with yes.
func (o adoptOptions) run(ctx context.Context, names []string) error {
	if err := checkOutput(o.Output); err != nil {
		return err
	}
	c, err := o.settings.Load()
	if err != nil {
		return err
	}
	o.Names, o.Options.Out, o.Talk = names, o.Stdio.Out, o.Err
	return adopting.Run(ctx, c, o.Options)
}
