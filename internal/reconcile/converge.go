// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools/executor"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// converge carries out the plan: it applies objects, then starts operations on pools, and deletes last.
//
// Objects come first because the API server may refuse them, and a refused object must not cost a GPU. They need only
// the name of their pool, which follows from the Workspace and its size: the pods are Pending until nodes with that
// label join. A process that ends in between leaves objects without a pool, and the next pass plans the pool from them.
//
// The order is also safe for a running Workspace. If it moves, it and its objects stay bound to the old pool until the
// nodes of the new pool are ready: the pass that creates the new pool changes no object, and the pass that changes the
// objects finds the nodes. If it grows, pods are Pending until the nodes are ready, in either order. If it shrinks or
// goes, its pods end first: later passes remove the nodes, once no pod runs on them.
func (l *Loop) converge(ctx context.Context, p *pass) {
	l.apply(ctx, p)
	l.ensure(ctx, p)
	l.prune(ctx, p)
	l.release(ctx, p)
}

// ensure starts to create and change pools, up to the number of concurrent operations, and starts no nodes for
// Workspaces that the API server refuses. Of a cluster with shards one process does that.
func (l *Loop) ensure(ctx context.Context, p *pass) {
	p.holdRefused()
	l.logHeld(p)
	due := map[string]bool{}
	for i := range p.plan.Changes {
		if c := p.plan.Changes[i]; c.Pool != nil && c.Op != plan.NoOp {
			due[c.Pool.Name] = true
		}
	}
	for i := range p.desired.Workloads {
		if w := p.desired.Workloads[i]; w.Pool != nil {
			if err := l.pools.LastError(w.Pool.Name, due[w.Pool.Name]); err != nil {
				p.poolErrs[w.Key] = err
			}
		}
	}
	var results []executor.Result
	if l.share.Fleet() {
		halted := &p.plan.Guard.Halted
		l.pools.Leave(func(live *capacity.LivePool) bool { return halted.OfPool(live.Workspace) })
		results = l.pools.Ensure(ctx, poolChanges(p.plan), p.now)
	}
	l.written(ctx, p, results)
}

// logHeld logs each change of a pool that is held back, once for each reason. What only needs time is not logged.
func (l *Loop) logHeld(p *pass) {
	for i := range p.plan.Changes {
		if c := p.plan.Changes[i]; c.Pool != nil && heldForLong(c) {
			l.logOnce(p, "held/"+c.Pool.Name, "pool "+c.Pool.Name+" is not changed: "+c.Reason,
				about(workspaceOf(*c.Pool), status.ApplyHeld)...)
		}
	}
}

// holdRefused puts into the plan what applying the objects has shown.
func (p *pass) holdRefused() {
	refused := map[workspace.Key]string{}
	for key, errs := range p.objErrs {
		refused[key] = errors.Join(errs...).Error()
	}
	for key, err := range p.unreached {
		refused[key] = err.Error()
	}
	if len(refused) == 0 && len(p.part.Pending) == 0 {
		return
	}
	p.plan.Changes = slices.Clone(p.plan.Changes) // Outcome.Plan keeps the decision
	for i, was := range p.plan.Changes {
		if was.Pool == nil {
			continue
		}
		changed, c := []capacity.PoolChange{*was.Pool}, *was
		hold.Refused(changed, p.desired, refused)
		hold.Nodes(changed, p.desired, p.part.Waits())
		if c.Pool = &changed[0]; c.Op != plan.Hold && c.Pool.Op == capacity.Wait {
			c.Op, c.Reason = plan.Hold, c.Pool.Reason
		}
		p.plan.Changes[i] = &c
	}
}

// release starts to delete pools that are not desired any more.
func (l *Loop) release(ctx context.Context, p *pass) {
	if l.share.Fleet() {
		l.written(ctx, p, l.pools.Release(ctx, poolChanges(p.plan), p.now))
	}
}

// poolChanges lists the changes to pools that the plan carries out.
func poolChanges(p plan.Plan) []capacity.PoolChange {
	var out []capacity.PoolChange
	for i := range p.Changes {
		if c := p.Changes[i]; c.Pool != nil && c.Op != plan.Hold && c.Op != plan.NoOp {
			out = append(out, *c.Pool)
		}
	}
	return out
}

// written records the results of changes to pools.
func (l *Loop) written(ctx context.Context, p *pass, results []executor.Result) {
	for _, r := range results {
		p.out.InFlight = true
		switch {
		case ctx.Err() != nil:
		case r.Started:
			l.stale = true // the last list of pools is out of date
			p.out.PoolWrites++
			l.log.Info("pool "+string(r.Change.Op),
				append([]any{"pool", r.Change.Name, "why", r.Change.Reason}, about(workspaceOf(r.Change), "")...)...)
		case r.Err != nil:
			p.poolFailed(r.Change, r.Err)
			if r.New {
				l.stale = true
				l.logOnce(p, "pool/"+r.Change.Name, string(r.Change.Op)+" pool "+r.Change.Name+": "+r.Err.Error(),
					about(workspaceOf(r.Change), "PoolFailed")...)
			}
		}
	}
	p.out.InFlight = p.out.InFlight || l.pools.Busy()
	for _, pool := range l.listed {
		if pool.Owned && pool.State == capacity.Failed {
			l.logOnce(p, "failed/"+pool.Name, "pool "+pool.Name+" failed: "+pool.ErrorCode+": "+pool.Error,
				about(pool.Workspace, "PoolFailed")...)
		}
	}
}

// poolFailed keeps the error of a pool for the reports of its Workspaces.
func (p *pass) poolFailed(c capacity.PoolChange, err error) {
	p.poolErrs[workspaceOf(c)] = err
	if p.givesBack(c) {
		p.notReleased[c.Name] = err
	}
	for i := range p.desired.Workloads {
		if w := p.desired.Workloads[i]; w.Pool != nil && w.Pool.Name == c.Name {
			p.poolErrs[w.Key] = err
		}
	}
}

// givesBack reports whether a change is a step of giving back a pool that no Workspace needs: its deletion, or scaling
// it to zero before that.
func (p *pass) givesBack(c capacity.PoolChange) bool {
	if c.Op == capacity.Delete || c.Desired == nil {
		return true
	}
	wanted := func(w *desired.Workload) bool { return w.Pool != nil && w.Pool.Name == c.Name }
	return c.Live != nil && c.Desired.Count == 0 && !slices.ContainsFunc(p.desired.Workloads, wanted)
}

// workspaceOf returns the Workspace of a pool; zero for a shared one.
func workspaceOf(c capacity.PoolChange) workspace.Key {
	switch {
	case c.Desired != nil:
		return c.Desired.Workspace
	case c.Live != nil:
		return c.Live.Workspace
	}
	return workspace.Key{}
}

// apply applies every object that differs, and is this loop's to write.
func (l *Loop) apply(ctx context.Context, p *pass) {
	for i := range p.plan.Workspaces {
		if w := p.plan.Workspaces[i]; w.Held != "" {
			p.held[w.Key] = w
			l.logOnce(p, "policy/"+w.Key.String(), "Workspace "+w.Key.String()+" is not changed: "+w.Held,
				about(w.Key, cmp.Or(heldReasons[w.HeldBy], status.ApplyHeld))...)
		}
	}
	var steps, asFleet []*plan.Change
	for _, c := range p.plan.Changes {
		switch {
		case c.Object == nil:
		case c.Op == plan.Create || c.Op == plan.Update || c.Op == plan.Replace:
			switch {
			case !p.part.Applies(c):
			case p.part.AsFleet(c):
				asFleet = append(asFleet, c)
			default:
				steps = append(steps, c)
			}
		case c.Op == plan.Hold && p.held[c.Workspace] != nil: // reported once, for the Workspace
		case c.Op == plan.Hold && c.Held: // it is not refused: the report says what it waits for
		case c.Op == plan.Hold:
			p.failed(c, errors.New(c.Target+": "+c.Reason))
			l.logOnce(p, objectKey(c.Namespace, c.Target), c.Target+" is refused: "+c.Reason,
				about(c.Workspace, status.ApplyFailed)...)
		}
	}
	l.send(ctx, p, steps)
	l.send(shard.AsFleet(ctx), p, asFleet)
}

// send applies the objects of some changes.
func (l *Loop) send(ctx context.Context, p *pass, steps []*plan.Change) {
	if len(steps) == 0 {
		return
	}
	defer p.timed(StepApply)()
	objects := make([]*unstructured.Unstructured, len(steps))
	for i, c := range steps {
		objects[i] = c.Object
	}
	changes, err := l.cluster.Apply(ctx, objects)
	l.componentFailed(p, components.Kubernetes, "apply", err)
	l.note(p, changes, plan.ByObject(steps))
	if err != nil {
		p.notApplied(objects, changes, err)
	}
}

// notApplied keeps the error for the objects that Apply did not reach.
func (p *pass) notApplied(objects []*unstructured.Unstructured, changes cluster.ChangeSet, err error) {
	reached := map[cluster.Ref]bool{}
	for _, e := range changes {
		reached[unversioned(e.Ref)] = true
	}
	for _, o := range objects {
		if ref := unversioned(cluster.RefOf(o)); !reached[ref] {
			p.unreached[workspace.Key{Namespace: o.GetNamespace(), Name: o.GetLabels()[cluster.LabelWorkspace]}] = err
		}
	}
}

// failed keeps the error of one object for the report. The error of a NodePool is about the nodes.
func (p *pass) failed(c *plan.Change, err error) {
	if c.Object != nil && c.Object.GetKind() == "NodePool" {
		p.nodePoolErrs[c.Workspace] = err
		return
	}
	p.objErrs[c.Workspace] = append(p.objErrs[c.Workspace], err)
	if c.Workspace == (workspace.Key{}) {
		p.objects = append(p.objects, status.Object{
			Namespace: c.Namespace,
			Name:      c.Target,
			Source:    sourceOf(c),
			Message:   strings.TrimPrefix(err.Error(), c.Target+": "),
		})
	}
}

// sourceOf returns the file that an object comes from: the one to apply, or the live one to delete.
func sourceOf(c *plan.Change) string {
	if c.Object == nil {
		return c.Live.Source
	}
	return c.Object.GetAnnotations()[cluster.AnnotationSource]
}

// prune deletes the objects that are not desired any more.
func (l *Loop) prune(ctx context.Context, p *pass) {
	var objects []*cluster.Object
	var steps []*plan.Change
	for _, c := range p.plan.Changes {
		if c.Live != nil && c.Op == plan.Delete && p.part.Prunes(c) {
			objects, steps = append(objects, c.Live), append(steps, c)
		}
		p.out.InFlight = p.out.InFlight || c.Later
	}
	if len(objects) == 0 {
		return
	}
	changes, err := l.cluster.Prune(ctx, objects)
	l.componentFailed(p, components.Kubernetes, "prune", err)
	l.note(p, changes, plan.ByObject(steps))
	if err != nil {
		p.notPruned(objects, changes, err)
	}
}

// notPruned keeps the error for the objects that Prune did not reach.
func (p *pass) notPruned(objects []*cluster.Object, changes cluster.ChangeSet, err error) {
	for i := range objects {
		same := func(e cluster.Entry) bool { return unversioned(e.Ref) == unversioned(objects[i].Ref) }
		if !slices.ContainsFunc(changes, same) {
			p.unreached[objects[i].Workspace] = err
		}
	}
}

// objectKey is the key under which a refusal of an object is logged once.
func objectKey(namespace, name string) string { return "object/" + namespace + "/" + name }

func unversioned(r cluster.Ref) cluster.Ref { r.Version = ""; return r }

// note logs the result for each object, and keeps errors for the report.
func (l *Loop) note(p *pass, changes cluster.ChangeSet, owners map[cluster.Ref]*plan.Change) {
	p.out.Changes = append(p.out.Changes, changes...)
	for _, e := range changes {
		var key workspace.Key
		c := owners[unversioned(e.Ref)]
		if c != nil {
			key = c.Workspace
		}
		done := append([]any{"object", e.Ref.String(), "namespace", e.Ref.Namespace}, about(key, "")...)
		switch e.Result {
		case cluster.Unchanged:
		case cluster.Failed:
			if c != nil {
				p.failed(c, fmt.Errorf("%s: %w", e.Ref, e.Err))
			}
			p.out.Retry = true
			l.logOnce(p, objectKey(e.Ref.Namespace, e.Ref.String()), e.Ref.String()+" is refused: "+e.Err.Error(),
				about(key, status.ApplyFailed)...)
		case cluster.Skipped:
			if e.Err == nil { // gone, or going
				l.log.Info(string(e.Result), done...)
				continue
			}
			l.logOnce(p, objectKey(e.Ref.Namespace, e.Ref.String()), e.Ref.String()+" is not written: "+e.Err.Error(),
				about(key, status.ApplyFailed)...)
		default:
			l.log.Info(string(e.Result), done...)
		}
	}
}
