// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// asked is a cluster that counts the objects that it is asked about.
type asked struct {
	settling
	objects []*unstructured.Unstructured
}

func (a *asked) Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	a.objects = append(a.objects, objects...)
	return a.settling.Preview(ctx, objects)
}

// outlining is an engine over a fleet of three Workspaces, two of which share an object.
type outlining struct {
	*testing.T
	world  world
	asked  *asked
	engine *Engine
	step   int
}

func newOutlining(t *testing.T) *outlining {
	t.Helper()
	o := &outlining{T: t, world: world{files: map[string]string{}, versions: map[string]uint64{}}}
	o.world.policy = desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}
	o.asked = &asked{settling: settling{now{&o.world}}}
	cache, memo := render.NewCache(), load.NewMemo()
	o.engine = New(Settings{Policy: o.world.policy, Read: func(r Revision) (desired.Input, error) {
		return desired.Read(r.Files, presets.FS, load.Options{Memo: memo}, o.world.policy.NodeSource().Admission(), cache)
	}}, o.asked)
	for _, name := range names[:3] {
		o.world.files[name+".yaml"] = phiCalled(name)
	}
	return o
}

func phiCalled(name string) string {
	return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: %s}\n"+
		"inference: {preset: {name: phi-4-mini-instruct}}\n", name)
}

// plan makes the next plan, and returns what the cluster was asked.
func (o *outlining) plan() (Result, []*unstructured.Unstructured) {
	o.Helper()
	o.step++
	o.asked.objects = nil
	r, err := o.engine.Plan(o.Context(), o.world.revision(o.step), o.world.observe())
	if err != nil {
		o.Fatal(err)
	}
	return r, o.asked.objects
}

// TestOnlyWhatChangesIsInFull: of objects that are as desired the engine has outlines, and asks nothing. What a plan
// changes, it has in full, and it is the object that the server was asked about, so that its verdict counts.
func TestOnlyWhatChangesIsInFull(t *testing.T) {
	o := newOutlining(t)
	first, _ := o.plan()
	for _, c := range first.Plan.Changes {
		if c.Op == plan.Create && c.Object != nil && (c.Object.GetName() == "" || c.Object.Object["spec"] == nil) {
			t.Fatalf("%s is to be created from an outline", c.Target)
		}
	}
	o.world.carryOut(first.Desired, first.Set)
	second, objects := o.plan()
	if n := len(o.engine.last.objects.full); len(objects) > 0 || n > 0 {
		t.Errorf("as desired, the cluster is asked about %d objects, and %d are in full", len(objects), n)
	}
	for _, c := range second.Plan.Changes {
		if c.Op != plan.NoOp {
			t.Fatalf("%s: %s %s", c.Target, c.Op, c.Reason)
		}
	}

	ref := cluster.Ref{Version: "v1", Kind: "Service", Namespace: "default", Name: "b"}
	if o.world.objects[ref] == nil {
		t.Fatalf("no %s among %d objects; waiting: %s", ref, len(first.Desired.Objects), first.Desired.Workloads[1].Waiting)
	}
	drifted := o.world.objects[ref].DeepCopy()
	drifted.SetLabels(map[string]string{"drifted": "yes"})
	o.world.objects[ref] = drifted
	third, objects := o.plan()
	if len(objects) != 1 || cluster.RefOf(objects[0]) != ref {
		t.Fatalf("the cluster is asked about %d objects", len(objects))
	}
	var changes []*plan.Change
	for _, c := range third.Plan.Changes {
		if c.Op != plan.NoOp {
			changes = append(changes, c)
		}
	}
	if len(changes) != 1 || changes[0].Object != objects[0] || changes[0].Op != plan.Update {
		t.Fatalf("changes: %+v", changes)
	}
	if n := len(o.engine.last.objects.full); n != 3 {
		t.Errorf("%d objects are in full, want those of one Workspace", n)
	}
	fourth, objects := o.plan()
	if len(objects) != 1 || objects[0] != changes[0].Object || fourth.Plan.Changes[0] == nil {
		t.Error("the next pass asks about another object, so that the verdict on this one is lost")
	}

	// Another file changes: the drifted object is still the same one.
	o.world.files["c.yaml"] = phiCalled("d")
	fifth, objects := o.plan()
	var again bool
	for _, one := range objects {
		again = again || one == changes[0].Object
	}
	if !again {
		t.Error("after a change of another Workspace, the cluster is asked about another object")
	}
	o.world.carryOut(fifth.Desired, fifth.Set)
	if _, objects = o.plan(); len(objects) > 0 || len(o.engine.last.objects.full) > 0 {
		t.Errorf("as desired again, the cluster is asked about %d objects, and %d are in full",
			len(objects), len(o.engine.last.objects.full))
	}
}

// TestBroughtBy: an object belongs to the Workload that has brought it along, also beside those that bring none.
func TestBroughtBy(t *testing.T) {
	o := newOutlining(t)
	o.world.files["a.yaml"] = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\n" // an error
	o.world.files["conf.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: b}\n"
	r, _ := o.plan()
	d := r.Desired
	if d.Unowned() != 1 || broughtBy(&d, 0) != -1 {
		t.Fatalf("%d plain objects, the first of which %d has brought", d.Unowned(), broughtBy(&d, 0))
	}
	full := inFull(d)
	for k := d.Unowned(); k < len(d.Objects); k++ {
		w := d.Workloads[broughtBy(&d, k)]
		if d.Objects[k].Workspace != w.Key || w.Key == (workspace.Key{}) {
			t.Errorf("%v is of %v, and %v has brought it", d.Objects[k].Ref(), d.Objects[k].Workspace, w.Key)
		}
		if got := cluster.RefOf(full[k].Content); !reflect.DeepEqual(got, d.Objects[k].Ref()) {
			t.Errorf("%v is %v in full", d.Objects[k].Ref(), got)
		}
	}
}
