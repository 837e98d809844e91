// SPDX-License-Identifier: Apache-2.0

package sizes

import (
	"context"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/why"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/source"
)

// Why judges one size for each Workspace of the Path, beside all others, or for the Preset. A Workspace whose file has
// an error has it as an obstacle. The error is about files that cannot be read, or answer.NoError.
func Why(ctx context.Context, reader source.Reader, r Request, s capacity.SKU) (answer.Verdicts, error) {
	policy := source.PolicyOf(reader.Config)
	if r.Preset != nil {
		v, err := why.Verdict(r.asked(sizing.Request{Preset: *r.Preset}, policy), policy, s, nil)
		return answer.Verdicts{{Preset: r.Preset.Name, Verdict: v}}, err
	}
	in, err := r.read(reader)
	if err != nil {
		return nil, err
	}
	policy.Context = r.Context
	seen := in.Offline()
	seen.Explain = true
	d, err := engine.Desire(ctx, in, policy, seen)
	if err != nil {
		return nil, err
	}
	var out answer.Verdicts
	for i := range d.Workloads {
		w := d.Workloads[i]
		v := answer.Verdict{Workspace: w.Key.String(), Preset: w.Workspace.PresetName()}
		if no := unjudged(w, in); no != "" {
			v.Verdict = ofFile(s, no)
		} else {
			p, _ := in.Catalog.Lookup(v.Preset)
			asked := r.asked(desired.RequestFor(w.Workspace, in.Set, p, policy), policy)
			if v.Verdict, err = why.Verdict(asked, policy, s, w); err != nil {
				v.Verdict = ofFile(s, err.Error())
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// unjudged returns why a Workspace has no verdict on any size, or "".
func unjudged(w *desired.Workload, in desired.Input) string {
	if blocked := in.Set.ErrorsOf(w.Key); len(blocked) > 0 {
		return blocked[0].String()
	}
	if w.Workspace.PresetName() == "" {
		return w.Key.String() + " brings its own pod template: syncer does not know what it needs"
	}
	return ""
}

// ofFile is the verdict on a size for a Workspace with an error.
func ofFile(s capacity.SKU, message string) capacity.Verdict {
	return capacity.Verdict{SKU: s, Obstacles: []capacity.Obstacle{{Check: capacity.CheckFile, Message: message}}}
}
