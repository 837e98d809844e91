package reconcile

import (
	"context"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// outside is what the cluster has of the objects that Workspaces refer to and that the repository does not make.
type outside struct {
	of    *workspace.Set // that was read
	refs  []cluster.Ref
	found map[cluster.Ref]cluster.Look
	input plan.Input // the input, with what was found
}

// lookOutside returns the input with what the cluster has besides. It is worked out again only when either has changed.
func (l *Loop) lookOutside(ctx context.Context, p *pass) (plan.Input, error) {
	if l.look == nil {
		return l.input, nil
	}
	o := &l.outside
	fresh := o.of == l.input.Set
	if !fresh {
		*o = outside{of: l.input.Set, refs: l.input.Outside(l.settings.Policy)}
	}
	var found map[cluster.Ref]cluster.Look
	if len(o.refs) > 0 {
		var err error
		found, err = l.look(ctx, o.refs, p.now)
		if l.trouble(p, ComponentKubernetes, err) {
			return plan.Input{}, err
		}
	}
	for key, text := range plan.Unseen(found) {
		l.once("outside/"+key, text)
	}
	if fresh && reflect.DeepEqual(found, o.found) {
		return o.input, nil
	}
	o.found, o.input = found, l.input.With(found, l.settings.Policy)
	for _, problem := range o.input.Set.Problems {
		if !slices.Contains(l.input.Set.Problems, problem) {
			l.once("problem/"+problem.String(), problem.String())
		}
	}
	return o.input, nil
}
