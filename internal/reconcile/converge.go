package reconcile

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
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
	busy := 0
	for _, pool := range l.pools {
		if pool.State.Busy() {
			busy++
		}
	}
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		if c.Pool == nil || (c.Op != plan.Create && c.Op != plan.Update) {
			continue
		}
		p.out.InFlight = true
		if err := l.backoff.blocked(c.Pool.Name, p.now); err != nil {
			p.poolErrs[c.Workspace] = err
			continue
		}
		if busy >= l.limiter.limit {
			continue
		}
		if l.write(p, c, l.cloud.Ensure(ctx, *c.Pool)) {
			busy++
		}
	}
	if busy > 0 {
		p.out.InFlight = true
	}
}

// release starts deleting pools that nothing needs any more.
func (l *Loop) release(ctx context.Context, p *pass) {
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		if c.Pool == nil || c.Op != plan.Delete {
			continue
		}
		p.out.InFlight = true
		if l.backoff.blocked(c.Pool.Name, p.now) == nil {
			l.write(p, c, l.cloud.Delete(ctx, *c.Pool))
		}
	}
}

// write takes note of one pool operation, and reports whether Azure accepted it.
func (l *Loop) write(p *pass, c *plan.Change, err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	l.limiter.done(err)
	l.stale = true // what was listed is no longer so
	if err != nil {
		l.backoff.failed(c.Pool.Name, err, p.now)
		p.poolErrs[c.Workspace] = err
		l.once("pool/"+c.Pool.Name, string(c.Op)+" pool "+c.Pool.Name+": "+err.Error())
		return false
	}
	p.out.PoolWrites++
	l.log.Info("pool "+string(c.Op), "pool", c.Pool.Name, "workspace", c.Workspace.String(), "reason", c.Reason)
	return true
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
