// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/cluster"
)

// The kinds that are watched. Pods and EndpointSlices are made by controllers and carry our labels because their owners
// do.
var (
	statefulSets   = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	jobs           = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	services       = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	configMaps     = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	claims         = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
	pods           = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	endpointSlices = schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}
	nodes          = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
)

// applied are the kinds that syncer itself applies and that every cluster has.
var applied = map[schema.GroupKind]schema.GroupVersionResource{
	{Group: "apps", Kind: "StatefulSet"}: statefulSets, {Group: "batch", Kind: "Job"}: jobs, {Kind: "Service"}: services,
	{Kind: "ConfigMap"}: configMaps, {Kind: "PersistentVolumeClaim"}: claims,
}

// watches keep our objects in memory.
type watches struct {
	cluster   *Cluster
	changed   chan struct{}
	informers map[schema.GroupVersionResource]map[string]cache.SharedIndexInformer // by namespace; "" for nodes
	healths   []*watchHealth                                                       // of the informers
	optional  []*optionalKind
	patience  time.Duration // how long what is known of a kind that cannot be watched still counts
}

// watchPatience is that for a cluster: twice the longest pause between two tries to watch, which is half a minute.
const watchPatience = time.Minute

func newWatches(c *Cluster) *watches {
	w := &watches{
		cluster:   c,
		changed:   make(chan struct{}, 1),
		patience:  watchPatience,
		informers: map[schema.GroupVersionResource]map[string]cache.SharedIndexInformer{},
	}
	ours := labels.SelectorFromSet(labels.Set{
		cluster.LabelManagedBy: cluster.ManagedBy,
		cluster.LabelCluster:   c.options.Cluster,
	}).String()
	w.optional = optionalKinds(c.options, ours)
	selectOurs := func(o *metav1.ListOptions) { o.LabelSelector = ours }
	for _, ns := range c.options.Namespaces {
		for _, gvr := range []schema.GroupVersionResource{
			statefulSets, jobs, services, configMaps, claims, pods, endpointSlices,
		} {
			w.add(informerSpec{gvr, selectOurs, stripFor(c.options), nil, &watchHealth{}}, ns)
		}
	}
	w.add(informerSpec{nodes, nil, stripNode, nil, &watchHealth{}}, "")
	return w
}

func (w *watches) add(s informerSpec, ns string) {
	gvr, i := s.resource, s.informer(w.cluster.dynamic, ns)
	if w.informers[gvr] == nil {
		w.informers[gvr] = map[string]cache.SharedIndexInformer{}
	}
	w.informers[gvr][ns] = i
	w.healths = append(w.healths, s.health)
	_ = i.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		s.health.markDown(fmt.Errorf("watch %s: %w", gvr.Resource, err), time.Now())
	})
	_, _ = i.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.signal() },
		DeleteFunc: func(any) { w.signal() },
		UpdateFunc: func(before, after any) {
			if gvr != nodes || !sameNode(before, after) {
				w.signal()
			}
		},
	})
}

// sameNode reports whether a node is unchanged in the fields that we read; its heartbeat is none of them.
func sameNode(before, after any) bool {
	b, ok1 := before.(*unstructured.Unstructured)
	a, ok2 := after.(*unstructured.Unstructured)
	if !ok1 || !ok2 {
		return false
	}
	m, err1 := typed[corev1.Node](b)
	n, err2 := typed[corev1.Node](a)
	if err1 != nil || err2 != nil {
		return false // Observe returns the error
	}
	x, y := nodeOf(m), nodeOf(n)
	return x.Ready == y.Ready && x.Cordoned == y.Cordoned && x.GPUs == y.GPUs && maps.Equal(x.Slices, y.Slices) &&
		labels.Equals(x.Labels, y.Labels)
}

func (w *watches) signal() {
	select {
	case w.changed <- struct{}{}:
	default: // one is waiting already
	}
}

func (w *watches) start(ctx context.Context) {
	for _, byNamespace := range w.informers {
		for _, i := range byNamespace {
			go i.RunWithContext(ctx)
		}
	}
	for _, l := range w.optional {
		go w.follow(ctx, l)
	}
}

var errNotSynced = errors.New("its objects have not been listed yet")

// synced returns an error until every informer has listed its objects once, and when a watch is down for so long that
// its objects may be out of date.
func (w *watches) synced() error {
	patience := w.patience
	listed := true
	for _, byNamespace := range w.informers {
		for _, i := range byNamespace {
			listed = listed && i.HasSynced()
		}
	}
	if !listed {
		patience = 0
	}
	for _, p := range w.healths {
		if err := p.downFor(patience, time.Now()); err != nil {
			return err
		}
	}
	if !listed {
		return errNotSynced
	}
	for _, l := range w.optional {
		if !l.synced() {
			return errNotSynced
		}
	}
	return nil
}

// list returns all objects of a kind that are in memory.
func (w *watches) list(gvr schema.GroupVersionResource) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, i := range w.informers[gvr] {
		for _, o := range i.GetStore().List() {
			if u, ok := o.(*unstructured.Unstructured); ok {
				out = append(out, u)
			}
		}
	}
	return out
}

// get returns one object from memory, or nil when it is not there or not ours.
func (w *watches) get(gvr schema.GroupVersionResource, ns, name string) *unstructured.Unstructured {
	i := w.informers[gvr][ns]
	if i == nil {
		return nil
	}
	o, ok, err := i.GetStore().GetByKey(ns + "/" + name)
	if err != nil || !ok {
		return nil
	}
	u, _ := o.(*unstructured.Unstructured)
	return u
}

// strip drops the fields that syncer does not need in memory. Of managedFields it keeps one bare entry if our field
// manager set the cluster label: that is how an object applied by us differs from a user's copy with the same labels.
func strip(o any) (any, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, nil
	}
	mine := appliedByUs(u)
	u.SetManagedFields(nil)
	if mine {
		u.SetManagedFields(
			[]metav1.ManagedFieldsEntry{{Manager: fieldManager, Operation: metav1.ManagedFieldsOperationApply}},
		)
	}
	if u.GetKind() == "ConfigMap" {
		delete(u.Object, "data")
		delete(u.Object, "binaryData")
	}
	return u, nil
}

// stripNode keeps of a node what nodeOf looks at.
func stripNode(o any) (any, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, nil
	}
	u.SetManagedFields(nil)
	u.SetAnnotations(nil)
	unstructured.RemoveNestedField(u.Object, "status", "images")
	return u, nil
}

// appliedByUs reports whether our field manager applied the cluster label of an object.
func appliedByUs(u *unstructured.Unstructured) bool {
	entries := u.GetManagedFields()
	for _, e := range entries {
		if e.Manager != fieldManager || e.Operation != metav1.ManagedFieldsOperationApply {
			continue
		}
		if e.FieldsV1 == nil { // one that slim left
			return true
		}
		if containsField(e.FieldsV1.GetRawBytes(), cluster.LabelCluster) {
			return true
		}
	}
	return false
}
