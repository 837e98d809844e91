// SPDX-License-Identifier: Apache-2.0

// Package adopting plans what "adopt" does in one cluster, and carries it out.
package adopting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/apply/takeover"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/shard"
)

// Options are what the user asks for.
type Options struct {
	Names  []string // of KAITO's Workspaces; none is all
	Undo   bool
	Yes    bool      // carry the plan out
	Output string    // the form of the answer
	Out    io.Writer // for the answer
	Talk   io.Writer // what stands in the way of the plan
}

// Run plans the take-over in the one cluster of the configuration, carries it out with Yes, and prints the steps. The
// error is an answer.NoError while KAITO runs.
func Run(ctx context.Context, c config.Config, o Options) error {
	if err := c.Need("cluster"); err != nil { // of several clusters, --cluster says which
		return err
	}
	live, err := adapters.ConnectCluster(c, nil, shard.NewFences(1))
	if err != nil {
		return err
	}
	change := change{Options: o, kaito: live.TakeOver(), namespaces: c.Namespaces}
	steps, err := change.plan(ctx)
	if err == nil && o.Yes {
		err = change.carryOut(ctx, steps)
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(steps, func(s adoption.Step) bool { return s.Live != nil }) {
		fmt.Fprintln(o.Talk, "nothing of KAITO's is there to "+o.verb())
	}
	return answer.AdoptionOf(c.Cluster, steps, o.Yes).Print(o.Out, o.Output)
}

func (o Options) verb() string {
	if o.Undo {
		return "hand back"
	}
	return "take over"
}

// change is one run in one cluster.
type change struct {
	Options
	kaito      *takeover.Client
	namespaces []string
}

// plan returns the steps. While KAITO's controller runs, it would go on changing what syncer changes, so that the plan
// is shown and not carried out.
func (c change) plan(ctx context.Context) ([]adoption.Step, error) {
	objects, err := c.kaito.Objects(ctx, c.namespaces)
	if err != nil {
		return nil, err
	}
	if c.Undo {
		return c.planBack(ctx, adoption.Steps(objects, adoption.Restore, c.Names...))
	}
	running, err := c.kaito.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range running {
		namespace, deployment, _ := strings.Cut(name, "/")
		stop := fmt.Sprintf("stop it: kubectl -n %s scale deployment %s --replicas=0", namespace, deployment)
		if c.Yes {
			return nil, answer.No("KAITO runs, and would change back what syncer changes; %s", stop)
		}
		diag.Fprintf(c.Talk, "KAITO runs; before --yes %s\n", stop)
	}
	claims, err := c.kaito.Claims(ctx)
	if err != nil {
		return nil, err
	}
	return append(adoption.Steps(objects, adoption.Detach, c.Names...), adoption.Claims(claims, c.Names...)...), nil
}

// planBack leaves objects whose owner is gone: the server would delete them with it.
func (c change) planBack(ctx context.Context, steps []adoption.Step) ([]adoption.Step, error) {
	for i, s := range steps {
		gone, err := c.kaito.Lost(ctx, s)
		if err != nil {
			return nil, err
		}
		if gone != "" {
			steps[i].Action, steps[i].Note = adoption.Leave, gone+" is gone; the object would be deleted with it"
		}
	}
	return steps, nil
}

// carryOut carries out the steps. One that fails stops no other; another call plans it again.
func (c change) carryOut(ctx context.Context, steps []adoption.Step) error {
	var errs []error
	for _, s := range steps {
		if s.Action == adoption.Leave || ctx.Err() != nil {
			continue
		}
		errs = append(errs, c.kaito.CarryOut(ctx, s))
	}
	return errors.Join(append(errs, ctx.Err())...)
}
