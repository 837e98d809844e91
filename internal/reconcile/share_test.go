// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/shard"
)

// replica is one of several processes that share a Simulator: it has some shards, sees the cluster late, and must
// write nothing else.
type replica struct {
	*reconcile.Loop
	t     *testing.T
	s     *reconciletest.Simulator
	name  string
	share shard.Share
	rng   *rand.Rand // nil: it sees everything at once

	source reconcile.Revision
	state  *cluster.State // that it has seen last
	// writes counts the objects that it has applied or deleted, by namespace, and pools its writes to pools.
	writes map[string]int
	pools  int
	files  map[string]bool // that it has changed
}

func newReplica(t *testing.T, s *reconciletest.Simulator, name string, share shard.Share) *replica {
	r := &replica{t: t, s: s, name: name, share: share, writes: map[string]int{}, files: map[string]bool{}}
	parts := s.Parts()
	parts.Share = func() (shard.Share, func()) { return r.share, func() {} }
	parts.Source, parts.Recorder, parts.Cluster, parts.Cloud = r, r, lateCluster{s.Kubernetes, r}, r
	r.Loop = reconcile.New(s.Settings(), parts)
	return r
}

// late reports whether the replica sees something only the next time.
func (r *replica) late() bool { return r.rng != nil && r.rng.IntN(3) == 0 }

// Fetch returns the tip, or the one before.
func (r *replica) Fetch(ctx context.Context) (reconcile.Revision, error) {
	if r.source.Files != nil && r.late() {
		return r.source, nil
	}
	tip, err := r.s.Git.Fetch(ctx)
	r.source = tip
	return tip, err
}

func (r *replica) Read(ctx context.Context) (map[string][]byte, error) { return r.s.Git.Read(ctx) }

// Record checks that the commit changes no file of another replica.
func (r *replica) Record(ctx context.Context, what reconcile.Recording) (string, error) {
	before := r.s.Git.Status()
	commit, err := r.s.Git.Record(ctx, what)
	after := r.s.Git.Status()
	for name := range after {
		if string(before[name]) != string(after[name]) {
			r.files[name] = true
		}
	}
	for name := range before {
		if _, stays := after[name]; !stays {
			r.files[name] = true
		}
	}
	for name := range r.files {
		if !r.share.Owns(name) {
			r.t.Errorf("%s (%s) changes %s", r.name, r.share, name)
		}
	}
	return commit, err
}

func (r *replica) Pools(ctx context.Context) ([]capacity.LivePool, error) {
	return r.s.Azure.Pools(ctx)
}

func (r *replica) Quota(ctx context.Context) (capacity.Quota, error) { return r.s.Azure.Quota(ctx) }

func (r *replica) Ensure(ctx context.Context, c capacity.PoolChange) error {
	r.writesPool(c)
	return r.s.Azure.Ensure(ctx, c)
}

func (r *replica) Delete(ctx context.Context, c capacity.PoolChange) error {
	r.writesPool(c)
	return r.s.Azure.Delete(ctx, c)
}

func (r *replica) Abort(ctx context.Context, c capacity.PoolChange) error {
	r.writesPool(c)
	return r.s.Azure.Abort(ctx, c)
}

func (r *replica) writesPool(c capacity.PoolChange) {
	r.pools++
	if !r.share.Fleet() {
		r.t.Errorf("%s (%s) writes pool %s", r.name, r.share, c.Name)
	}
}

// lateCluster is the cluster as a replica sees it.
type lateCluster struct {
	*reconciletest.Kubernetes
	r *replica
}

func (c lateCluster) Observe(ctx context.Context) (cluster.State, error) {
	if c.r.state != nil && c.r.late() {
		return *c.r.state, nil
	}
	s, err := c.Kubernetes.Observe(ctx)
	c.r.state = &s
	return s, err
}

func (c lateCluster) Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	for _, o := range objects {
		c.r.writesTo(ctx, o.GetNamespace(), cluster.RefOf(o))
	}
	return c.Kubernetes.Apply(ctx, objects)
}

func (c lateCluster) Prune(ctx context.Context, objects []*cluster.Object) (cluster.ChangeSet, error) {
	for _, o := range objects {
		c.r.writesTo(ctx, o.Namespace, o.Ref)
	}
	return c.Kubernetes.Prune(ctx, objects)
}

// writesTo asks fences that are open for the shards of the replica alone.
func (r *replica) writesTo(ctx context.Context, namespace string, ref cluster.Ref) {
	r.writes[namespace]++
	fences := shard.NewFences(shards)
	for i := range shards {
		if fences.Of(i).Require(time.Hour); r.share.Holds(i) {
			fences.Of(i).Renewed(time.Now())
		}
	}
	if err := fences.MayWrite(ctx, namespace); err != nil {
		r.t.Errorf("%s (%s) writes %s in %s: %s", r.name, r.share, ref, namespace, err)
	}
}

// shards is their number in these tests. The namespaces are in different ones.
const shards = 3

var teams = func() []string {
	var out []string
	for i := range shards {
		n := 0
		for shard.Of(fmt.Sprintf("team-%d", n), shards) != i {
			n++
		}
		out = append(out, fmt.Sprintf("team-%d", n))
	}
	return out
}()

// in moves a Workspace to another namespace.
func in(namespace, text string) string {
	return strings.Replace(text, "metadata: {", "metadata: {namespace: "+namespace+", ", 1)
}

// populate pushes a number of Workspaces to each namespace, named a, b, c and so on.
func populate(s *reconciletest.Simulator, each int) {
	s.Cache = render.NewCache()
	for i := range each * len(teams) {
		name := letters[i]
		s.Git.Push(name+".yaml", in(teams[i%len(teams)], reconciletest.Named(reconciletest.Phi, name)))
	}
}

// together runs passes of replicas, one after another, until nothing is left to do.
func together(t *testing.T, s *reconciletest.Simulator, all ...*replica) {
	t.Helper()
	for range 100 {
		settled := true
		for _, r := range all {
			settled = r.Pass(t.Context(), reconciletest.All).Settled && settled
		}
		if s.Advance(20 * time.Second); settled {
			return
		}
	}
	t.Fatalf("the replicas do not settle: %s", s)
}

// TestShares: two replicas write disjoint parts, and together all that one alone would.
func TestShares(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		populate(s, 2)
		a, b := newReplica(t, s, "a", shard.NewShare(shards, 0)), newReplica(t, s, "b", shard.NewShare(shards, 1, 2))
		together(t, s, b, a)
		for i, team := range teams {
			if wrote := a.writes[team] > 0; wrote != (i == 0) {
				t.Errorf("a writes %d objects in %s of shard %d", a.writes[team], team, i)
			}
			if wrote := b.writes[team] > 0; wrote != (i > 0) {
				t.Errorf("b writes %d objects in %s of shard %d", b.writes[team], team, i)
			}
		}
		if a.pools == 0 || b.pools > 0 {
			t.Errorf("a writes %d times to pools, b %d times", a.pools, b.pools)
		}
		got := s.Git.Status()
		overview := string(got["README.md"])
		for i := range 2 * len(teams) {
			name := path.Join(teams[i%len(teams)], letters[i])
			if !strings.Contains(string(got[name+".yaml"]), "state: Ready") {
				t.Errorf("%s: %s", name, got[name+".yaml"])
			}
			if !strings.Contains(overview, "| ["+name+"]("+name+".yaml) | Ready |") {
				t.Errorf("the overview has no Ready %s:\n%s", name, overview)
			}
		}
		// One process for all finds nothing to do, but what it says of others in its own words.
		alone := s.Loop()
		for range 3 {
			o := alone.Pass(t.Context(), reconciletest.All)
			if len(o.Changes) > 0 || o.PoolWrites > 0 {
				t.Errorf("one process changes %v, and %d pools", o.Changes, o.PoolWrites)
			}
			s.Advance(20 * time.Second)
		}
		for name, data := range s.Git.Status() {
			if string(got[name]) != string(data) {
				t.Errorf("%s was\n%s\nand is of one process\n%s", name, got[name], data)
			}
		}
	})
}

// TestNoNodesForWhatIsRefused: the fleet starts no nodes for a Workspace of another replica before that one has applied
// its objects, which may be refused.
func TestNoNodesForWhatIsRefused(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		populate(s, 1)
		s.Kubernetes.Refused[letters[1]] = errors.New("a webhook says no")
		a, b := newReplica(t, s, "a", shard.NewShare(shards, 0)), newReplica(t, s, "b", shard.NewShare(shards, 1, 2))
		for range 10 {
			a.Pass(t.Context(), reconciletest.All)
			b.Pass(t.Context(), reconciletest.All)
			s.Advance(20 * time.Second)
		}
		for _, pool := range s.Owned() {
			if pool.Workspace.Name == letters[1] {
				t.Errorf("pool %s was made for %s, which is refused", pool.Name, pool.Workspace)
			}
		}
		if n := len(s.Owned()); n != 2 {
			t.Errorf("%d pools, want those of the two others", n)
		}
		if text := string(s.Git.Status()["README.md"]); !strings.Contains(text, "has not applied the objects of "+teams[1]) {
			t.Errorf("the overview does not say what the pool waits for:\n%s", text)
		}
		clear(s.Kubernetes.Refused)
		together(t, s, a, b)
		if n := len(s.Owned()); n != 3 {
			t.Errorf("%d pools after the refusal, want 3", n)
		}
	})
}

// TestTakeover: the shards of a replica that vanishes go to another one, which continues with its reports.
func TestTakeover(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		populate(s, 2)
		a, b := newReplica(t, s, "a", shard.NewShare(shards, 0, 1)), newReplica(t, s, "b", shard.NewShare(shards, 2))
		together(t, s, a, b)
		before := s.Git.Status()
		b.share = shard.NewShare(shards, 0, 1, 2) // a has vanished
		b.files = map[string]bool{}
		together(t, s, b)
		for name, data := range s.Git.Status() {
			if string(before[name]) != string(data) {
				t.Errorf("%s was\n%s\nand is after the takeover\n%s", name, before[name], data)
			}
		}
		s.Git.Remove("a.yaml")
		together(t, s, b)
		if _, stays := s.Git.Status()[teams[0]+"/a.yaml"]; stays || b.writes[teams[0]] == 0 || b.pools == 0 {
			t.Errorf("b, which has all shards, leaves a: %d writes, %d of pools", b.writes[teams[0]], b.pools)
		}
		// a comes back: what it remembers is out of date.
		a.share = shard.NewShare(shards)
		a.Pass(t.Context(), reconciletest.All)
		a.share, b.share = shard.NewShare(shards, 0, 1), shard.NewShare(shards, 2)
		a.files, b.files = map[string]bool{}, map[string]bool{}
		before = s.Git.Status()
		together(t, s, b, a)
		for name, data := range s.Git.Status() {
			if string(before[name]) != string(data) {
				t.Errorf("%s was\n%s\nand is after the return\n%s", name, before[name], data)
			}
		}
	})
}

// TestSharedRollOut: replicas see commits and the cluster late, and a commit changes their order; all the same no more
// servers restart at once than one process would allow.
func TestSharedRollOut(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) { sharedRollOut(t, s, seed) })
		})
	}
}

func sharedRollOut(t *testing.T, s *reconciletest.Simulator, seed uint64) {
	populate(s, 3)
	together(t, s, newReplica(t, s, "before", shard.NewShare(shards, 0, 1, 2)))
	random := rand.New(rand.NewPCG(seed, 1))
	s.Rollout = rollout.Limit{Count: 1 + int(seed)%2}
	s.Presets = reconciletest.OtherPresets("1")
	a, b, c := newReplica(t, s, "a", shard.NewShare(shards, 0)), newReplica(t, s, "b", shard.NewShare(shards, 1)),
		newReplica(t, s, "c", shard.NewShare(shards, 2))
	all := []*replica{a, b, c}
	for _, r := range all {
		r.rng = random
	}
	most, restarted := 0, map[string]bool{}
	for i := range 60 {
		switch i {
		case 4, 12: // a commit of its own, which puts one of them first
			name := letters[random.IntN(9)]
			text := in(teams[slices.Index(letters, name)%len(teams)], reconciletest.Named(reconciletest.Phi, name))
			s.Git.Push(name+".yaml", strings.Replace(text, "metadata: {", "metadata: {labels: {change: \"1\"}, ", 1))
		case 8: // the fleet goes to another replica, which has seen what the one before has done
			a.share, b.share = shard.NewShare(shards), shard.NewShare(shards, 0, 1)
			b.state, b.source = nil, reconcile.Revision{}
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, r := range all {
			r.Pass(t.Context(), reconciletest.All)
			down := s.Kubernetes.Interrupted()
			most = max(most, len(down))
			for _, name := range down {
				restarted[name] = true
			}
		}
		s.Advance(20 * time.Second)
	}
	for _, r := range all {
		r.rng = nil
	}
	together(t, s, all...)
	if most > s.Rollout.Count || len(restarted) != 9 {
		t.Errorf("%d servers restarted at once, %d in all", most, len(restarted))
	}
}
