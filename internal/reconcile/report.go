// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/values"
	"syncer.dev/syncer/internal/reconcile/leftover"
	"syncer.dev/syncer/internal/reconcile/nodegroups"
	"syncer.dev/syncer/internal/reconcile/plainhealth"
	"syncer.dev/syncer/internal/reconcile/stays"
	"syncer.dev/syncer/internal/reconcile/timetable"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/message"
	"syncer.dev/syncer/internal/workspace"
)

// report computes the present reports, and records them if they are worth a commit.
func (l *Loop) report(ctx context.Context, p *pass) {
	p.active = activeIn(p.plan.Changes)
	reports, r := l.reportAll(p)
	own := l.others.Own(reports)
	summary := status.Summary{
		Cluster:     l.settings.Policy.Cluster,
		Links:       l.settings.Links,
		Reports:     l.others.With(own),
		Problems:    p.desired.Problems,
		Pools:       l.poolReports(p),
		Warnings:    append(p.heldBack(), l.failedForOthers(p)...),
		Unavailable: l.pools.Unavailable(),
		Objects:     p.objectReports(r),
		PricesDate:  l.settings.Policy.Prices.Date(),
	}
	if l.share.Divided() {
		summary.ObjectsFile = l.share.ObjectsFile
	}
	l.folder.Update(summary)
	l.leave(p, reports)
	p.reportsChanged = !slices.EqualFunc(reports, l.reports, (*status.Report).Same)
	l.setReports(reports)
	p.out.Problems = p.desired.Problems
	l.record(ctx, p, own)
}

// record commits what differs from the status branch, if it is worth a commit.
func (l *Loop) record(ctx context.Context, p *pass, own []*status.Report) {
	if len(l.folder.Differ()) == 0 {
		l.componentFailed(p, components.Status, "record", nil) // nothing is left to record: an earlier error is over
		l.recorded(own)
		return
	}
	if p.now.Before(l.recordAt) {
		p.out.Retry = true
		return
	}
	if l.dirtyAt.IsZero() {
		l.dirtyAt = p.now
	}
	if !message.Urgent(l.told, own) && !l.offeringsChanged(p.now) && p.now.Before(l.dirtyAt.Add(l.settings.Debounce)) {
		return
	}
	message := message.Of(message.Commit{
		Cluster: l.settings.Policy.Cluster, Source: l.revision.Commit, Version: l.settings.Version,
		Changed: l.folder.Changed(),
	}, l.told, own)
	ends := p.timed(StepRecord)
	commit, err := l.recorder.Record(ctx, Recording{l.folder.Differ(), l.folder.All, l.share, message, p.now})
	ends()
	if l.componentFailed(p, components.Status, "record", err) {
		// A push starts a pass itself where syncer watches the repository, and other events must not push each time.
		l.recordAt = p.now.Add(min(timetable.FirstRetry, l.settings.Interval))
		return
	}
	l.folder.Recorded()
	p.out.Recorded = commit
	l.recorded(own)
	if commit != "" {
		l.log.Info("recorded status", "statusCommit", short(commit), "subject", strings.SplitN(message, "\n", 2)[0])
	}
}

// recorded notes that the status branch has these reports.
func (l *Loop) recorded(own []*status.Report) {
	l.told = own
	l.dirtyAt, l.recordAt = time.Time{}, time.Time{}
	l.pools.MarkRecorded()
}

// activeIn returns the changes that change something, or are held, and those of pools.
func activeIn(changes []*plan.Change) []*plan.Change {
	var out []*plan.Change
	for _, c := range changes {
		if c.Op != plan.NoOp || c.Pool != nil {
			out = append(out, c)
		}
	}
	return out
}

// offeringsChanged reports whether the status branch has other unavailable offerings than this process. An offering
// that Azure refused at once has no pool: after a restart, and in "syncer plan", only the status branch has it.
func (l *Loop) offeringsChanged(now time.Time) bool {
	if !l.share.Fleet() {
		return false
	}
	recorded := status.UnavailableFrom(l.folder.Capacity(), now).Expired(now)
	return !slices.EqualFunc(recorded.Entries, l.pools.Unavailable().Entries, func(a, b unavailable.Entry) bool {
		same := a.Since.Equal(b.Since) && a.Until.Equal(b.Until)
		a.Since, a.Until, b.Since, b.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		return same && a == b
	})
}

// restore reads the last status commit of an earlier process, to continue with its times and commits.
func (l *Loop) restore(ctx context.Context, p *pass, due Due) bool {
	if l.folder.Known() {
		l.readAgain(ctx, p, due)
		return true
	}
	files, err := l.recorder.Read(ctx)
	if l.componentFailed(p, components.Status, "restore", err) {
		return false
	}
	reports := status.FromFiles(files, p.now)
	for _, r := range reports {
		r.CarriedOut.Told = l.settings.Review.Signed
	}
	l.folder.Holds(files)
	l.told, l.readAt, l.objectsWait = l.others.Own(reports), p.now, status.ObjectsWait(files)
	l.others.Read(files, p.now)
	l.setReports(l.others.TakeOver(l.reports, reports))
	l.reporter.take(l.reports)
	l.pools.Restore(status.UnavailableFrom(files[status.CapacityFile], p.now))
	return true
}

// readAgain reads the status branch again now and then, so that what another writer has changed there is put right: a
// person, or a process that has lost the lease and was late. Its reports count for nothing.
func (l *Loop) readAgain(ctx context.Context, p *pass, due Due) {
	again := l.settings.Resync > 0 && !p.now.Before(l.readAt.Add(l.settings.Resync))
	if !due.Source || !again && !l.share.Divided() {
		return
	}
	files, err := l.recorder.Read(ctx)
	if l.componentFailed(p, components.Status, "read again", err) {
		return
	}
	l.readOthers(p, files)
	l.objectsWait = l.objectsWait || status.ObjectsWait(files)
	if !again {
		return
	}
	l.readAt = p.now
	if changed := l.folder.Others(files); len(changed) > 0 {
		l.log.Warn("the status is not what syncer has recorded, and is recorded again", "files", changed)
		l.folder.Holds(files)
		l.fix = nil
	}
}

// reportAll reports on every Workspace of the source, and on those that an unreadable file may still ask for. A report
// whose inputs are the same is the same pointer, and so is the list if all of them are.
func (l *Loop) reportAll(p *pass) ([]*status.Report, *reporting) {
	r := l.reporter.begin(l, p)
	workloads := r.arrange(p.desired.Workloads, func(old *status.Report) bool {
		return p.plan.Guard.Holds(old.Key, old.Source) != "" || len(p.deletionsOf(old.Key)) > 0
	})
	out := l.reports
	same := len(out) == len(r.known)
	for i := range r.known {
		k := &r.known[i]
		l.reportOn(p, r, i, workloads[i])
		switch {
		case same && out[i] == k.report:
		case same:
			out, same = slices.Clone(out), false
			out[i] = k.report
		case len(out) == len(r.known):
			out[i] = k.report
		}
	}
	if len(out) != len(r.known) {
		out = make([]*status.Report, len(r.known))
		for i := range r.known {
			out[i] = r.known[i].report
		}
	}
	r.groups.Keep(len(r.known), r.nodeGroups())
	return out, r
}

// reportOn makes the report on one Workspace if it may have changed. w is nil if the source has it no more.
func (l *Loop) reportOn(p *pass, r *reporting, i int, w *desired.Workload) {
	k := &r.known[i]
	var in status.Input
	if w == nil {
		in = l.leavingInput(p, k.report)
	} else {
		if !r.again(p, i, w) {
			return
		}
		in = l.inputFor(p, w)
	}
	p.compared(i, w, &in)
	nodes := l.facts(p, r, &in)
	old := k.report
	report := status.Observe(old, in, p.now)
	*k = known{
		report: old, live: p.state.Versions[in.Key], carried: in.CarriedOut, nodes: nodes, pass: r.pass,
		runs: in.Workload != nil, ending: leftover.EndingIn(in.Workload),
	}
	switch {
	case old == nil || !report.Same(old):
		k.report = new(report)
	case !r.passing[in.Key]:
		k.work = w // it has repeated itself
	}
}

// leavingInput returns the input of the report on a Workspace that the source does not have.
func (l *Loop) leavingInput(p *pass, old *status.Report) status.Input {
	return status.Input{
		Key:      old.Key,
		Commit:   l.revision.Commit,
		Source:   old.Source,
		Problems: problemsIn(p.desired.Problems, old.Source),
		Leaving:  p.deletionsOf(old.Key),
	}
}

// inputFor returns the input of the report on one Workspace.
func (l *Loop) inputFor(p *pass, w *desired.Workload) status.Input {
	in := status.Input{
		Key:          w.Key,
		Workspace:    w.Workspace,
		Commit:       l.revision.Commit,
		Source:       w.Workspace.Source.Path,
		Inputs:       w.Workspace.Digest,
		Problems:     w.Blocked,
		Notes:        w.Notes,
		Missing:      w.Missing,
		Pool:         w.Pool,
		Model:        w.Model.Repo,
		Revision:     w.Model.Revision,
		Runtime:      values.RuntimeOf(w.Workspace),
		Why:          w.Binding.Reason,
		InstanceType: w.Placement.InstanceType,
		Nodes:        w.Placement.Nodes,
		NodeSource:   l.nodeStatus(w),
		Waiting:      w.Waiting != "",
		NodeFailure:  w.NodeFailure,
		Finished:     w.Finished,
		Shared:       w.Binding.Shared,
		Cost:         w.Binding.Cost,
		PricesDate:   l.settings.Policy.Prices.Date(),
		NodePool:     w.NodePool,
		NodePoolHeld: w.Held,
		NodePoolErr:  p.nodePoolErrs[w.Key],
	}
	for _, o := range w.Bundle.List() {
		in.Objects = append(in.Objects, o.Kind+"/"+o.Name)
	}
	return in
}

// nodeStatus returns the part of a report that depends on where the nodes of a Workspace come from.
func (l *Loop) nodeStatus(w *desired.Workload) status.Nodes {
	if c := w.Claimed; w.Stays() {
		return status.ClaimedNodes{Names: c.Names, Labels: c.Labels, Where: c.Where()}
	}
	return l.settings.Policy.NodeSource().Status()
}

// facts adds the live state and the errors of the pass, and returns the group of its nodes.
func (l *Loop) facts(p *pass, r *reporting, in *status.Input) *nodegroups.Group {
	if wl, ok := p.state.Workloads[in.Key]; ok {
		in.Workload = &wl
	}
	in.Pools = r.pools[in.Key]
	if in.Shared && in.Pool != nil {
		if shared, live := r.byName[in.Pool.Name]; live && shared.Workspace != in.Key {
			in.Pools = append(slices.Clone(in.Pools), shared)
			slices.SortFunc(in.Pools, func(a, b capacity.LivePool) int { return r.at[a.Name] - r.at[b.Name] })
		}
	}
	if contests := r.contests[in.Key]; len(contests) > 0 {
		in.Notes = slices.Concat(in.Notes, contests)
	}
	if broken := r.broken.For(in.Workspace); len(broken) > 0 {
		in.Missing = slices.Concat(in.Missing, broken)
	}
	in.NodePools = r.nodePools[in.Key]
	nodes := r.groups.Of(in.Where())
	in.LiveNodes = nodes.Nodes
	in.PoolErr = p.poolErrs[in.Key]
	in.ApplyErrs = p.objErrs[in.Key]
	l.stays(p.held[in.Key], in)
	p.halted(in)
	_, in.Incomplete = p.unreached[in.Key]
	if in.Pool != nil && in.PoolErr == nil {
		in.PoolHeld = r.held[in.Pool.Name]
	}
	return nodes
}

// stays changes the input to what runs, for a Workspace whose changes a policy holds.
func (l *Loop) stays(held *plan.Workspace, in *status.Input) {
	if held == nil {
		return
	}
	in.Held = held.Held
	is := held.Before
	if is == (plan.Values{}) {
		return // nothing runs
	}
	in.InstanceType, in.Nodes, in.Cost = is.InstanceType, is.Nodes, is.HourlyCost
	in.Model, in.Revision = cmp.Or(is.Model, in.Model), cmp.Or(is.Revision, in.Revision)
	for _, live := range l.listed {
		if in.Pool != nil && in.Pool.Name == live.Name {
			pool := in.Pool.Scaled(live.Count)
			in.Pool = &pool
		}
	}
}

// poolReports lists our pools for the capacity file.
func (l *Loop) poolReports(p *pass) []status.Pool {
	var out []status.Pool
	going := p.poolsToDelete()
	known := sync.OnceValue(func() map[string]time.Time { return status.NotReleasedSince(l.folder.Capacity(), p.now) })
	for _, pool := range l.listed {
		if pool.Owned {
			r := status.PoolOf(pool)
			if c := going[pool.Name]; c != nil {
				r.Price(c.Pool.LiveCost)
				if c.Op == plan.Hold {
					r.NotReleased = c.Reason
				}
				if err := p.notReleased[pool.Name]; err != nil {
					r.NotReleased = withRemedy(err)
				}
				if r.NotReleased != "" {
					r.Since = cmp.Or(known()[pool.Name], p.now.UTC().Truncate(time.Second))
				}
			}
			out = append(out, r)
		}
	}
	for _, pool := range p.state.NodePools {
		out = append(out, status.PoolOfKarpenter(pool))
	}
	slices.SortFunc(out, func(a, b status.Pool) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// withRemedy returns an error with what helps in parentheses, if anything is known to.
func withRemedy(err error) string {
	var cloudErr *capacity.CloudError
	if errors.As(err, &cloudErr) && cloudErr.Cure() != "" {
		return err.Error() + " (" + cloudErr.Cure() + ")"
	}
	return err.Error()
}

// heldBack says everything that a plan for people says about what is not done, and why. What only needs time is left
// out: it is over before a person reads it.
func (p *pass) heldBack() []string {
	out := slices.Clone(p.plan.Warnings)
	out = append(out, p.plan.Shortages()...)
	for _, c := range p.active {
		if heldForLong(c) {
			out = append(out, c.Target+": "+c.Reason)
		}
	}
	return out
}

// heldForLong reports whether a change is held back for a reason that does not end with an operation under way.
func heldForLong(c *plan.Change) bool {
	busy := c.Pool != nil && c.Pool.Live != nil && c.Pool.Live.State.Busy()
	return c.Op == plan.Hold && !c.Later && !busy
}

// poolsToDelete returns the changes of the pools that no Workspace needs any more, by name.
func (p *pass) poolsToDelete() map[string]*plan.Change {
	out := map[string]*plan.Change{}
	for _, c := range p.active {
		if c.Pool != nil && p.givesBack(*c.Pool) {
			out[c.Pool.Name] = c
		}
	}
	return out
}

// objectReports lists the plain objects that are refused, or that differ from the source, and all objects whose
// deletion does not end.
func (p *pass) objectReports(r *reporting) []status.Object {
	out := slices.Concat(p.objects, stays.Waiting(&p.plan.Guard, p.active), stays.Observed(p.active),
		plainhealth.Unhealthy(r.odd))
	for _, o := range r.odd {
		if o.Deleting && len(o.Finalizers) > 0 {
			out = append(out, leftover.Held(o.Ref, o.Source, o.Finalizers))
		}
	}
	for _, key := range r.ending(p) {
		for _, pod := range p.state.Workloads[key].Pods {
			if leftover.Ending(&pod) {
				ref := cluster.Ref{Kind: "Pod", Namespace: key.Namespace, Name: pod.Name}
				out = append(out, leftover.Held(ref, "", pod.Finalizers))
			}
		}
	}
	slices.SortFunc(out, status.Object.Compare)
	return out
}

// ending returns the Workspaces with a pod whose deletion does not end.
func (r *reporting) ending(p *pass) []workspace.Key {
	var out []workspace.Key
	running := 0
	for i := range r.known {
		k := &r.known[i]
		if k.runs {
			running++
		}
		if k.ending {
			out = append(out, k.report.Key)
		}
	}
	if running < len(p.state.Workloads) { // also of Workspaces without a report
		out = out[:0]
		for key := range p.state.Workloads {
			out = append(out, key)
		}
	}
	return out
}

// deletionsOf lists what is left of a Workspace that has gone from the source: what the API server has not deleted when
// it was asked to, and what finalizers hold.
func (p *pass) deletionsOf(key workspace.Key) []string {
	var out []string
	for _, err := range p.objErrs[key] {
		out = append(out, err.Error())
	}
	if err := p.unreached[key]; err != nil {
		out = append(out, err.Error())
	}
	return append(out, leftover.In(p.state, key)...)
}

func problemsIn(problems []diag.Diagnostic, path string) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, p := range problems {
		if p.Path == path && p.Severity == diag.Error {
			out = append(out, p)
		}
	}
	return out
}
