// SPDX-License-Identifier: Apache-2.0

// Package apiserver is the API server of a simulation with its controllers: what is stored, what the watches show of
// it, and what a dry run answers.
package apiserver

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/workspace"
)

// Server is the API server with its controllers. Each change makes a version, and the watch of each kind shows one of
// the versions so far.
type Server struct {
	Objects map[cluster.Ref]*Object // that are live
	// Interrupted are the servers that Apply has interrupted, since when, until they are healthy.
	Interrupted map[workspace.Key]time.Time
	// Refused says why a webhook refuses the objects of a Workspace of that name, or nil.
	Refused func(workspaceName string) error

	cloud    *capacitytest.Checked
	changed  func()
	uids     int
	versions []Version // the newest is last
	dropped  int       // versions that are not kept any more
	dirty    bool
}

// Object is what the API server stores.
type Object struct {
	Content  *unstructured.Unstructured
	UID      string
	Owner    string // field manager that applied it
	Labelled bool   // it has the labels of syncer
	Kept     bool   // annotation syncer.dev/prune: disabled, by hand
	Ends     int    // ticks until its deletion ends; 0: it is not deleted

	seen    bool   // the controller has seen the newest generation
	rolled  string // the template of which all pods were ready, of a StatefulSet
	created time.Time
}

// Us is the field manager of syncer.
const Us = "syncer"

// Kinds of watches, each of which lags by itself.
const (
	WatchObjects = iota
	WatchPods
	WatchNodes
	Kinds
)

// Version is what each watch shows.
type Version struct {
	objects   []*cluster.Object
	Contents  map[cluster.Ref]*unstructured.Unstructured // of objects
	workloads map[workspace.Key]cluster.Workload         // without pods
	pods      map[workspace.Key][]cluster.Pod
	ready     map[workspace.Key]int // endpoints
	nodes     []cluster.Node
}

// KeptVersions is how far a watch can be behind.
const KeptVersions = 24

// New returns a Server without objects, whose pods run on the nodes of a cloud. It calls changed after each change.
func New(cloud *capacitytest.Checked, changed func()) *Server {
	s := &Server{
		Objects:     map[cluster.Ref]*Object{},
		Interrupted: map[workspace.Key]time.Time{},
		Refused:     func(string) error { return nil },
		cloud:       cloud,
		changed:     changed,
		dirty:       true,
	}
	s.Newest()
	return s
}

// Touch notes that something has changed.
func (s *Server) Touch() { s.dirty = true; s.changed() }

// Newest returns the number of the newest version, after making it if something has changed.
func (s *Server) Newest() int {
	if s.dirty {
		s.dirty = false
		s.versions = append(s.versions, s.version())
		if n := len(s.versions) - KeptVersions; n > 0 {
			s.versions, s.dropped = slices.Clone(s.versions[n:]), s.dropped+n
		}
	}
	return s.dropped + len(s.versions) - 1
}

// At returns a version, or the oldest one that is kept.
func (s *Server) At(n int) Version { return s.versions[max(n-s.dropped, 0)] }

// Refs lists what is live.
func (s *Server) Refs() []cluster.Ref {
	return slices.SortedFunc(maps.Keys(s.Objects), cluster.Ref.Compare)
}

// KeyOf returns the Workspace of an object; zero for none.
func KeyOf(o *unstructured.Unstructured) workspace.Key {
	if name := o.GetLabels()[cluster.LabelWorkspace]; name != "" {
		return workspace.Key{Namespace: o.GetNamespace(), Name: name}
	}
	return workspace.Key{}
}

// IsWorkload reports whether an object makes pods.
func IsWorkload(ref cluster.Ref) bool { return ref.Kind == "StatefulSet" || ref.Kind == "Job" }

// version reads the present.
func (s *Server) version() Version {
	v := Version{
		Contents:  map[cluster.Ref]*unstructured.Unstructured{},
		workloads: map[workspace.Key]cluster.Workload{},
		pods:      map[workspace.Key][]cluster.Pod{},
		ready:     map[workspace.Key]int{},
		nodes:     s.nodes(),
	}
	for _, ref := range s.Refs() {
		o := s.Objects[ref]
		if !o.Labelled {
			continue
		}
		key := KeyOf(o.Content)
		v.Contents[ref] = o.Content
		v.objects = append(v.objects, &cluster.Object{
			Ref:           ref,
			UID:           o.UID,
			Workspace:     key,
			Source:        o.Content.GetAnnotations()[cluster.AnnotationSource],
			Inputs:        o.Content.GetAnnotations()[cluster.AnnotationInputs],
			Owned:         o.Owner == Us,
			PruneDisabled: o.Kept || o.Content.GetAnnotations()[cluster.AnnotationPrune] == "disabled",
			PruneEnabled:  o.Content.GetAnnotations()[cluster.AnnotationPrune] == workspace.PruneEnabled,
			Observed:      o.Content.GetAnnotations()[workspace.AnnotationMode] == workspace.ModeObserve,
			Deleting:      o.Ends > 0,
		})
		if IsWorkload(ref) && key.Name == ref.Name && o.Ends == 0 {
			s.workload(&v, key, ref, o)
		}
	}
	return v
}

func (s *Server) workload(v *Version, key workspace.Key, ref cluster.Ref, o *Object) {
	nodes := s.cloud.Nodes
	live := nodes.Find(nameOf(ref))
	w := cluster.Workload{
		Ref:      ref,
		Inputs:   o.Content.GetAnnotations()[cluster.AnnotationInputs],
		Pool:     live.Pool,
		GPUs:     int64(live.GPUs),
		Current:  o.seen,
		Created:  o.created,
		Complete: live.Finished == capacitytest.Complete,
		Failed:   live.Finished == capacitytest.Broken,
	}
	if !live.Job {
		w.Replicas = int64(live.Replicas)
		w.Updating = !o.seen || o.rolled != reconciletest.PodTemplate(o.Content)
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

func (s *Server) nodes() []cluster.Node {
	return reconciletest.LiveNodes(s.cloud)
}

// State joins what the three watches show.
func (s *Server) State(at [Kinds]int) cluster.State {
	objects, pods := s.At(at[WatchObjects]), s.At(at[WatchPods])
	out := cluster.State{
		Objects:   slices.Clone(objects.objects),
		Workloads: map[workspace.Key]cluster.Workload{},
		Nodes:     slices.Clone(s.At(at[WatchNodes]).nodes),
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

// Apply stores an object for syncer, and notes the server that this interrupts, if it was known to have served.
func (s *Server) Apply(o *unstructured.Unstructured, served bool) {
	ref := cluster.RefOf(o)
	if old := s.Objects[ref]; old != nil && served && s.Restarts(o, old.Content) && s.ready(nameOf(ref)) > 0 {
		s.Interrupted[KeyOf(o)] = time.Now()
	}
	s.Put(o, Us)
}

// Put stores an object, and lets the controllers act on a workload.
func (s *Server) Put(o *unstructured.Unstructured, owner string) {
	ref := cluster.RefOf(o)
	old := s.Objects[ref]
	stored := &Object{
		Content:  o,
		Owner:    owner,
		Labelled: o.GetLabels()[cluster.LabelManagedBy] == cluster.ManagedBy,
	}
	if old == nil {
		s.uids++
		stored.UID, stored.created = fmt.Sprintf("u%d", s.uids), time.Now()
		stored.rolled = reconciletest.PodTemplate(o) // the first revision is the current one from the start
	} else {
		stored.UID, stored.Kept, stored.created, stored.rolled = old.UID, old.Kept, old.created, old.rolled
	}
	s.Objects[ref] = stored
	if IsWorkload(ref) && stored.Labelled {
		s.cloud.Nodes.Apply(reconciletest.WorkloadOf(o))
	}
	s.Touch()
}

// Remove deletes an object. The deletion takes ticks; its pods go at once.
func (s *Server) Remove(ref cluster.Ref, ticks int) {
	o := s.Objects[ref]
	if IsWorkload(ref) && o.Labelled {
		s.cloud.Nodes.Remove(nameOf(ref))
	}
	if ticks > 0 {
		o.Ends = ticks
	} else {
		delete(s.Objects, ref)
	}
	s.Touch()
}

// Tick lets the controllers see the newest generations, and deletions end.
func (s *Server) Tick() {
	for _, ref := range s.Refs() {
		o := s.Objects[ref]
		o.seen = true
		if o.Ends > 0 {
			if o.Ends--; o.Ends == 0 {
				delete(s.Objects, ref)
			}
		}
	}
	s.rolls()
	s.Touch()
}

// same reports whether a live object is as desired.
func same(live, desired *unstructured.Unstructured) bool {
	return live == desired || reflect.DeepEqual(live.Object, desired.Object)
}

// Preview answers a dry run from the present.
func (s *Server) Preview(o *unstructured.Unstructured) cluster.Preview {
	out := cluster.Preview{Ref: cluster.RefOf(o)}
	live := s.Objects[out.Ref]
	if live != nil {
		if out.Err = s.mayTouch(live); out.Err != nil || same(live.Content, o) {
			return out
		}
	}
	if out.Err = s.Refused(KeyOf(o).Name); out.Err != nil {
		return out
	}
	out.After = o
	if live == nil {
		return out
	}
	out.Before = live.Content
	if out.Ref.Kind == "Job" && reconciletest.PodTemplate(live.Content) != reconciletest.PodTemplate(o) {
		if Inputs(live.Content) == Inputs(o) {
			out.Before, out.After = nil, nil // a Job of the same Inputs stays
			return out
		}
		out.Replace = "the pods of a Job cannot be changed"
	}
	return out
}

// Inputs is the annotation with the digest of the inputs.
func Inputs(o *unstructured.Unstructured) string { return o.GetAnnotations()[cluster.AnnotationInputs] }

// mayTouch returns why syncer must leave a live object alone.
func (s *Server) mayTouch(live *Object) error {
	switch {
	case live.Ends > 0:
		return errors.New("it is being deleted")
	case live.Owner != Us || !live.Labelled:
		return fmt.Errorf("it exists already and belongs to %s", live.Owner)
	}
	return nil
}

// MayGo reports what the adapter does: an object that is only observed stays, and a claim without its annotation.
func MayGo(o *unstructured.Unstructured) bool {
	a := o.GetAnnotations()
	if cluster.IsClaim(cluster.RefOf(o)) && a[cluster.AnnotationPrune] != workspace.PruneEnabled {
		return false
	}
	return a[workspace.AnnotationMode] != workspace.ModeObserve
}

// Restarts reports whether an object restarts the pods of a server that is as live.
func (s *Server) Restarts(o, live *unstructured.Unstructured) bool {
	if live == nil || o.GetKind() != "StatefulSet" || reconciletest.WorkloadOf(o).Replicas == 0 {
		return false
	}
	return reconciletest.PodTemplate(live) != reconciletest.PodTemplate(o)
}

// rolls notes the servers that are healthy, by the template of their pods, and that are interrupted no more.
func (s *Server) rolls() {
	for ref, o := range s.Objects {
		if ref.Kind != "StatefulSet" {
			continue
		}
		if w := s.cloud.Nodes.Find(nameOf(ref)); s.ready(nameOf(ref)) >= w.Replicas {
			o.rolled = reconciletest.PodTemplate(o.Content)
			delete(s.Interrupted, KeyOf(o.Content))
		}
	}
	for k := range s.Interrupted {
		ref := cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: k.Namespace, Name: k.Name}
		if s.Objects[ref] == nil {
			delete(s.Interrupted, k)
		}
	}
}

// ready counts the pods of a workload that have an address behind the Service.
func (s *Server) ready(workload string) int {
	n := 0
	for _, p := range s.cloud.Nodes.Pods(workload) {
		if s.cloud.Nodes.ReadyPod(p) && p.Steps > 1 {
			n++
		}
	}
	return n
}
