// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/apply/wire"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// The kinds that are watched. Pods and EndpointSlices are made by controllers and carry our labels because their owners
// do. Pods that KAITO's template has made lack them: all pods of Workspaces are watched, and the view knows whose they
// are.
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
	endpointSlices: stripEndpoints,
}

// applied are the kinds that syncer itself applies and that every cluster has.
var applied = map[schema.GroupKind]schema.GroupVersionResource{
	{Group: "apps", Kind: "StatefulSet"}: statefulSets, {Group: "batch", Kind: "Job"}: jobs, {Kind: "Service"}: services,
	{Kind: "ConfigMap"}: configMaps, {Kind: "PersistentVolumeClaim"}: claims,
}

// Options say what to watch, and by which clients.
type Options struct {
	Cluster    string   // value of the label syncer.dev/cluster
	Namespaces []string // that Workspaces may be in
	// Kinds are other kinds that syncer may apply, as "Kind" or "Kind.group". The cluster may lack them: see
	// optionalKind.
	Kinds     []string
	Karpenter bool // NodePools, which syncer applies, and NodeClaims
	Foreign   bool // the pods of others
	// Managers are the field managers of which it is kept which fields they have set.
	Managers []string

	Client *wire.Client
	// Mapper finds the resource of a kind. A mapper never forgets a version that it has found: NewMapper returns another.
	Mapper    meta.RESTMapper
	NewMapper func() (meta.RESTMapper, error)
	// Contact asks the server for anything, and returns why it does not answer.
	Contact func(ctx context.Context) error
}

// Informers keep our objects in memory.
type Informers struct {
	options   Options
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

// New prepares the informers. They send no request before Start.
func New(o Options) *Informers {
	w := &Informers{
		options:   o,
		changed:   make(chan struct{}, 1),
		patience:  watchPatience,
		informers: map[schema.GroupVersionResource]map[string]cache.SharedIndexInformer{},
		view:      mirror.NewView(),
		probe:     newProbe(),
	}
	ours := labels.SelectorFromSet(labels.Set{
		cluster.LabelManagedBy: cluster.ManagedBy,
		cluster.LabelCluster:   o.Cluster,
	}).String()
	w.optional = optionalKinds(o, ours)
	selectOurs := func(l *metav1.ListOptions) { l.LabelSelector = ours }
	for _, ns := range o.Namespaces {
		for gvr, strip := range strips {
			kept := keeping(o.Managers, strip)
			w.add(informerSpec{gvr, selectOurs, wanted[gvr], kept, nil, w.newHealth()}, ns)
		}
		ofWorkspaces := func(l *metav1.ListOptions) { l.LabelSelector = cluster.LabelWorkspace }
		w.add(informerSpec{pods, ofWorkspaces, wanted[pods], stripOwnPod(o.Cluster), nil, w.newHealth()}, ns)
	}
	w.add(informerSpec{nodes, nil, wanted[nodes], stripNode, nil, w.newHealth()}, "")
	return w
}

func (w *Informers) add(s informerSpec, ns string) {
	gvr, i := s.resource, s.informer(w.options.Client, ns)
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
func (w *Informers) handlers() cache.ResourceEventHandler {
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
func (w *Informers) newHealth() *watchHealth { return &watchHealth{onDown: w.probe.hint} }

func (w *Informers) signal() {
	select {
	case w.changed <- struct{}{}:
	default: // one is waiting already
	}
}

// Start starts the watches, which run until ctx is done.
func (w *Informers) Start(ctx context.Context) {
	for _, byNamespace := range w.informers {
		for _, i := range byNamespace {
			go i.RunWithContext(ctx)
		}
	}
	for _, l := range w.optional {
		go w.follow(ctx, l)
	}
	go w.probe.run(ctx, w.options.Contact, w.signal)
}

// ErrNotSynced means that the first list of the watched objects has not ended yet.
var ErrNotSynced = errors.New("its objects have not been listed yet")

// Synced returns an error until every informer has listed its objects once, and when a watch is down for so long that
// its objects may be out of date.
func (w *Informers) Synced() error {
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
		return ErrNotSynced
	}
	for _, l := range w.optional {
		if !l.synced() {
			return ErrNotSynced
		}
	}
	return nil
}

// Changed receives a signal after a change of a watched object. One signal may stand for several changes.
func (w *Informers) Changed() <-chan struct{} { return w.changed }

// Touch signals a change of all that is watched, although no event has come.
func (w *Informers) Touch() {
	w.view.Touch()
	w.signal()
}

// Answers returns why the server did not answer the last probe, or nil: an error of Options.Contact.
func (w *Informers) Answers() error { return w.probe.last() }

// State returns all objects that are watched, with the fields that are contested. It makes only those parts of the
// State again that have changed. The State is shared, and never changes.
func (w *Informers) State(contests []cluster.Contest) (cluster.State, error) {
	x := mirror.Extras{Contests: contests, Taken: func(*cluster.Node, func(string, string) bool) {}}
	if l := w.optionalKind(podKind); l != nil && l.within(w.patience) {
		x.Foreign, x.AllPods, x.Taken = true, l.listed(), l.taken
	}
	return w.view.State(x)
}

// Has reports whether a Workspace has live objects.
func (w *Informers) Has(key workspace.Key) bool { return w.view.Has(key) }

// Object returns what is kept of an object, or nil, and whether the watch of its kind is complete: an object that is
// not there then does not exist, or is not ours.
func (w *Informers) Object(kind schema.GroupKind, ns, name string) (o *mirror.Object, complete bool) {
	if l := w.optionalKind(kind); l != nil {
		return l.object(ns, name), l.listed()
	}
	gvr := applied[kind]
	i := w.informers[gvr][ns]
	return w.object(gvr, ns, name), i != nil && i.HasSynced()
}

// Resource returns the resource of a kind that syncer applies and that every cluster has.
func Resource(kind schema.GroupKind) (gvr schema.GroupVersionResource, ok bool) {
	gvr, ok = applied[kind]
	return gvr, ok
}

// object returns what is kept of one object, or nil when it is not there or not ours.
func (w *Informers) object(gvr schema.GroupVersionResource, ns, name string) *mirror.Object {
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
