package reconcile

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// report says what is true now, and records it when it is worth a commit.
func (l *Loop) report(ctx context.Context, p *pass) {
	reports := l.reportAll(p)
	summary := status.Summary{
		Cluster: l.settings.Policy.Cluster, Reports: reports, Problems: p.desired.Problems, Pools: l.poolReports(p),
		Warnings: p.plan.Warnings,
	}
	if l.pools != nil {
		summary.Unavailable = l.pools.Unavailable()
	}
	files := status.Files(summary)
	l.reports = reports
	p.out.Problems = p.desired.Problems
	if maps.EqualFunc(files, l.recorded, bytes.Equal) {
		l.dirtyAt = time.Time{}
		l.unavailableRecorded()
		return
	}
	old := status.FromFiles(l.recorded)
	if l.dirtyAt.IsZero() {
		l.dirtyAt = p.now
	}
	if !status.Urgent(old, reports) && p.now.Before(l.dirtyAt.Add(l.settings.Debounce)) {
		return
	}
	message := status.Message(status.Commit{
		Cluster: l.settings.Policy.Cluster, Source: l.revision.Commit, Version: l.settings.Version,
	}, old, reports)
	commit, err := l.recorder.Record(ctx, files, message, p.now)
	if l.trouble(p, ComponentGit, err) {
		return
	}
	l.recorded, l.dirtyAt, p.out.Recorded = files, time.Time{}, commit
	l.unavailableRecorded()
	if commit != "" {
		l.log.Info("recorded status", "commit", short(commit), "subject", strings.SplitN(message, "\n", 2)[0])
	}
}

// unavailableRecorded tells that what cannot be had is on the status branch.
func (l *Loop) unavailableRecorded() {
	if l.pools != nil {
		l.pools.Recorded()
	}
}

// recall reads what was recorded before this process began, so that times and commits carry on.
func (l *Loop) recall(ctx context.Context, p *pass) bool {
	if l.recorded != nil {
		return true
	}
	files, err := l.recorder.Read(ctx)
	if l.trouble(p, ComponentGit, err) {
		return false
	}
	l.recorded, l.reports = files, status.FromFiles(files)
	if l.pools != nil {
		l.pools.Remember(status.UnavailableFrom(files), completeUntil(l.reports, p.now))
	}
	return true
}

// completeUntil says for each pool until when its nodes were complete, as far as the reports know: until now where they were at
// the last, and otherwise until they no longer were.
func completeUntil(reports []status.Report, now time.Time) map[string]time.Time {
	out := map[string]time.Time{}
	for _, r := range reports {
		for _, c := range r.Conditions {
			if c.Type != status.ResourceReady {
				continue
			}
			at := c.LastTransitionTime
			if c.Status == "True" {
				at = now
			}
			for _, pool := range r.Pools {
				if at.After(out[pool.Name]) {
					out[pool.Name] = at
				}
			}
		}
	}
	return out
}

// reportAll reports on every Workspace of the source, and on those that the source may still mean.
func (l *Loop) reportAll(p *pass) []status.Report {
	previous := map[workspace.Key]*status.Report{}
	for i := range l.reports {
		previous[l.reports[i].Key] = &l.reports[i]
	}
	var out []status.Report
	for i := range p.desired.Wishes {
		w := &p.desired.Wishes[i]
		out = append(out, status.Observe(previous[w.Key], l.inputFor(p, w), p.now))
		delete(previous, w.Key)
	}
	for key, old := range previous {
		if p.plan.Guard.Holds(key, old.Source) == "" {
			continue
		}
		in := status.Input{Key: key, Commit: l.revision.Commit, Source: old.Source, Problems: problemsIn(p.desired.Problems, old.Source)}
		l.facts(p, &in)
		out = append(out, status.Observe(old, in, p.now))
	}
	slices.SortFunc(out, func(a, b status.Report) int { return a.Key.Compare(b.Key) })
	return out
}

// inputFor gathers what is known about one Workspace.
func (l *Loop) inputFor(p *pass, w *plan.Wish) status.Input {
	in := status.Input{
		Key: w.Key, Workspace: w.Workspace, Commit: l.revision.Commit, Source: w.Workspace.Source.Path,
		Inputs: w.Workspace.Digest, Problems: w.Blocked, Notes: w.Notes, Missing: w.Missing, Pool: w.Pool,
		InstanceType: w.Placement.InstanceType, Nodes: w.Placement.Nodes,
		Brought: l.settings.Policy.Brought, Waiting: w.Waiting != "", NodeTrouble: w.NodeTrouble, Finished: w.Finished,
		Shared: w.Binding.Shared, Cost: w.Binding.Cost, NodePool: w.NodePool, NodePoolHeld: w.Held, NodePoolErr: p.nodePoolErrs[w.Key],
	}
	for _, o := range w.Bundle.Objects {
		in.Objects = append(in.Objects, o.GetKind()+"/"+o.GetName())
	}
	l.facts(p, &in)
	return in
}

// facts adds what is live and what went wrong.
func (l *Loop) facts(p *pass, in *status.Input) {
	if wl, ok := p.state.Workloads[in.Key]; ok {
		in.Workload = &wl
	}
	for _, pool := range l.listed {
		if pool.Owned && (pool.Workspace == in.Key || in.Shared && in.Pool != nil && pool.Name == in.Pool.Name) {
			in.Pools = append(in.Pools, pool)
		}
	}
	in.LiveNodes, in.NodePools = p.state.Nodes, p.state.NodePools
	in.PoolErr = p.poolErrs[in.Key]
	in.ApplyErrs = p.objErrs[in.Key]
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		if c.Pool == nil || in.PoolErr != nil || c.Workspace != in.Key && (!in.Shared || in.Pool == nil || c.Pool.Name != in.Pool.Name) {
			continue
		}
		if c.Op == plan.Hold {
			in.PoolHeld = c.Reason
		}
	}
}

// poolReports lists our pools for the capacity file.
func (l *Loop) poolReports(p *pass) []status.Pool {
	var out []status.Pool
	for _, pool := range l.listed {
		if pool.Owned {
			out = append(out, status.PoolOf(pool))
		}
	}
	for _, pool := range p.state.NodePools {
		out = append(out, status.PoolOfKarpenter(pool))
	}
	slices.SortFunc(out, func(a, b status.Pool) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func problemsIn(problems []workspace.Problem, path string) []workspace.Problem {
	var out []workspace.Problem
	for _, p := range problems {
		if p.Path == path && p.Severity == workspace.Error {
			out = append(out, p)
		}
	}
	return out
}
