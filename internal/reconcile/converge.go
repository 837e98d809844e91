package reconcile

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/execute"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// converge carries out the plan, in its order: pools are started, objects applied, and only then anything is deleted.
func (l *Loop) converge(ctx context.Context, p *pass) {
	l.ensure(ctx, p)
	l.apply(ctx, p)
	l.prune(ctx, p)
	l.release(ctx, p)
}

// ensure starts creating and changing pools, as many as may be in flight at once.
func (l *Loop) ensure(ctx context.Context, p *pass) {
	if l.pools == nil {
		return
	}
	due := map[string]bool{}
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; c.Pool != nil && c.Op != plan.NoOp {
			due[c.Pool.Name] = true
		}
	}
	for i := range p.desired.Wishes {
		if w := &p.desired.Wishes[i]; w.Pool != nil {
			if err := l.pools.Trouble(w.Pool.Name, due[w.Pool.Name]); err != nil {
				p.poolErrs[w.Key] = err
			}
		}
	}
	l.written(ctx, p, l.pools.Ensure(ctx, poolChanges(p.plan), p.now))
}

// release starts deleting pools that nothing needs any more.
func (l *Loop) release(ctx context.Context, p *pass) {
	if l.pools != nil {
		l.written(ctx, p, l.pools.Release(ctx, poolChanges(p.plan), p.now))
	}
}

// poolChanges lists what the plan does to pools.
func poolChanges(p plan.Plan) []capacity.PoolChange {
	var out []capacity.PoolChange
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Pool != nil && c.Op != plan.Hold && c.Op != plan.NoOp {
			out = append(out, *c.Pool)
		}
	}
	return out
}

// written takes note of how the changes to pools went.
func (l *Loop) written(ctx context.Context, p *pass, results []execute.Result) {
	for _, r := range results {
		p.out.InFlight = true
		switch {
		case ctx.Err() != nil:
		case r.Started:
			l.stale = true // what was listed is no longer so
			p.out.PoolWrites++
			l.log.Info("pool "+string(r.Change.Op), "pool", r.Change.Name, "for", whose(r.Change), "reason", r.Change.Reason)
		case r.Err != nil:
			p.poolFailed(r.Change, r.Err)
			if r.New {
				l.stale = true
				l.once("pool/"+r.Change.Name, string(r.Change.Op)+" pool "+r.Change.Name+": "+r.Err.Error())
			}
		}
	}
	for _, pool := range l.listed {
		p.out.InFlight = p.out.InFlight || pool.State.Busy()
	}
}

// poolFailed keeps the trouble with a pool for the reports of those who are to run on it.
func (p *pass) poolFailed(c capacity.PoolChange, err error) {
	p.poolErrs[workspaceOf(c)] = err
	for i := range p.desired.Wishes {
		if w := &p.desired.Wishes[i]; w.Pool != nil && w.Pool.Name == c.Name {
			p.poolErrs[w.Key] = err
		}
	}
}

// workspaceOf returns whose pool it is.
func workspaceOf(c capacity.PoolChange) workspace.Key {
	switch {
	case c.Desired != nil:
		return c.Desired.Workspace
	case c.Live != nil:
		return c.Live.Workspace
	}
	return workspace.Key{}
}

// whose says for whom a pool is.
func whose(c capacity.PoolChange) string {
	if k := workspaceOf(c); k != (workspace.Key{}) {
		return k.String()
	}
	return "shared"
}

// apply makes the objects so that are not.
func (l *Loop) apply(ctx context.Context, p *pass) {
	var objects []*unstructured.Unstructured
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		switch {
		case c.Object == nil:
		case c.Op == plan.Create || c.Op == plan.Update || c.Op == plan.Replace:
			objects = append(objects, c.Object)
		case c.Op == plan.Hold:
			p.failed(c, errors.New(c.Target+": "+c.Reason))
		}
	}
	if len(objects) == 0 {
		return
	}
	changes, err := l.cluster.Apply(ctx, objects)
	l.trouble(p, ComponentKubernetes, err)
	l.note(p, changes, l.owners(p))
}

// failed keeps the error of one object for the report: that of a NodePool is about the nodes.
func (p *pass) failed(c *plan.Change, err error) {
	if c.Object != nil && c.Object.GetKind() == "NodePool" {
		p.nodePoolErrs[c.Workspace] = err
		return
	}
	p.objErrs[c.Workspace] = append(p.objErrs[c.Workspace], err)
}

// prune deletes the objects that nothing asks for any more.
func (l *Loop) prune(ctx context.Context, p *pass) {
	var objects []cluster.Object
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		if c.Live != nil && c.Op == plan.Delete {
			objects = append(objects, *c.Live)
		}
		p.out.InFlight = p.out.InFlight || c.Later
	}
	if len(objects) == 0 {
		return
	}
	changes, err := l.cluster.Prune(ctx, objects)
	l.trouble(p, ComponentKubernetes, err)
	l.note(p, changes, l.owners(p))
}

// owners maps each object of the plan to its change.
func (l *Loop) owners(p *pass) map[cluster.Ref]*plan.Change {
	out := map[cluster.Ref]*plan.Change{}
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		switch {
		case c.Object != nil:
			out[unversioned(cluster.RefOf(c.Object))] = c
		case c.Live != nil:
			out[unversioned(c.Live.Ref)] = c
		}
	}
	return out
}

func unversioned(r cluster.Ref) cluster.Ref { r.Version = ""; return r }

// note logs what was done to each object, and keeps errors for the report.
func (l *Loop) note(p *pass, changes cluster.ChangeSet, owners map[cluster.Ref]*plan.Change) {
	p.out.Changes = append(p.out.Changes, changes...)
	for _, e := range changes {
		switch e.Result {
		case cluster.Unchanged:
		case cluster.Failed:
			if c := owners[unversioned(e.Ref)]; c != nil {
				p.failed(c, e.Err)
			}
			p.out.Retry = true
			l.once("object/"+e.Ref.Namespace+"/"+e.Ref.String(), e.Ref.String()+": "+e.Err.Error())
		default:
			l.log.Info(string(e.Result), "object", e.Ref.String(), "namespace", e.Ref.Namespace)
		}
	}
}
