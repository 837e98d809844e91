// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/mirror"
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

// strips are the kinds in the namespaces of Workspaces, and what is kept of each object.
var strips = map[schema.GroupVersionResource]cache.TransformFunc{
	statefulSets: stripWorkload, jobs: stripWorkload, services: strip, configMaps: strip, claims: stripPlain,
	pods: stripOwnPod, endpointSlices: stripEndpoints,
}

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
	told      []cache.InformerSynced                                               // the view knows the first lists
	optional  []*optionalKind
	patience  time.Duration // how long what is known of a kind that cannot be watched still counts
	view      *mirror.View
	probe     *probe
}

// watchPatience is that for a cluster: twice the longest pause between two tries to watch, which is half a minute.
const watchPatience = time.Minute

func newWatches(c *Cluster) *watches {
	w := &watches{
		cluster:   c,
		changed:   make(chan struct{}, 1),
		patience:  watchPatience,
		informers: map[schema.GroupVersionResource]map[string]cache.SharedIndexInformer{},
		view:      mirror.NewView(),
		probe:     newProbe(),
	}
	ours := labels.SelectorFromSet(labels.Set{
		cluster.LabelManagedBy: cluster.ManagedBy,
		cluster.LabelCluster:   c.options.Cluster,
	}).String()
	w.optional = optionalKinds(c.options, ours)
	selectOurs := func(o *metav1.ListOptions) { o.LabelSelector = ours }
	for _, ns := range c.options.Namespaces {
		for gvr, strip := range strips {
			kept := keeping(c.options.Ignore.Managers, strip)
			w.add(informerSpec{gvr, selectOurs, kept, nil, w.newHealth()}, ns)
		}
	}
	w.add(informerSpec{nodes, nil, stripNode, nil, w.newHealth()}, "")
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
	r, _ := i.AddEventHandler(w.handlers())
	w.told = append(w.told, r.HasSynced)
}

// handlers pass the events of an informer on to the view, and signal those that change anything that syncer reads.
func (w *watches) handlers() cache.ResourceEventHandler {
	event := func(before, after any) {
		if w.view.Event(slimIn(before), slimIn(after)) {
			w.signal()
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { event(nil, o) },
		DeleteFunc: func(o any) { event(o, nil) },
		UpdateFunc: event,
	}
}

// slimIn returns the object of an event, or nil.
func slimIn(o any) *mirror.Object {
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok { // the watch has missed the deletion
		o = gone.Obj
	}
	s, _ := o.(*mirror.Object)
	return s
}

// newHealth returns the health of a watch that has the server probed when it goes down.
func (w *watches) newHealth() *watchHealth { return &watchHealth{onDown: w.probe.hint} }

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
	go w.probe.run(ctx, w.cluster.contact, w.signal)
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
	for _, told := range w.told {
		listed = listed && told()
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

// object returns what is kept of one object, or nil when it is not there or not ours.
func (w *watches) object(gvr schema.GroupVersionResource, ns, name string) *mirror.Object {
	i := w.informers[gvr][ns]
	if i == nil {
		return nil
	}
	o, ok, err := i.GetStore().GetByKey(ns + "/" + name)
	if err != nil || !ok {
		return nil
	}
	return slimIn(o)
}

// appliedByUs reports whether our field manager applied the cluster label of an object.
func appliedByUs(u *unstructured.Unstructured) bool {
	entries := u.GetManagedFields()
	for _, e := range entries {
		if e.Manager != fieldManager || e.Operation != metav1.ManagedFieldsOperationApply {
			continue
		}
		if e.FieldsV1 == nil { // one that mirror.Object.Unstructured left
			return true
		}
		if containsField(e.FieldsV1.GetRawBytes(), cluster.LabelCluster) {
			return true
		}
	}
	return false
}
