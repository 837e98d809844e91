// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/workspace"
)

// lasts is how long a plan stays the same while all of its other inputs do.
type lasts struct {
	until   time.Time // zero for always
	forHead bool      // only for the same commit, even if another one has the same content
}

// Holds reports whether the same inputs give this plan at another time, and for another commit with the same content.
func (p *Plan) Holds(head string, now time.Time) bool {
	return (!p.lasts.forHead || head == p.Head) && (p.lasts.until.IsZero() || now.Before(p.lasts.until))
}

// holdInTurn holds the Workspaces that would restart while others do.
func holdInTurn(p *poolPlan, in *LiveInput) {
	due := p.due(in)
	if len(due) > 0 {
		under, serving, until := underWay(in)
		p.lasts.until = until
		decided := rollout.Decide(rollout.Input{Limit: in.Policy.Rollout, Serving: serving, Due: due, UnderWay: under})
		for k, wait := range decided {
			by := hold.ByTurn
			if wait.Stopped {
				by = hold.ByFailure
			}
			p.waits.Add(k, wait.Text, by)
		}
	}
	for k, why := range hold.Givers(p.waits.Why, in.Desired) {
		p.waits.Add(k, why, hold.ByDependency)
	}
}

// due lists the Workspaces whose change interrupts them for a while, and that nothing else holds. One that ends serving
// for good, or gives up its nodes, comes back by another change; one that the API server refuses does not restart.
func (p *poolPlan) due(in *LiveInput) []rollout.Due {
	if in.Policy.Rollout.Off() {
		return nil
	}
	var out []rollout.Due
	for i, w := range in.Desired.Workloads {
		t := p.facts[i]
		if !t.interrupted || !t.after.Serves || w.Binding.To != (workspace.Key{}) ||
			p.held[w.Key] != "" || p.waits.Why[w.Key] != "" {
			continue
		}
		live := in.Seen.State.Workloads[w.Key]
		moves := w.Binding.Next != "" && !t.remade
		commit, was := in.Head, in.Seen.Reported[w.Key]
		if was.Inputs == w.Workspace.Digest {
			commit = was.Commit
		} else {
			p.lasts.forHead = true
		}
		out = append(out, rollout.Due{
			Key:        w.Key,
			Origin:     rollout.Origin{Commit: commit, Own: live.Inputs != w.Workspace.Digest, Preset: w.Workspace.PresetName()},
			Priority:   w.Priority,
			Moves:      moves,
			OnNewNodes: !moves && t.moves(),
		})
	}
	if len(out) == 0 {
		return nil
	}
	refused := refusals(in.Previews, in.Desired.Objects)
	return slices.DeleteFunc(out, func(d rollout.Due) bool { return refused[d.Key] != "" })
}

// underWay lists the Workspaces that have served and are not healthy since their last change, and counts those that
// serve, these included. until is when time alone changes that; zero for never.
func underWay(in *LiveInput) (out []rollout.UnderWay, serving int, until time.Time) {
	for i := range in.Desired.Workloads {
		w := in.Desired.Workloads[i]
		live, runs := in.Seen.State.Workloads[w.Key]
		if !runs || w.Workspace.Suspended() {
			continue
		}
		was, known := in.Seen.Reported[w.Key]
		report := &was
		if !known {
			report = nil
		}
		if at := rollout.Until(&live, report, in.Seen.Now); until.IsZero() || !at.IsZero() && at.Before(until) {
			until = at
		}
		failed, under := rollout.Look(&live, report, in.Seen.Now)
		if under {
			origin := rollout.Origin{Commit: was.CarriedOut, Preset: w.Workspace.PresetName()}
			out = append(out, rollout.UnderWay{Key: w.Key, Origin: origin, Failed: failed})
		}
		if under || answers(&live) {
			serving++
		}
	}
	return out, serving, until
}
