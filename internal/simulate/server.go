// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/workspace"
)

// server is the API server with its controllers. Each change makes a version, and the watch of each kind shows one of
// the versions so far.
type server struct {
	w        *World
	objects  map[cluster.Ref]*object
	uids     int
	versions []version // the newest is last
	dropped  int       // versions that are not kept any more
	dirty    bool
}

// object is what the API server stores.
type object struct {
	content  *unstructured.Unstructured
	uid      string
	owner    string // field manager that applied it
	labelled bool   // it has the labels of syncer
	kept     bool   // annotation syncer.dev/prune: disabled, by hand
	seen     bool   // the controller has seen the newest generation
	ends     int    // ticks until its deletion ends; 0: it is not deleted
}

const us = "syncer"

// Kinds of watches, each of which lags by itself.
const (
	watchObjects = iota
	watchPods
	watchNodes
	kinds
)

// version is what each watch shows.
type version struct {
	objects   []*cluster.Object
	contents  map[cluster.Ref]*unstructured.Unstructured // of objects
	workloads map[workspace.Key]cluster.Workload         // without pods
	pods      map[workspace.Key][]cluster.Pod
	ready     map[workspace.Key]int // endpoints
	nodes     []cluster.Node
}

// keptVersions is how far a watch can be behind.
const keptVersions = 24

func newServer(w *World) *server {
	s := &server{w: w, objects: map[cluster.Ref]*object{}, dirty: true}
	s.newest()
	return s
}

// touch notes that something has changed.
func (s *server) touch() { s.dirty = true; s.w.changed() }

// newest returns the number of the newest version, after making it if something has changed.
func (s *server) newest() int {
	if s.dirty {
		s.dirty = false
		s.versions = append(s.versions, s.version())
		if n := len(s.versions) - keptVersions; n > 0 {
			s.versions, s.dropped = slices.Clone(s.versions[n:]), s.dropped+n
		}
	}
	return s.dropped + len(s.versions) - 1
}

func (s *server) at(n int) version { return s.versions[max(n-s.dropped, 0)] }

func (s *server) refs() []cluster.Ref {
	return slices.SortedFunc(maps.Keys(s.objects), cluster.Ref.Compare)
}

func keyOf(o *unstructured.Unstructured) workspace.Key {
	if name := o.GetLabels()[cluster.LabelWorkspace]; name != "" {
		return workspace.Key{Namespace: o.GetNamespace(), Name: name}
	}
	return workspace.Key{}
}

func isWorkload(ref cluster.Ref) bool { return ref.Kind == "StatefulSet" || ref.Kind == "Job" }

// version reads the present.
func (s *server) version() version {
	v := version{
		contents:  map[cluster.Ref]*unstructured.Unstructured{},
		workloads: map[workspace.Key]cluster.Workload{},
		pods:      map[workspace.Key][]cluster.Pod{},
		ready:     map[workspace.Key]int{},
		nodes:     s.nodes(),
	}
	for _, ref := range s.refs() {
		o := s.objects[ref]
		if !o.labelled {
			continue
		}
		key := keyOf(o.content)
		v.contents[ref] = o.content
		v.objects = append(v.objects, &cluster.Object{
			Ref:           ref,
			UID:           o.uid,
			Workspace:     key,
			Source:        o.content.GetAnnotations()[cluster.AnnotationSource],
			Inputs:        o.content.GetAnnotations()[cluster.AnnotationInputs],
			Owned:         o.owner == us,
			PruneDisabled: o.kept || o.content.GetAnnotations()[cluster.AnnotationPrune] == "disabled",
			Deleting:      o.ends > 0,
		})
		if isWorkload(ref) && key.Name == ref.Name && o.ends == 0 {
			s.workload(&v, key, ref, o)
		}
	}
	return v
}

func (s *server) workload(v *version, key workspace.Key, ref cluster.Ref, o *object) {
	nodes := s.w.cloud.Nodes
	live := nodes.Find(nameOf(ref))
	w := cluster.Workload{
		Ref:      ref,
		Inputs:   o.content.GetAnnotations()[cluster.AnnotationInputs],
		Pool:     live.Pool,
		GPUs:     int64(live.GPUs),
		Current:  o.seen,
		Complete: live.Finished == capacitytest.Complete,
		Failed:   live.Finished == capacitytest.Broken,
	}
	if !live.Job {
		w.Replicas = int64(live.Replicas)
	}
	for _, p := range nodes.Pods(live.Name) {
		pod := cluster.Pod{
			Name:  strings.TrimPrefix(p.Name, ref.Namespace+"/"),
			Node:  p.Node,
			Phase: reconciletest.Phase(live, p),
			Ready: nodes.ReadyPod(p),
		}
		v.pods[key] = append(v.pods[key], pod)
		switch {
		case !pod.Ready || live.Finished != "":
		case live.Job:
			w.Active++
		default:
			w.Ready++
			if p.Steps > 1 { // a Service has the address of a pod a little later
				v.ready[key]++
			}
		}
	}
	v.workloads[key] = w
}

func nameOf(ref cluster.Ref) string { return ref.Namespace + "/" + ref.Name }

func (s *server) nodes() []cluster.Node {
	if s.w.cloud == nil {
		return nil
	}
	return reconciletest.LiveNodes(s.w.cloud)
}

// state joins what the three watches show.
func (s *server) state(at [kinds]int) cluster.State {
	objects, pods := s.at(at[watchObjects]), s.at(at[watchPods])
	out := cluster.State{
		Objects:   slices.Clone(objects.objects),
		Workloads: map[workspace.Key]cluster.Workload{},
		Nodes:     slices.Clone(s.at(at[watchNodes]).nodes),
		AllPods:   true,
	}
	for key, w := range objects.workloads {
		w.Endpoints = pods.ready[key]
		out.Workloads[key] = w
	}
	for key, list := range pods.pods {
		w := out.Workloads[key] // of pods without a workload: one without a name
		w.Pods = slices.Clone(list)
		out.Workloads[key] = w
	}
	return out
}

// put stores an object, and lets the controllers act on a workload.
func (s *server) put(o *unstructured.Unstructured, owner string) {
	ref := cluster.RefOf(o)
	old := s.objects[ref]
	stored := &object{
		content:  o,
		owner:    owner,
		labelled: o.GetLabels()[cluster.LabelManagedBy] == cluster.ManagedBy,
	}
	if old == nil {
		s.uids++
		stored.uid = fmt.Sprintf("u%d", s.uids)
	} else {
		stored.uid, stored.kept = old.uid, old.kept
	}
	s.objects[ref] = stored
	if isWorkload(ref) && stored.labelled {
		s.w.cloud.Nodes.Apply(reconciletest.WorkloadOf(o))
	}
	s.touch()
}

// remove deletes an object. The deletion takes ticks; its pods go at once.
func (s *server) remove(ref cluster.Ref, ticks int) {
	o := s.objects[ref]
	if isWorkload(ref) && o.labelled {
		s.w.cloud.Nodes.Remove(nameOf(ref))
	}
	if ticks > 0 {
		o.ends = ticks
	} else {
		delete(s.objects, ref)
	}
	s.touch()
}

// tick lets the controllers see the newest generations, and deletions end.
func (s *server) tick() {
	for _, ref := range s.refs() {
		o := s.objects[ref]
		o.seen = true
		if o.ends > 0 {
			if o.ends--; o.ends == 0 {
				delete(s.objects, ref)
			}
		}
	}
	s.touch()
}

// same reports whether a live object is as desired.
func same(live, desired *unstructured.Unstructured) bool {
	return live == desired || reflect.DeepEqual(live.Object, desired.Object)
}
