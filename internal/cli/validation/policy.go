// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"context"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/source"
)

// policies returns what section policy of the configuration forbids of the change of one PATH: "plan --base" is blocked
// by the same. The quota is left out, because no server is asked here. Several files are a part of a change only.
func (v *validation) policies(
	ctx context.Context, paths []string, before source.Tree, after desired.Input,
) ([]diag.Diagnostic, error) {
	policy := source.PolicyOf(v.Config)
	policy.Changes.UnknownQuota = diag.Off
	c := policy.Changes
	forbids := c.Deletion == diag.Fail || c.Interruption == diag.Fail || c.CostDelta == diag.Fail
	if !forbids || len(paths) != 1 || before.Files == nil || !after.Placeable() {
		return nil, nil
	}
	old, err := v.ReadTree(before)
	if err != nil {
		return nil, fmt.Errorf("read the earlier state: %w", err)
	}
	sides := map[string]desired.Input{"before": old, "after": after}
	e := engine.New(engine.Settings{
		Policy: policy,
		Read:   func(r engine.Revision) (desired.Input, error) { return sides[r.Commit], nil },
	}, nil)
	p, err := e.Between(ctx,
		engine.Revision{Commit: "before", Inputs: "before", Files: before.Files},
		engine.Revision{Commit: "after", Inputs: "after", Files: before.Files})
	if err != nil {
		return nil, err
	}
	return forbidden(&p), nil
}

// forbidden returns the findings of a plan by which a policy blocks it, as Problems.
func forbidden(p *plan.Plan) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, f := range p.Findings {
		switch f.Kind {
		case plan.Deleted, plan.Interrupted, plan.CostRaised, plan.CostUnknown:
		default: // what is wrong with the files has its own Problem
			continue
		}
		if f.Verdict != diag.Fail {
			continue
		}
		d := diag.Errorf(diag.ChangeNotAllowed, "%s", f.Text).Suggest(f.Hint)
		if i := slices.IndexFunc(p.Workspaces, func(w *plan.Workspace) bool { return w.Key == f.Workspace }); i >= 0 {
			d = d.For(f.Workspace).In(p.Workspaces[i].Source)
		}
		out = append(out, d)
	}
	return out
}
