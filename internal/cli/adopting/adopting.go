// SPDX-License-Identifier: Apache-2.0

// Package adopting plans what "adopt" does in one cluster, and carries it out.
package adopting

import (
	"context"
	"fmt"
	"io"
	"strings"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/apply/takeover"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
)

// Change is what the user asks for.
type Change struct {
	KAITO      *takeover.Client
	Namespaces []string
	Names      []string // of KAITO's Workspaces; none is all
	Undo       bool
	Yes        bool      // carry the plan out
	Talk       io.Writer // what stands in the way of the plan
}

// Run returns the steps, which it has carried out with Yes. The error is an answer.NoError while KAITO runs.
func (c Change) Run(ctx context.Context) ([]adoption.Step, error) {
	steps, err := c.plan(ctx)
	if err == nil && c.Yes {
		err = c.carryOut(ctx, steps)
	}
	return steps, err
}

// plan returns the steps. While KAITO's controller runs, it would go on changing what syncer changes, so that the plan
// is shown and not carried out.
func (c Change) plan(ctx context.Context) ([]adoption.Step, error) {
	objects, err := c.KAITO.Objects(ctx, c.Namespaces)
	if err != nil {
		return nil, err
	}
	if c.Undo {
		return c.planBack(ctx, adoption.Steps(objects, adoption.Restore, c.Names...))
	}
	running, err := c.KAITO.Controllers(ctx)
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
	claims, err := c.KAITO.Claims(ctx)
	if err != nil {
		return nil, err
	}
	return append(adoption.Steps(objects, adoption.Detach, c.Names...), adoption.Claims(claims, c.Names...)...), nil
}

// planBack leaves objects whose owner is gone: the server would delete them with it.
func (c Change) planBack(ctx context.Context, steps []adoption.Step) ([]adoption.Step, error) {
	for i, s := range steps {
		gone, err := c.KAITO.Lost(ctx, s)
		if err != nil {
			return nil, err
		}
		if gone != "" {
			steps[i].Action, steps[i].Note = adoption.Leave, gone+" is gone; the object would be deleted with it"
		}
	}
	return steps, nil
}

// carryOut carries out the steps, and stops at the first that fails: another call plans the rest.
func (c Change) carryOut(ctx context.Context, steps []adoption.Step) error {
	for _, s := range steps {
		if s.Action == adoption.Leave {
			continue
		}
		if err := c.KAITO.CarryOut(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
