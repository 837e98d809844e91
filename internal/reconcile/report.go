// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/values"
	"syncer.dev/syncer/internal/reconcile/plainhealth"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/message"
	"syncer.dev/syncer/internal/workspace"
)

// report computes the present reports, and records them if they are worth a commit.
func (l *Loop) report(ctx context.Context, p *pass) {
	reports := l.reportAll(p)
	own := l.others.Own(reports)
	summary := status.Summary{
		Cluster:     l.settings.Policy.Cluster,
		Links:       l.settings.Links,
		Reports:     l.others.With(own),
		Problems:    p.desired.Problems,
		Pools:       l.poolReports(p),
		Warnings:    append(heldBack(p.plan), l.failedForOthers(p)...),
		Unavailable: l.pools.Unavailable(),
		Objects:     l.objectReports(p),
		PricesDate:  l.settings.Policy.Prices.Date(),
	}
	if l.share.Divided() {
		summary.ObjectsFile = l.share.ObjectsFile
	}
	files := l.others.Files(l.folder.Files(summary))
	l.leave(p, reports)
	p.reportsChanged = !slices.EqualFunc(reports, l.reports, func(a, b status.Report) bool { return a.Same(&b) })
	l.setReports(reports)
	p.out.Problems = p.desired.Problems
	if maps.EqualFunc(files, l.recorded, bytes.Equal) {
		l.componentFailed(p, components.Status, "record", nil) // nothing is left to record: an earlier error is over
		l.dirtyAt, l.recordAt = time.Time{}, time.Time{}
		l.pools.MarkRecorded()
		return
	}
	if p.now.Before(l.recordAt) {
		p.out.Retry = true
		return
	}
	old := l.told
	if l.dirtyAt.IsZero() {
		l.dirtyAt = p.now
	}
	if !message.Urgent(old, own) && !l.offeringsChanged(p.now) && p.now.Before(l.dirtyAt.Add(l.settings.Debounce)) {
		return
	}
	message := message.Of(message.Commit{
		Cluster: l.settings.Policy.Cluster, Source: l.revision.Commit, Version: l.settings.Version,
		Changed: status.ChangedFiles(l.recorded, files),
	}, old, own)
	ends := p.timed(StepRecord)
	commit, err := l.recorder.Record(ctx, Recording{files, l.share, message, p.now})
	ends()
	if l.componentFailed(p, components.Status, "record", err) {
		// A push starts a pass itself where syncer watches the repository, and other events must not push each time.
		l.recordAt = p.now.Add(min(firstRetry, l.settings.Interval))
		return
	}
	l.recorded, l.told = files, own
	l.dirtyAt, l.recordAt, p.out.Recorded = time.Time{}, time.Time{}, commit
	l.pools.MarkRecorded()
	if commit != "" {
		l.log.Info("recorded status", "statusCommit", short(commit), "subject", strings.SplitN(message, "\n", 2)[0])
	}
}

// offeringsChanged reports whether the status branch has other unavailable offerings than this process. An offering
// that Azure refused at once has no pool: after a restart, and in "syncer plan", only the status branch has it.
func (l *Loop) offeringsChanged(now time.Time) bool {
	if !l.share.Fleet() {
		return false
	}
	recorded := status.UnavailableFrom(l.recorded, now).Expired(now)
	return !slices.EqualFunc(recorded.Entries, l.pools.Unavailable().Entries, func(a, b unavailable.Entry) bool {
		same := a.Since.Equal(b.Since) && a.Until.Equal(b.Until)
		a.Since, a.Until, b.Since, b.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		return same && a == b
	})
}

// restore reads the last status commit of an earlier process, to continue with its times and commits.
func (l *Loop) restore(ctx context.Context, p *pass, due Due) bool {
	if l.recorded != nil {
		l.readAgain(ctx, p, due)
		return true
	}
	files, err := l.recorder.Read(ctx)
	if l.componentFailed(p, components.Status, "restore", err) {
		return false
	}
	reports := status.FromFiles(files, p.now)
	l.recorded, l.told, l.readAt = l.others.Files(files), slices.Clone(l.others.Own(reports)), p.now
	for i := range reports {
		reports[i].CarriedOut.Told = l.settings.Review.Signed
	}
	l.others.Read(files, p.now)
	l.setReports(l.others.TakeOver(l.reports, reports))
	l.pools.Restore(status.UnavailableFrom(files, p.now))
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
	if !again {
		return
	}
	files = l.others.Files(files)
	l.readAt = p.now
	if !maps.EqualFunc(files, l.recorded, bytes.Equal) {
		changed := status.ChangedFiles(l.recorded, files)
		l.log.Warn("the status is not what syncer has recorded, and is recorded again", "files", changed)
		l.recorded, l.fix = files, nil
	}
}

// setReports keeps reports, and what follows from them alone.
func (l *Loop) setReports(reports []status.Report) {
	l.reports, l.states, l.complete = reports, map[string]int{}, status.CompleteIn(reports)
	for i := range reports {
		l.states[string(reports[i].State)]++
	}
}

// reportAll reports on every Workspace of the source, and on those that an unreadable file may still ask for.
func (l *Loop) reportAll(p *pass) []status.Report {
	r := l.reporter.begin(l, p)
	previous := make(map[workspace.Key]*status.Report, len(l.reports))
	for i := range l.reports {
		previous[l.reports[i].Key] = &l.reports[i]
	}
	out := make([]status.Report, 0, len(p.desired.Workloads))
	for _, w := range p.desired.Workloads {
		out = append(out, r.report(previous[w.Key], l.inputFor(p, r, w), p.now))
		delete(previous, w.Key)
	}
	for key, old := range previous {
		leaving := p.deletionsOf(key)
		if p.plan.Guard.Holds(key, old.Source) == "" && len(leaving) == 0 {
			continue
		}
		in := status.Input{
			Key:      key,
			Commit:   l.revision.Commit,
			Source:   old.Source,
			Problems: problemsIn(p.desired.Problems, old.Source),
			Leaving:  leaving,
		}
		l.compared(p, &in)
		l.facts(p, r, &in)
		out = append(out, r.report(old, in, p.now))
	}
	l.reporter = r.end()
	slices.SortFunc(out, func(a, b status.Report) int { return a.Key.Compare(b.Key) })
	return out
}

// inputFor returns the input of the report on one Workspace.
func (l *Loop) inputFor(p *pass, r *reporting, w *desired.Workload) status.Input {
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
	in.Objects = r.objects(w)
	l.compared(p, &in)
	l.facts(p, r, &in)
	return in
}

// nodeStatus returns the part of a report that depends on where the nodes of a Workspace come from.
func (l *Loop) nodeStatus(w *desired.Workload) status.Nodes {
	if c := w.Claimed; w.Stays() {
		return status.ClaimedNodes{Names: c.Names, Labels: c.Labels, Where: c.Where()}
	}
	return l.settings.Policy.NodeSource().Status()
}

// facts adds the live state and the errors of the pass.
func (l *Loop) facts(p *pass, r *reporting, in *status.Input) {
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
	if p.broken == nil {
		p.broken = plainhealth.In(p.state.Objects, p.desired.Objects)
	}
	if broken := p.broken.For(in.Workspace); len(broken) > 0 {
		in.Missing = slices.Concat(in.Missing, broken)
	}
	in.NodePools = r.nodePools[in.Key]
	in.LiveNodes = r.nodesOf(in)
	in.PoolErr = p.poolErrs[in.Key]
	in.ApplyErrs = p.objErrs[in.Key]
	l.stays(p.held[in.Key], in)
	p.halted(in)
	_, in.Incomplete = p.unreached[in.Key]
	if in.Pool != nil && in.PoolErr == nil {
		in.PoolHeld = r.held[in.Pool.Name]
	}
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
	known := status.NotReleasedSince(l.recorded, p.now)
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
					r.Since = cmp.Or(known[pool.Name], p.now.UTC().Truncate(time.Second))
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
func heldBack(p plan.Plan) []string {
	out := slices.Clone(p.Warnings)
	out = append(out, p.Shortages()...)
	for _, c := range p.Changes {
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
	for i := range p.plan.Changes {
		if c := p.plan.Changes[i]; c.Pool != nil && p.givesBack(*c.Pool) {
			out[c.Pool.Name] = c
		}
	}
	return out
}

// objectReports lists the plain objects that are refused, and all objects whose deletion does not end.
func (l *Loop) objectReports(p *pass) []status.Object {
	out := slices.Concat(p.objects, p.observedObjects(), plainhealth.Unhealthy(p.state.Objects))
	for i := range p.state.Objects {
		if o := &p.state.Objects[i]; o.Deleting && len(o.Finalizers) > 0 {
			out = append(out, held(o.Ref, o.Source, o.Finalizers))
		}
	}
	for key := range p.state.Workloads {
		for _, pod := range p.state.Workloads[key].Pods {
			if pod.Deleting && len(pod.Finalizers) > 0 {
				ref := cluster.Ref{Kind: "Pod", Namespace: key.Namespace, Name: pod.Name}
				out = append(out, held(ref, "", pod.Finalizers))
			}
		}
	}
	slices.SortFunc(out, status.Object.Compare)
	return out
}

// held describes an object whose deletion waits for finalizers.
func held(ref cluster.Ref, source string, finalizers []string) status.Object {
	return status.Object{
		Namespace: ref.Namespace,
		Name:      ref.String(),
		Source:    source,
		Deleting:  true,
		Message:   "its deletion waits for finalizer " + strings.Join(finalizers, ", "),
	}
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
	// The objects are in the order of their namespaces; those without one come first.
	in := func(o cluster.Object, namespace string) int { return strings.Compare(o.Namespace, namespace) }
	for _, namespace := range []string{"", key.Namespace} {
		first, _ := slices.BinarySearchFunc(p.state.Objects, namespace, in)
		for i := first; i < len(p.state.Objects) && p.state.Objects[i].Namespace == namespace; i++ {
			if o := &p.state.Objects[i]; o.Workspace == key && len(o.Finalizers) > 0 {
				out = append(out, o.Ref.String()+" has finalizer "+strings.Join(o.Finalizers, ", "))
			}
		}
	}
	for _, pod := range p.state.Workloads[key].Pods {
		if len(pod.Finalizers) > 0 {
			out = append(out, "Pod/"+pod.Name+" has finalizer "+strings.Join(pod.Finalizers, ", "))
		}
	}
	return out
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
