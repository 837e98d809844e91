// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/apply/takeover"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/fence"
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
	f.StringVarP(&o.output, "output", "o", "text", "text, json or yaml")
	return cmd
}

// run plans the take-over in the one cluster of the configuration, and carries it out with yes.
func (o adoptOptions) run(ctx context.Context) error {
	if err := oneOf("-o", o.output, "text", "json", "yaml"); err != nil {
		return err
	}
	c, err := o.settings.Load()
	if err != nil {
		return err
	}
	if err := c.Need("cluster"); err != nil { // of several clusters, --cluster says which
		return err
	}
	live, err := adapters.ConnectCluster(c, nil, &fence.Fence{})
	if err != nil {
		return err
	}
	kaito := live.TakeOver()
	steps, err := o.plan(ctx, kaito, c)
	if err != nil {
		return err
	}
	if o.yes {
		if err := carryOut(ctx, kaito, steps); err != nil {
			return err
		}
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

// plan returns the steps. While KAITO's controller runs, it would go on changing what syncer changes, so that the plan
// is shown and not carried out.
func (o adoptOptions) plan(ctx context.Context, kaito *takeover.Client, c config.Config) ([]adoption.Step, error) {
	objects, err := kaito.Objects(ctx, c.Namespaces)
	if err != nil {
		return nil, err
	}
	if o.undo {
		return o.planBack(ctx, kaito, adoption.Steps(objects, adoption.Restore, o.names...))
	}
	running, err := kaito.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range running {
		namespace, deployment, _ := strings.Cut(name, "/")
		stop := fmt.Sprintf("stop it: kubectl -n %s scale deployment %s --replicas=0", namespace, deployment)
		if o.yes {
			return nil, answer.No("KAITO runs, and would change back what syncer changes; %s", stop)
		}
		diag.Fprintf(o.Err, "KAITO runs; before --yes %s\n", stop)
	}
	claims, err := kaito.Claims(ctx)
	if err != nil {
		return nil, err
	}
	return append(adoption.Steps(objects, adoption.Detach, o.names...), adoption.Claims(claims, o.names...)...), nil
}

// planBack leaves objects whose owner is gone: the server would delete them with it.
func (o adoptOptions) planBack(
	ctx context.Context, kaito *takeover.Client, steps []adoption.Step,
) ([]adoption.Step, error) {
	for i, s := range steps {
		gone, err := kaito.Lost(ctx, s)
		if err != nil {
			return nil, err
		}
		if gone != "" {
			steps[i].Action, steps[i].Note = adoption.Leave, gone+" is gone; the object would be deleted with it"
		}
	}
	return steps, nil
}

// carryOut carries out the steps, and stops at the first that fails: the rest is planned anew by another call.
func carryOut(ctx context.Context, kaito *takeover.Client, steps []adoption.Step) error {
	for _, s := range steps {
		if s.Action == adoption.Leave {
			continue
		}
		if err := kaito.CarryOut(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
