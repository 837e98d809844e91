// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
)

// TakeOver returns what syncer makes of Workspaces once their live StatefulSets are taken over from KAITO, by the same
// functions as a pass. taken are the StatefulSets as they will be seen.
func TakeOver(
	ctx context.Context, c config.Config, taken map[workspace.Key]cluster.Workload,
) (map[workspace.Key]*adoption.Outcome, error) {
	p, err := adapters.Connect(c, func(c config.Config) (*git.Repository, error) {
		return access.AsPerson(c, c.Source.URL)
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.Cluster.Start(ctx)
	reading := access.NewReader(c, nil)
	reading.Open = access.Opening(p.Keys)
	rev, err := upstream.Source{Repository: p.Repository, Config: c, Keys: p.Keys}.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	in, err := reading.Revision(rev)
	if err != nil {
		return nil, err
	}
	seen := desired.Observed{Live: true, Now: time.Now()}
	if seen.Pools, err = p.Cloud.Pools(ctx); err != nil {
		return nil, err
	}
	if seen.State, err = firstState(ctx, p); err != nil {
		return nil, err
	}
	seen.State.Workloads = maps.Clone(seen.State.Workloads)
	if seen.State.Workloads == nil {
		seen.State.Workloads = map[workspace.Key]cluster.Workload{}
	}
	maps.Copy(seen.State.Workloads, taken)
	d, err := engine.Desire(ctx, in, source.PolicyOf(c), seen)
	if err != nil {
		return nil, err
	}
	out := map[workspace.Key]*adoption.Outcome{}
	for key := range taken {
		out[key] = &adoption.Outcome{Missing: true}
	}
	for _, w := range d.Workloads {
		if _, ok := taken[w.Key]; ok {
			out[w.Key] = outcome(w)
		}
	}
	return out, nil
}

// firstState waits for the first complete listing of the cluster.
func firstState(ctx context.Context, p *adapters.Parts) (cluster.State, error) {
	for deadline := time.Now().Add(observeTimeout); ; {
		state, err := p.Cluster.Observe(ctx)
		var starting interface{ Starting() bool }
		if err == nil || !errors.As(err, &starting) || !starting.Starting() || time.Now().After(deadline) {
			return state, err
		}
		if err := clock.Sleep(ctx, 50*time.Millisecond); err != nil {
			return state, err
		}
	}
}

// outcome says what becomes of one Workspace.
func outcome(w *desired.Workload) *adoption.Outcome {
	out := &adoption.Outcome{Replaced: w.Kept.Replaced()}
	if w.Kept != nil {
		out.Restarts = w.Kept.Restarts
	}
	switch {
	case len(w.Blocked) > 0:
		var all []string
		for _, d := range w.Blocked {
			all = append(all, d.Message)
		}
		out.Trouble = strings.Join(all, "; ")
	case w.Waiting != "":
		out.Trouble = w.Waiting
	case w.Stays():
		out.Stays = "it stays on " + w.Claimed.Where()
	}
	return out
}
