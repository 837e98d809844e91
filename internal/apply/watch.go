package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/cluster"
)

// The kinds that are watched. Pods and EndpointSlices are made by controllers and carry our labels because their owners do.
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

// watches keep what is ours in memory.
type watches struct {
	cluster   *Cluster
	changed   chan struct{}
	informers map[schema.GroupVersionResource]map[string]cache.SharedIndexInformer // by namespace; "" for nodes
	pulses    []*pulse                                                             // of the informers
	late      []*late
	patience  time.Duration // how long what is known of a kind that cannot be watched still counts
}

// watchPatience is that for a cluster: twice the longest pause between two tries to watch, which is half a minute.
const watchPatience = time.Minute

func newWatches(c *Cluster) *watches {
	w := &watches{cluster: c, changed: make(chan struct{}, 1), patience: watchPatience, informers: map[schema.GroupVersionResource]map[string]cache.SharedIndexInformer{}}
	ours := labels.SelectorFromSet(labels.Set{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: c.options.Cluster}).String()
	w.late = lateKinds(c.options, ours)
	selectOurs := func(o *metav1.ListOptions) { o.LabelSelector = ours }
	for _, ns := range c.options.Namespaces {
		for _, gvr := range []schema.GroupVersionResource{statefulSets, jobs, services, configMaps, claims, pods, endpointSlices} {
			w.add(view{gvr, selectOurs, slim, nil, &pulse{}}, ns)
		}
	}
	w.add(view{nodes, nil, slimNode, nil, &pulse{}}, "")
	return w
}

func (w *watches) add(v view, ns string) {
	gvr, i := v.resource, v.informer(w.cluster.dynamic, ns)
	if w.informers[gvr] == nil {
		w.informers[gvr] = map[string]cache.SharedIndexInformer{}
	}
	w.informers[gvr][ns] = i
	w.pulses = append(w.pulses, v.pulse)
	_ = i.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		v.pulse.stops(fmt.Errorf("watch %s: %w", gvr.Resource, err), time.Now())
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

// sameNode reports whether nothing about a node has changed that we look at: its heartbeat is no news.
func sameNode(before, after any) bool {
	b, ok1 := before.(*unstructured.Unstructured)
	a, ok2 := after.(*unstructured.Unstructured)
	if !ok1 || !ok2 {
		return false
	}
	x, y := nodeOf(b), nodeOf(a)
	return x.Ready == y.Ready && x.Cordoned == y.Cordoned && x.GPUs == y.GPUs && maps.Equal(x.Slices, y.Slices) && labels.Equals(x.Labels, y.Labels)
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
	for _, l := range w.late {
		go w.follow(ctx, l)
	}
}

var errNotSynced = errors.New("its objects have not been listed yet")

// synced returns an error as long as not everything has been listed once, and when something has not been watched for so long
// that what is known of it may be wrong.
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
	for _, p := range w.pulses {
		if err := p.trouble(patience, time.Now()); err != nil {
			return err
		}
	}
	if !listed {
		return errNotSynced
	}
	for _, l := range w.late {
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

// slim drops what is not needed in memory. Of managedFields it keeps one bare entry if our field manager set the cluster label:
// that is how an object applied by us is told from a copy that somebody made, labels and all.
func slim(o any) (any, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, nil
	}
	mine := appliedByUs(u)
	u.SetManagedFields(nil)
	if mine {
		u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: fieldManager, Operation: metav1.ManagedFieldsOperationApply}})
	}
	switch u.GetKind() {
	case "ConfigMap", "Secret":
		delete(u.Object, "data")
		delete(u.Object, "binaryData")
	}
	return u, nil
}

// slimNode keeps of a node what nodeOf looks at.
func slimNode(o any) (any, error) {
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
