// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// TestSlimKeepsTheMetadata: what the writing side reads of a live object is as the server has sent it.
func TestSlimKeepsTheMetadata(t *testing.T) {
	u := &unstructured.Unstructured{Object: parse(t, `
apiVersion: v1
kind: Service
metadata:
  name: phi
  namespace: default
  uid: u1
  resourceVersion: '7'
  generation: 3
  labels: {a: b, app.kubernetes.io/managed-by: syncer, "": empty}
  annotations: {note: "two\nlines = 2", other: ""}
  finalizers: [example.com/a, example.com/b]
  ownerReferences: [{apiVersion: v1, kind: Node, name: n, uid: '1'}]
  deletionTimestamp: '2026-01-02T03:04:05Z'
spec: {clusterIP: None}
`)}
	got := slimOf(t, strip, u).object()
	for what, pair := range map[string][2]any{
		"kind":        {u.GroupVersionKind(), got.GroupVersionKind()},
		"name":        {u.GetNamespace() + u.GetName(), got.GetNamespace() + got.GetName()},
		"uid":         {u.GetUID(), got.GetUID()},
		"version":     {u.GetResourceVersion(), got.GetResourceVersion()},
		"generation":  {u.GetGeneration(), got.GetGeneration()},
		"labels":      {u.GetLabels(), got.GetLabels()},
		"annotations": {u.GetAnnotations(), got.GetAnnotations()},
		"finalizers":  {u.GetFinalizers(), got.GetFinalizers()},
		"owners":      {u.GetOwnerReferences(), got.GetOwnerReferences()},
		"deletion":    {u.GetDeletionTimestamp().UTC(), got.GetDeletionTimestamp().UTC()},
		"digest":      {liveVersionOf(u).meta, liveVersionOf(got).meta},
	} {
		if d := cmp.Diff(pair[0], pair[1]); d != "" {
			t.Errorf("%s (-sent +kept):\n%s", what, d)
		}
	}
}

// fleetOfSlims is a random cluster, as events change it.
type fleetOfSlims struct {
	rng  *rand.Rand
	live map[string]*slim
	next int
}

// event changes one object, and returns it before and after.
func (f *fleetOfSlims) event() (before, after *slim) {
	f.next++
	name, kind := fmt.Sprintf("w%d", f.rng.IntN(4)), f.rng.IntN(7)
	u := &unstructured.Unstructured{}
	u.SetName(name)
	u.SetNamespace("default")
	u.SetUID("u")
	u.SetLabels(map[string]string{cluster.LabelWorkspace: name})
	u.SetResourceVersion(fmt.Sprint(f.next))
	var s *slim
	switch kind {
	case 0, 1:
		u.SetKind([]string{"StatefulSet", "Job"}[kind])
		u.SetGeneration(int64(1 + f.rng.IntN(2)))
		s = slimmed(u, &cluster.Workload{Ref: cluster.RefOf(u), Ready: int64(f.rng.IntN(2))})
	case 2:
		u.SetKind("Service")
		if f.rng.IntN(3) == 0 {
			u.SetLabels(nil) // a plain object
		}
		s = slimmed(u, nil)
	case 3:
		u.SetKind("Pod")
		u.SetName(fmt.Sprintf("%s-%d", name, f.rng.IntN(2)))
		pod := &cluster.Pod{Name: u.GetName(), Node: fmt.Sprintf("n%d", f.rng.IntN(3)), Ready: f.rng.IntN(2) == 0}
		s = bare(u, podPart{workspace.Key{Namespace: "default", Name: name}, pod})
	case 4:
		u.SetKind("EndpointSlice")
		s = bare(u, endpointsPart{workspace.Key{Namespace: "default", Name: name}, f.rng.IntN(2)})
	case 5:
		u.SetKind("Node")
		u.SetName(fmt.Sprintf("n%d", f.rng.IntN(3)))
		u.SetNamespace("")
		s = bare(u, cluster.Node{Name: u.GetName(), GPUs: int64(f.rng.IntN(3)), Ready: f.rng.IntN(2) == 0})
	default:
		u.SetKind("NodePool")
		s = slimmed(u, &cluster.NodePool{Name: name, Deleting: f.rng.IntN(2) == 0})
	}
	key := s.ref().Kind + "/" + s.ref().Name
	before = f.live[key]
	if before != nil && f.rng.IntN(4) == 0 {
		delete(f.live, key)
		return before, nil
	}
	f.live[key] = s
	return before, s
}

// TestViewEqualsOneFromNothing plays random events: the State that follows them is the one of a view that sees the same
// objects for the first time. An equal version is an equal State, and so it is with those of the Workspaces.
func TestViewEqualsOneFromNothing(t *testing.T) {
	for seed := range uint64(50) {
		f := &fleetOfSlims{rng: rand.New(rand.NewPCG(seed, 1)), live: map[string]*slim{}}
		v := newView()
		x := extras{taken: func(*cluster.Node) {}}
		var last cluster.State
		for step := range 60 {
			told := false
			for range f.rng.IntN(3) {
				told = v.event(f.event()) || told
			}
			got, err := v.state(x)
			if err != nil {
				t.Fatal(err)
			}
			fresh := newView()
			for _, s := range f.live {
				fresh.event(nil, s)
			}
			want, _ := fresh.state(x)
			versions := cmpopts.IgnoreFields(cluster.State{}, "Version", "Versions")
			if d := cmp.Diff(want, got, versions, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("seed %d, step %d (-from nothing +after events):\n%s", seed, step, d)
			}
			if step > 0 && !told && got.Version != last.Version {
				t.Errorf("seed %d, step %d: nothing was told, and the version is another", seed, step)
			}
			if got.Version == last.Version && !cmp.Equal(last, got, cmpopts.EquateEmpty()) {
				t.Errorf("seed %d, step %d: another State has the same version", seed, step)
			}
			for key, w := range got.Workloads {
				if got.Versions[key] == 0 {
					t.Errorf("seed %d, step %d: %s has no version", seed, step, key)
				}
				if old := last.Workloads[key]; got.Versions[key] == last.Versions[key] && !cmp.Equal(old, w) {
					t.Errorf("seed %d, step %d: another workload of %s has the same version", seed, step, key)
				}
			}
			last = got
		}
	}
}

// TestUnreadableObject: an object that cannot be read is an error of all, until it can be or is gone.
func TestUnreadableObject(t *testing.T) {
	u := &unstructured.Unstructured{}
	u.SetKind("Job")
	u.SetName("w")
	u.SetUID(types.UID("1"))
	s := slimmed(u, broken{errors.New("read Job w: no")})
	v, x := newView(), extras{taken: func(*cluster.Node) {}}
	v.event(nil, s)
	if _, err := v.state(x); err == nil {
		t.Error("no error")
	}
	v.event(s, nil)
	if state, err := v.state(x); err != nil || len(state.Objects) > 0 {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestProbe probes rarely while the server answers, often while it does not, and at once when a watch has trouble.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, probes, changes := newProbe(), 0, 0
		var answer error
		go p.run(t.Context(), func(context.Context) error { probes++; return answer }, func() { changes++ })
		time.Sleep(time.Minute)
		synctest.Wait()
		if probes != 4 || changes != 0 || p.last() != nil {
			t.Errorf("a minute: %d probes, %d changes, %v", probes, changes, p.last())
		}
		answer = errors.New("refused")
		p.hint()
		synctest.Wait()
		if probes != 5 || changes != 1 || p.last() == nil {
			t.Errorf("a watch has trouble: %d probes, %d changes, %v", probes, changes, p.last())
		}
		answer = nil
		time.Sleep(probeEveryDown)
		synctest.Wait()
		if probes != 6 || changes != 2 || p.last() != nil {
			t.Errorf("it is back: %d probes, %d changes, %v", probes, changes, p.last())
		}
	})
}
