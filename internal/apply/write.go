// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/apply/units"
	"syncer.dev/syncer/internal/cluster"
)

// Apply applies the objects. Workspaces go side by side, each through its stages. A Workspace that has live objects is
// written only if the server accepts a dry run of each of its objects; of another one, a refused object stops no other.
// Errors about an object are in the ChangeSet; the error returned is for a server that cannot be used.
func (c *Cluster) Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	out := make(cluster.ChangeSet, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(waiting)
	for _, u := range units.Of(objects, c.watches.Has) {
		g.Go(func() error {
			defer close(u.Done)
			for _, first := range u.After {
				select {
				case <-first:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return c.applyUnit(ctx, u, objects, out)
		})
	}
	err := g.Wait()
	return slices.DeleteFunc(out, func(e cluster.Entry) bool { return e.Result == "" }), err
}

// applyUnit decides about all objects of a unit, and then carries out the changes stage by stage.
func (c *Cluster) applyUnit(
	ctx context.Context, u *units.Unit, objects []*unstructured.Unstructured, out cluster.ChangeSet,
) error {
	verdicts := make([]verdict, len(u.Objects))
	err := each(ctx, len(u.Objects), func(ctx context.Context, n int) (err error) {
		verdicts[n], err = c.decide(ctx, objects[u.Objects[n]], u.Live)
		return err
	})
	if err != nil {
		return err
	}
	if u.Live && c.heldBack(u, verdicts, out) {
		return nil
	}
	for s := range cluster.Stages {
		err := each(ctx, len(u.Objects), func(ctx context.Context, n int) (err error) {
			i := u.Objects[n]
			if o := objects[i]; cluster.Stage(o.GetKind()) == s {
				out[i], err = c.carryOut(ctx, o, &verdicts[n])
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each calls f for 0 to n-1 at the same time, and returns the first error.
func each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	if n == 1 {
		return f(ctx, 0)
	}
	g, ctx := errgroup.WithContext(ctx)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

// heldBack reports whether an object of a unit is refused, and then notes that no other is written.
func (c *Cluster) heldBack(u *units.Unit, verdicts []verdict, out cluster.ChangeSet) bool {
	bad := slices.IndexFunc(verdicts, func(v verdict) bool { return v.Err != nil })
	if bad < 0 {
		return false
	}
	for n, i := range u.Objects {
		v := &verdicts[n]
		e := cluster.Entry{Ref: v.Ref, Result: cluster.Unchanged}
		switch {
		case v.Err != nil:
			e.Result, e.Err = cluster.Failed, v.Err
		case v.After != nil:
			e.Result, e.Err = cluster.Skipped, fmt.Errorf("%s of the same Workspace is refused", verdicts[bad].Ref)
		}
		out[i] = e
	}
	return true
}

// decide returns what applying an object does. It asks the server unless that is known: an object that is as desired,
// one that an earlier dry run was about, and, without care, one that the watch does not have.
func (c *Cluster) decide(ctx context.Context, o *unstructured.Unstructured, care bool) (verdict, error) {
	v := verdict{Preview: cluster.Preview{Ref: cluster.RefOf(o)}}
	if c.unchanged(o) {
		return v, nil
	}
	if t, ok := c.takeTrial(o); ok {
		return t, nil
	}
	if live, known := c.known(o); live == nil && known && !care {
		if v.Err = mayWrite(c.options, o); v.Err == nil {
			v.After = o
		}
		return v, nil
	}
	return c.judge(ctx, o)
}

// carryOut makes one change.
func (c *Cluster) carryOut(ctx context.Context, o *unstructured.Unstructured, v *verdict) (cluster.Entry, error) {
	e := cluster.Entry{Ref: v.Ref, Result: cluster.Unchanged}
	switch {
	case v.Err != nil:
		e.Result, e.Err = cluster.Failed, v.Err
		return e, nil
	case v.Replace != "":
		return c.replace(ctx, o, v.live)
	case v.After == nil:
		return e, nil
	}
	if v.live != nil && !secrets.Is(o) {
		if err := c.lookForContests(ctx, o); err != nil {
			return cluster.Entry{}, err
		}
		if len(c.left(o)) > 0 { // what is left to others may be all that differs
			return c.again(ctx, o)
		}
	}
	return c.write(ctx, o, v.live)
}

// again looks at an object again, and makes the change that is still due.
func (c *Cluster) again(ctx context.Context, o *unstructured.Unstructured) (cluster.Entry, error) {
	v, err := c.judgeOver(ctx, o, nil, false)
	if err != nil {
		return cluster.Entry{}, err
	}
	if e, ended := settled(&v); ended {
		return e, nil
	}
	return c.write(ctx, o, v.live)
}

// lookForContests finds out who has changed an object that is as desired for syncer. What it cannot find out is found
// out at the next change.
func (c *Cluster) lookForContests(ctx context.Context, o *unstructured.Unstructured) error {
	if !c.contests.Drifted(o) {
		return nil
	}
	fields, err := c.conflicts(ctx, o)
	if err != nil {
		return c.lost(ctx, err)
	}
	c.contests.Found(o, fields)
	return nil
}

// write applies one object over the live one, or creates it. If the live one is another by now, it reads and judges it
// again: an object that others have created is left alone, and one that is ours gets what is desired.
func (c *Cluster) write(ctx context.Context, o, live *unstructured.Unstructured) (cluster.Entry, error) {
	e := cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Failed}
	for range attempts {
		left := c.left(o)
		answer, created, err := c.sendReal(ctx, o, live, left)
		switch {
		case err == nil:
			c.wrote(o, answer, len(left) == 0)
			if e.Result = cluster.Configured; created {
				e.Result = cluster.Created
			}
			return e, nil
		case !outdated(err):
			v, lost := c.refused(ctx, verdict{Preview: cluster.Preview{Ref: e.Ref}}, err)
			e.Err = v.Err
			if lost != nil {
				return cluster.Entry{}, lost
			}
			return e, nil
		}
		v, err := c.judgeOver(ctx, o, nil, false)
		if err != nil {
			return cluster.Entry{}, err
		}
		if done, ended := settled(&v); ended {
			return done, nil
		}
		live = v.live
	}
	e.Err = errRestless
	return e, nil
}

// settled returns the result for an object that is judged again right before it is written, if nothing is to be
// written.
func settled(v *verdict) (e cluster.Entry, ended bool) {
	e.Ref = v.Ref
	switch {
	case v.Err != nil:
		e.Result, e.Err = cluster.Failed, v.Err
	case v.Replace != "": // a later pass shows it in its plan
		e.Result = cluster.Skipped
	case v.After == nil:
		e.Result = cluster.Unchanged
	}
	return e, e.Result != ""
}

// sendReal sends one object for real.
func (c *Cluster) sendReal(
	ctx context.Context, o, live *unstructured.Unstructured, left []string,
) (answer *unstructured.Unstructured, created bool, err error) {
	if secrets.Is(o) {
		return c.sendSecret(ctx, o, versionOf(live), forReal)
	}
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if live != nil && len(left) > 0 {
		if live, err = c.read(ctx, o); err != nil { // the watch does not keep who owns which field
			return nil, false, err
		}
		if live != nil {
			if err := leave(sent, live, left); err != nil {
				return nil, false, fmt.Errorf("leave fields to others: %w", err)
			}
		}
	}
	if err := mayWrite(c.options, sent); err != nil {
		return nil, false, err
	}
	body, err := bodyOf(sent, versionOf(live))
	if err != nil {
		return nil, false, err
	}
	return c.send(ctx, sent, body, forReal)
}

// wrote notes an object that is as desired now, all of it or but for the fields that are left to others.
func (c *Cluster) wrote(o, answer *unstructured.Unstructured, all bool) {
	if !secrets.Is(o) {
		c.contests.Applied(o)
	}
	if !all {
		c.memory.Doubt(cluster.RefOf(o))
		return
	}
	c.contests.Overwrote(o)
	c.memory.Equal(o, answer)
}

// replaceWait bounds how long a pass waits for a replaced object to be gone. If it takes longer, a later pass creates
// the new one.
const replaceWait = 5 * time.Second

// replace deletes an object and creates it again.
func (c *Cluster) replace(ctx context.Context, o, live *unstructured.Unstructured) (cluster.Entry, error) {
	e := cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Failed}
	if e.Err = mayWrite(c.options, o); e.Err != nil {
		return e, nil
	}
	if err := c.remove(ctx, live); outdated(err) {
		e.Result = cluster.Skipped // a later pass looks at what it is now
		return e, nil
	} else if err != nil {
		if lost := c.lost(ctx, err); lost != nil {
			return cluster.Entry{}, lost
		}
		e.Err = fmt.Errorf("delete: %w", refusal.Explain(err, e.Ref))
		return e, nil
	}
	c.memory.Forget(e.Ref)
	gone := func(ctx context.Context) (bool, error) {
		now, err := c.read(ctx, o)
		return err == nil && (now == nil || now.GetUID() != live.GetUID()), nil
	}
	if wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, replaceWait, true, gone) != nil {
		e.Result = cluster.Skipped
		return e, nil
	}
	e, err := c.write(ctx, o, nil)
	if e.Result == cluster.Created {
		e.Result = cluster.Replaced
	}
	return e, err
}
