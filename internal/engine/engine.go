// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/references"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/findings"
	"syncer.dev/syncer/internal/plan/halt"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// Cluster is the part of a Kubernetes cluster that the engine reads. It writes nothing.
type Cluster interface {
	// Preview returns the result of a dry run for each object, in the same order. An error is about the server, and not
	// about an object.
	Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error)
	// Look returns the state of each external reference. It is cheap if nothing has changed. A nil map means that
	// references are not resolved.
	Look(ctx context.Context, refs []cluster.Ref, now time.Time) (map[cluster.Ref]cluster.Reference, error)
}

// Settler is a Cluster that knows of some objects without their content that they are as desired: objects
// that stay as they are, are never made in full.
type Settler interface {
	// Settled reports for each object, in the same order, whether applying it is known to change nothing.
	Settled(objects []cluster.Digested) []bool
}

// SettlerOf returns a Cluster as a Settler: one that knows nothing if it is none.
func SettlerOf(c any) Settler {
	if s, ok := c.(Settler); ok {
		return s
	}
	return unsettled{}
}

type unsettled struct{}

// Settled implements Settler.
func (unsettled) Settled(objects []cluster.Digested) []bool { return make([]bool, len(objects)) }

// Depth selects the objects that the engine previews.
type Depth int

const (
	// PreviewUpdates omits objects that do not exist: the loop creates them, which gives the verdict.
	PreviewUpdates Depth = iota
	// PreviewAll previews every object, for users who want the verdict before syncer writes anything.
	PreviewAll
)

// Settings configure an Engine.
type Settings struct {
	Policy desired.Policy
	// Read loads and validates the tree of a revision.
	Read  func(Revision) (desired.Input, error)
	Depth Depth
	// Live is what Between knows of the cluster and of Azure.
	Live Live
	// Review says how plans against a cluster are compared with what was reviewed.
	Review reviewed.Policy
	// Memory keeps work for the next Engine with an equal Policy and Read; nil for one that ends with the Engine.
	Memory *Memory
}

// Engine makes plans for one cluster. Only one goroutine may use it: it caches the last revision and its references.
type Engine struct {
	settings Settings
	cluster  Cluster

	inputs     string // of the last loaded revision
	loaded     *desired.Input
	references resolved
	known      digestsOf
	atOnce     int        // see identifyAtOnce
	last       *before    // nil for none
	made       *plan.Last // nil for none
	moves      cluster.Moves
}

// resolved are the objects that Workspaces refer to, as last resolved.
type resolved struct {
	of    *workspace.Set
	read  desired.Input // with this Set
	refs  []cluster.Ref
	found map[cluster.Ref]cluster.Reference
	input desired.Input
}

// New returns an Engine with an empty cache.
func New(s Settings, c Cluster) *Engine {
	if s.Memory == nil {
		s.Memory = NewMemory()
	}
	s.Policy.Sizes = s.Memory.sizes
	return &Engine{settings: s, cluster: c, atOnce: identifyAtOnce}
}

// Observed is the input of a plan in addition to the source.
type Observed struct {
	desired.Observed
	// QuotaErr is why the quota is unknown, in whole or in part.
	QuotaErr error
	// Stale, if not empty, is why the source or the pools may be out of date, so that syncer deletes nothing.
	Stale string
	// Deletions returns how many deletions commits allow since these Workspaces and plain objects were last desired. It
	// may be nil.
	Deletions func(ctx context.Context, gone []cluster.Ref) int
	// Reviews count if Settings.Review asks for them.
	Reviews Reviews
}

// allowed returns Deletions in a context.
func (o Observed) allowed(ctx context.Context) func([]cluster.Ref) int {
	if o.Deletions == nil {
		return nil
	}
	return func(gone []cluster.Ref) int { return o.Deletions(ctx, gone) }
}

// Result is a plan with its inputs.
type Result struct {
	Plan    plan.Plan
	Desired desired.Desired // with outlines of the objects; those that the plan changes, it has in full
	Set     *workspace.Set  // with the references resolved
	// Unresolved has a message for each kind and namespace whose references syncer may not read.
	Unresolved map[string]string
	// Identified means that the Workspaces of the plan have digests, and Judged says what was reviewed of those that
	// change; neither unless Settings.Review asks for them. Unidentified counts the Workspaces of which nothing changes,
	// and whose inputs the next plans identify.
	Identified   bool
	Judged       []reviews.Judged
	Unidentified int
}

// Load reads a revision. If its content equals that of the last revision, Load returns the cached Input, and fresh is
// false.
func (e *Engine) Load(rev Revision) (in desired.Input, fresh bool, err error) {
	if e.loaded != nil && e.inputs == rev.Inputs {
		return *e.loaded, false, nil
	}
	in, err = e.settings.Read(rev)
	if err != nil {
		return desired.Input{}, false, err
	}
	e.loaded, e.inputs = &in, rev.Inputs
	return in, true, nil
}

// Plan compares the desired state of a revision with the observed state. An error means that the revision is unreadable
// or the cluster unreachable; the Result is empty then.
func (e *Engine) Plan(ctx context.Context, rev Revision, seen Observed) (Result, error) {
	in, _, err := e.Load(rev)
	if err != nil {
		return Result{}, err
	}
	if in, err = e.resolve(ctx, in, seen.Now); err != nil {
		return Result{}, err
	}
	seen.Found = e.references.found
	seen.Explain = e.settings.Depth == PreviewAll // for people
	out, err := e.plan(ctx, rev, in, seen, nil)
	if err != nil || !e.settings.Review.On() {
		return out, err
	}
	return e.reviewed(ctx, rev, in, seen, out)
}

// plan makes the plan in which nothing of the held Workspaces changes; held says why.
func (e *Engine) plan(
	ctx context.Context, rev Revision, in desired.Input, seen Observed, held map[workspace.Key]string,
) (Result, error) {
	halted := halt.Of(in.Set, seen.State, seen.Pools, seen.Now)
	b := e.last
	told := b.told(seen)
	dependent := b.dependsAs(in.Set, seen, told)
	seen.Last = halted.With(with(held, dependent.Waits))
	seen.Adapters, seen.Notes, seen.Moves = dependent.Adapters, dependent.Notes, &e.moves
	if !b.desires(in.Set, seen) {
		policy := e.settings.Policy
		if b != nil {
			policy.Earlier = b.earlier
		}
		d, err := desired.Desire(ctx, in.Set, in.Catalog, render.Packer{Renderer: in.Renderer}, policy, seen.Observed)
		if err != nil {
			return Result{}, err
		}
		next := &before{set: in.Set, desired: d, earlier: policy.Earlier.Next(in.Set, in.Catalog, seen.Observed, d)}
		next.objects = e.look(next, b, seen.State, seen.Moves)
		b = next
	} else if b.seen.State.Sweeps != seen.State.Sweeps || b.seen.State.Versions == nil {
		next := *b
		next.objects = e.look(&next, nil, seen.State, nil)
		b = &next
	}
	previews, err := e.preview(ctx, b, seen.State)
	if err != nil {
		return Result{}, err
	}
	b.dependent = dependent
	d := b.desired
	d.Problems = append(slices.Clip(d.Problems), suspension.Ended(in.Set, seen.Now)...)
	if !told || !b.plans(rev, seen, previews, held, halted) {
		full := d
		if full.Objects, err = b.inFull(previews); err != nil {
			return Result{}, err
		}
		c := compared{rev, in, seen, full, b.objects.stays, previews, held, halted, dependent.Waits}
		b.planned, b.complete = e.compare(ctx, c), true
	}
	b.seen, b.previews, b.held, b.halted = seen, previews, maps.Clone(held), halted
	b.allowEmpty, b.allowDelete = rev.AllowEmpty, rev.AllowDelete
	b.seen.Observed = seen.Observed.Kept()
	e.last = b
	return Result{Plan: b.again(rev), Desired: d, Set: in.Set, Unresolved: references.Found(seen.Found).Unresolved()}, nil
}

// compared is what a plan is made of.
type compared struct {
	rev      Revision
	in       desired.Input
	seen     Observed
	desired  desired.Desired
	stays    []bool // which of the live objects are desired
	previews []*cluster.Preview
	held     map[workspace.Key]string
	halted   halt.Halted
	// dependent says for Workspaces that depend on others what they wait for.
	dependent map[workspace.Key]string
}

// compare makes the plan, with its findings, of a desired state.
func (e *Engine) compare(ctx context.Context, c compared) plan.Plan {
	rev, in, seen, d := c.rev, c.in, c.seen, c.desired
	p, last := e.made.AgainstLive(plan.LiveInput{
		Policy:     e.settings.Policy,
		Head:       rev.Commit,
		Stale:      seen.Stale,
		Side:       plan.Side{Set: in.Set, Desired: d, AllowEmpty: rev.AllowEmpty, AllowDelete: rev.AllowDelete},
		Allowed:    seen.allowed(ctx),
		Seen:       seen.Observed,
		Previews:   c.previews,
		Stays:      c.stays,
		Unreviewed: c.held,
		Halted:     c.halted,
		Dependent:  c.dependent,
		Quota:      func() (capacity.Quota, error) { return seen.Quota, seen.QuotaErr },
	})
	e.made = last
	asked := findings.Asked{Cluster: true, Azure: seen.QuotaErr == nil}
	if seen.QuotaErr != nil {
		asked.AzureWhy = seen.QuotaErr.Error()
	}
	p.Findings = findings.Of(findings.Input{
		Plan:        &p,
		Policy:      e.settings.Policy,
		Desired:     &d,
		After:       in.Set,
		Workloads:   seen.State.Workloads,
		Unavailable: seen.Unavailable,
		Now:         seen.Now,
		Asked:       asked,
	})
	return p
}

// Desire computes the desired state of a source, given the observed state.
func Desire(
	ctx context.Context,
	in desired.Input,
	policy desired.Policy,
	seen desired.Observed,
) (desired.Desired, error) {
	return desired.Desire(ctx, in.Set, in.Catalog, in.Renderer, policy, seen)
}

// resolve returns the input with the state of external references. It validates the Workspaces again only if the source
// or that state has changed.
func (e *Engine) resolve(ctx context.Context, in desired.Input, now time.Time) (desired.Input, error) {
	r := &e.references
	same := r.of == in.Set
	if !same {
		refs := r.refs
		if !(r.read.Set != nil && r.read.SameReferences(in, e.settings.Policy)) {
			refs = in.References(e.settings.Policy)
		}
		*r = resolved{of: in.Set, read: in, refs: refs}
	}
	var found map[cluster.Ref]cluster.Reference
	if len(r.refs) > 0 {
		var err error
		if found, err = e.cluster.Look(ctx, r.refs, now); err != nil {
			r.of = nil
			return desired.Input{}, err
		}
	}
	if !same || !reflect.DeepEqual(found, r.found) {
		r.found, r.input = found, in.With(found, e.settings.Policy)
	}
	return r.input, nil
}

// atOnce is a number of Workspaces that always fit into an empty cluster, whose number of pools is bounded.
const atOnce = 50

// Offline computes the desired state of a source without a cluster, on the nodes that the source or the facts describe.
// A Workspace that finds no place there, or none within the limits, has a Problem. It is rendered all the same, so that
// its other mistakes are found: waiting holds why it has no place.
func Offline(
	ctx context.Context, in desired.Input, policy desired.Policy,
) (d desired.Desired, waiting map[workspace.Key]string, err error) {
	seen := in.Offline()
	if d, err = Desire(ctx, in, policy, seen); err != nil {
		return d, nil, err
	}
	waiting = map[workspace.Key]string{}
	var left []workspace.Workspace
	for i := range d.Workloads {
		w := d.Workloads[i]
		if no, ok := w.Obstacle(); ok {
			waiting[w.Key] = no.Message
			d.Problems = append(d.Problems, no)
			left = append(left, *w.Workspace)
		}
	}
	for some := range slices.Chunk(left, atOnce) {
		few := in
		few.Set = in.Set.Only(some)
		if err := addObjects(ctx, &d, few, policy.Unlimited()); err != nil {
			return d, nil, err
		}
	}
	slices.SortStableFunc(d.Problems, diag.Diagnostic.Compare)
	return d, waiting, nil
}

// addObjects adds the objects and the Problems of a few Workspaces that have no place to a desired state.
func addObjects(ctx context.Context, d *desired.Desired, few desired.Input, policy desired.Policy) error {
	more, err := Desire(ctx, few, policy, desired.Observed{})
	if err != nil {
		return err
	}
	listed := map[cluster.Ref]bool{}
	for _, o := range d.Objects {
		listed[cluster.RefOf(o.Content)] = true
	}
	for _, o := range more.Objects {
		if !listed[cluster.RefOf(o.Content)] {
			d.Objects = append(d.Objects, o)
		}
	}
	for _, p := range more.Problems {
		if few.Set.Find(p.Workspace) != nil && !slices.Contains(d.Problems, p) {
			d.Problems = append(d.Problems, p)
		}
	}
	return nil
}
