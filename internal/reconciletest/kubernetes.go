// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Kubernetes is the API server. It is a reconcile.Cluster. Workloads become pods on the nodes of Azure's pools.
type Kubernetes struct {
	Down    error            // of every call, which then does nothing
	Refused map[string]error // by name of the Workspace: a webhook refuses its objects
	Pruned  []string         // "Kind/name"
	// Finalizers hold up the deletion of an object, by "Kind/name".
	Finalizers map[string][]string
	Health     map[string]cluster.Health // of plain objects, by "Kind/name"
	// Crash makes the pods of a Workspace crash while their template has a text, by the name of the Workspace.
	Crash map[string]string
	// Pushed is what the pod of a tuning that has succeeded says it has pushed, by the name of the Workspace.
	Pushed map[string]cluster.Image

	t       testing.TB
	git     *Git
	azure   *capacitytest.Checked
	nodes   *capacitytest.Nodes
	objects map[cluster.Ref]*unstructured.Unstructured
	// deleting are the objects that Prune has marked, and that a finalizer keeps.
	deleting map[cluster.Ref]bool
	versions Versions
	rolled   map[string]string // the template of which all pods were ready, by workload
}

func newKubernetes(t testing.TB, git *Git, azure *capacitytest.Checked) *Kubernetes {
	return &Kubernetes{
		Refused:    map[string]error{},
		Finalizers: map[string][]string{},
		Health:     map[string]cluster.Health{},
		t:          t,
		git:        git,
		azure:      azure,
		nodes:      azure.Nodes,
		objects:    map[cluster.Ref]*unstructured.Unstructured{},
		deleting:   map[cluster.Ref]bool{},
	}
}

// Refs lists the objects that syncer applied.
func (k *Kubernetes) Refs() []cluster.Ref {
	return slices.SortedFunc(maps.Keys(k.objects), cluster.Ref.Compare)
}

// Lose deletes an object by hand, "Kind/name".
func (k *Kubernetes) Lose(name string) {
	k.t.Helper()
	for _, ref := range k.Refs() {
		if ref.String() == name {
			k.remove(ref)
			return
		}
	}
	k.t.Fatalf("there is no %s", name)
}

// Edit changes a live object by hand, "Kind/name", as another client does.
func (k *Kubernetes) Edit(name string, change func(*unstructured.Unstructured)) {
	k.t.Helper()
	for _, ref := range k.Refs() {
		if ref.String() == name {
			o := k.objects[ref].DeepCopy()
			change(o)
			k.objects[ref] = o
			return
		}
	}
	k.t.Fatalf("there is no %s", name)
}

// Live returns a live object, "Kind/name", or nil.
func (k *Kubernetes) Live(name string) *unstructured.Unstructured {
	for _, ref := range k.Refs() {
		if ref.String() == name {
			return k.objects[ref].DeepCopy()
		}
	}
	return nil
}

// Workload returns the StatefulSet or the Job of a Workspace in the namespace default, or the zero Workload.
func (k *Kubernetes) Workload(name string) capacitytest.Workload {
	return k.nodes.Find("default/" + name)
}

// Observe returns the live state.
func (k *Kubernetes) Observe(context.Context) (cluster.State, error) {
	if k.Down != nil {
		return cluster.State{}, k.Down
	}
	return k.State(), nil
}

// State returns the live state, also while the API server is unreachable.
func (k *Kubernetes) State() cluster.State {
	maps.DeleteFunc(k.deleting, func(ref cluster.Ref, _ bool) bool {
		gone := len(k.Finalizers[ref.String()]) == 0
		if gone {
			k.remove(ref)
		}
		return gone
	})
	s := cluster.State{Workloads: map[workspace.Key]cluster.Workload{}, Nodes: LiveNodes(k.azure), AllPods: true}
	for _, ref := range k.Refs() {
		o := k.objects[ref]
		key := workspace.Key{}
		if name := o.GetLabels()[cluster.LabelWorkspace]; name != "" {
			key = workspace.Key{Namespace: ref.Namespace, Name: name}
		}
		s.Objects = append(s.Objects, &cluster.Object{
			Ref:       ref,
			Workspace: key,
			Source:    o.GetAnnotations()[cluster.AnnotationSource],
			Inputs:    o.GetAnnotations()[cluster.AnnotationInputs],
			Owned:     true,

			PruneDisabled: o.GetAnnotations()[cluster.AnnotationPrune] == "disabled",
			PruneEnabled:  o.GetAnnotations()[cluster.AnnotationPrune] == workspace.PruneEnabled,
			Observed:      o.GetAnnotations()[workspace.AnnotationMode] == workspace.ModeObserve,

			Health:     k.Health[ref.String()],
			Deleting:   k.deleting[ref],
			Finalizers: k.Finalizers[ref.String()],
		})
		if isWorkload(ref) {
			s.Workloads[key] = k.liveWorkload(ref, o)
		}
	}
	k.versions.Set(&s, k.objects)
	return s
}

func (k *Kubernetes) liveWorkload(ref cluster.Ref, o *unstructured.Unstructured) cluster.Workload {
	w := k.nodes.Find(nameOf(ref))
	out := cluster.Workload{
		Ref:      ref,
		Inputs:   o.GetAnnotations()[cluster.AnnotationInputs],
		Pool:     w.Pool,
		GPUs:     int64(w.GPUs),
		Current:  true,
		Complete: w.Finished == capacitytest.Complete,
		Failed:   w.Finished == capacitytest.Broken,
	}
	if !w.Job {
		out.Replicas = int64(w.Replicas)
	}
	for _, p := range k.nodes.Pods(w.Name) {
		pod := cluster.Pod{
			Name:  strings.TrimPrefix(p.Name, ref.Namespace+"/"),
			Node:  p.Node,
			Phase: Phase(w, p),
			Ready: k.nodes.ReadyPod(p),

			Pushed: k.pushed(ref, w),
		}
		if pod.Reason = k.crashes(w); pod.Reason != "" {
			pod.Ready = false
		}
		out.Pods = append(out.Pods, pod)
		switch {
		case !pod.Ready || w.Finished != "":
		case w.Job:
			out.Active++
		default:
			out.Ready++
			out.Endpoints++
		}
	}
	if !w.Job {
		out.Updating = k.updating(w, out.Ready)
		out.Current = !out.Updating
	}
	return out
}

// Preview compares objects with the live ones.
func (k *Kubernetes) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	if k.Down != nil {
		return nil, k.Down
	}
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		ref := cluster.RefOf(o)
		out[i].Ref = ref
		old := k.objects[ref]
		if old != nil && reflect.DeepEqual(old.Object, o.Object) {
			continue
		}
		out[i].Before = old
		if out[i].Err = k.refused(o); out[i].Err != nil {
			continue
		}
		out[i].After = o
		if old != nil && ref.Kind == "Job" && PodTemplate(old) != PodTemplate(o) {
			out[i].Replace = "the pods of a Job cannot be changed"
		}
	}
	return out, nil
}

func (k *Kubernetes) refused(o *unstructured.Unstructured) error {
	return k.Refused[o.GetLabels()[cluster.LabelWorkspace]]
}

// Apply creates or replaces objects.
func (k *Kubernetes) Apply(_ context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	if k.Down != nil {
		return nil, k.Down
	}
	var out cluster.ChangeSet
	var workloads []capacitytest.Workload
	for _, o := range objects {
		ref := cluster.RefOf(o)
		if err := k.refused(o); err != nil {
			out = append(out, cluster.Entry{Ref: ref, Result: cluster.Failed, Err: err})
			continue
		}
		result := cluster.Created
		if k.objects[ref] != nil {
			result = cluster.Configured
		}
		k.objects[ref] = o
		out = append(out, cluster.Entry{Ref: ref, Result: result})
		if isWorkload(ref) {
			workloads = append(workloads, WorkloadOf(o))
		}
	}
	k.nodes.Apply(workloads...)
	return out, nil
}

// Prune deletes objects.
func (k *Kubernetes) Prune(_ context.Context, objects []*cluster.Object) (cluster.ChangeSet, error) {
	if k.Down != nil {
		return nil, k.Down
	}
	var out cluster.ChangeSet
	for _, o := range objects {
		if k.git.Down != nil {
			k.t.Errorf("%s is deleted while Git is down", o.Ref)
		}
		if strings.Contains(k.git.File(o.Source), syntaxError) {
			k.t.Errorf("%s is deleted although %s is unreadable", o.Ref, o.Source)
		}
		if len(k.Finalizers[o.Ref.String()]) > 0 {
			k.deleting[o.Ref] = true
		} else {
			k.remove(o.Ref)
		}
		k.Pruned = append(k.Pruned, o.Ref.String())
		out = append(out, cluster.Entry{Ref: o.Ref, Result: cluster.Deleted})
	}
	return out, nil
}

func (k *Kubernetes) remove(ref cluster.Ref) {
	delete(k.objects, ref)
	if isWorkload(ref) {
		k.nodes.Remove(nameOf(ref))
	}
}
