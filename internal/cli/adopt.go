// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/cli/adopting"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/shard"
)

// adoptOptions are the options of "adopt".
type adoptOptions struct {
	Stdio
	settings settings.Settings

	names     []string // of KAITO's Workspaces; none is all
	yes, undo bool
	output    string
}

func newAdopt(std Stdio) *cobra.Command {
	o := adoptOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "adopt [WORKSPACE...]",
		Short: "Take over from KAITO what runs, without a restart",
		Long: `Detach the StatefulSets, Jobs, Services, ConfigMaps and volume claims of KAITO's Workspaces from them, in the
namespaces of the configuration, and permit syncer to apply over them. Only metadata changes: no pod restarts.
Without --yes it says what it would do, and which pods restart when syncer first applies them: "syncer plan" says why.
NodeClaims stay, because their nodes go with them. docs/migrate.md has the whole way.`,
		Example: `  syncer adopt --config syncer.yaml
  syncer adopt --config syncer.yaml --yes
  syncer adopt --config syncer.yaml workspace-phi-4-mini --undo --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return o.run(cmd.Context())
		},
	}
	configFlags(cmd, std, &o.settings)
	f := cmd.Flags()
	f.BoolVar(&o.yes, "yes", false, "carry out the plan")
	f.BoolVar(&o.undo, "undo", false, "hand back what was taken over")
	outputFlag(cmd, &o.output, "table")
	return cmd
}

// run plans the take-over in the one cluster of the configuration, and carries it out with yes.
func (o adoptOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	c, err := o.settings.Load()
	if err != nil {
		return err
	}
	if err := c.Need("cluster"); err != nil { // of several clusters, --cluster says which
		return err
	}
	live, err := adapters.ConnectCluster(c, nil, shard.NewFences(1))
	if err != nil {
		return err
	}
	change := adopting.Change{
		KAITO: live.TakeOver(), Namespaces: c.Namespaces, Names: o.names, Undo: o.undo, Yes: o.yes, Talk: o.Err,
	}
	steps, err := change.Run(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(steps, func(s adoption.Step) bool { return s.Live != nil }) {
		fmt.Fprintln(o.Err, "nothing of KAITO's is there to "+o.verb())
	}
	return answer.AdoptionOf(c.Cluster, steps, o.yes).Print(o.Out, o.output)
}

func (o adoptOptions) verb() string {
	if o.undo {
		return "hand back"
	}
	return "take over"
}
