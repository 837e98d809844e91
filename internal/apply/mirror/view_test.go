// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// objectsOf are those of a random cluster, as events change it.
type objectsOf struct {
	rng  *rand.Rand
	live map[string]*Object
	next int
}

// event changes one object, and returns it before and after.
func (f *objectsOf) event() (before, after *Object) {
	f.next++
	name, kind := fmt.Sprintf("w%d", f.rng.IntN(4)), f.rng.IntN(7)
	u := &unstructured.Unstructured{}
	u.SetName(name)
	u.SetNamespace("default")
	u.SetUID("u")
	u.SetLabels(map[string]string{cluster.LabelWorkspace: name})
	u.SetResourceVersion(fmt.Sprint(f.next))
	var s *Object
	switch kind {
	case 0, 1:
		u.SetKind([]string{"StatefulSet", "Job"}[kind])
		u.SetGeneration(int64(1 + f.rng.IntN(2)))
		s = Applied(u, true, f.workload(u))
	case 2:
		u.SetKind("Service")
		if f.rng.IntN(3) == 0 {
			u.SetLabels(nil) // a plain object
		}
		s = Applied(u, true, nil)
	case 3:
		u.SetKind("Pod")
		u.SetName(fmt.Sprintf("%s-%d", name, f.rng.IntN(2)))
		pod := &cluster.Pod{Name: u.GetName(), Node: fmt.Sprintf("n%d", f.rng.IntN(3)), Ready: f.rng.IntN(2) == 0}
		s = Bare(u, Pod{workspace.Key{Namespace: "default", Name: name}, pod, f.rng.IntN(3) == 0})
	case 4:
		u.SetKind("EndpointSlice")
		s = Bare(u, Endpoints{workspace.Key{Namespace: "default", Name: name}, f.rng.IntN(2)})
	case 5:
		u.SetKind("Node")
		u.SetName(fmt.Sprintf("n%d", f.rng.IntN(3)))
		u.SetNamespace("")
		s = Bare(u, cluster.Node{Name: u.GetName(), GPUs: int64(f.rng.IntN(3)), Ready: f.rng.IntN(2) == 0})
	default:
		u.SetKind("NodePool")
		s = Applied(u, true, &cluster.NodePool{Name: name, Deleting: f.rng.IntN(2) == 0})
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

// workload is of a StatefulSet that was taken over from KAITO now and then.
func (f *objectsOf) workload(u *unstructured.Unstructured) *cluster.Workload {
	w := &cluster.Workload{Ref: cluster.RefOf(u), Ready: int64(f.rng.IntN(2))}
	if f.rng.IntN(2) == 0 {
		w.Adopted = &cluster.Adopted{}
	}
	return w
}

// TestViewEqualsOneFromNothing plays random events: the State that follows them is the one of a view that sees the same
// objects for the first time. An equal version is an equal State, and so it is with those of the Workspaces.
func TestViewEqualsOneFromNothing(t *testing.T) {
	for seed := range uint64(50) {
		f := &objectsOf{rng: rand.New(rand.NewPCG(seed, 1)), live: map[string]*Object{}}
		v := NewView()
		x := Extras{Taken: func(*cluster.Node, func(string, string) bool) {}}
		var last cluster.State
		for step := range 60 {
			told := false
			for range f.rng.IntN(3) {
				told = v.Event(f.event()) || told
			}
			got, err := v.State(x)
			if err != nil {
				t.Fatal(err)
			}
			fresh := NewView()
			for _, s := range f.live {
				fresh.Event(nil, s)
			}
			want, _ := fresh.State(x)
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
	s := Applied(u, true, Broken{errors.New("read Job w: no")})
	v, x := NewView(), Extras{Taken: func(*cluster.Node, func(string, string) bool) {}}
	v.Event(nil, s)
	if _, err := v.State(x); err == nil {
		t.Error("no error")
	}
	v.Event(s, nil)
	if state, err := v.State(x); err != nil || len(state.Objects) > 0 {
		t.Errorf("%+v, %v", state, err)
	}
}
