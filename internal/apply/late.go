package apply

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"syncer.dev/syncer/internal/cluster"
)

// late is a kind that the cluster may not have, not have yet, or not have any more: it is defined by a
// CustomResourceDefinition of somebody else's, or we may not be permitted to list it.
//
// Nothing waits for such a kind. As long as it is not watched, its objects are compared by a dry run in every pass and never
// pruned, because what is missing from State.Objects is never taken for gone.
type late struct {
	kind    schema.GroupKind
	applied bool // syncer applies objects of this kind; otherwise it only looks at them
	narrow  func(*metav1.ListOptions)
	slim    cache.TransformFunc
	same    func(before, after any) bool // nothing has changed that we look at; nil: always something has
	matters func(any) bool               // whether one that comes or goes is news; nil: always
	all     bool                         // of all namespaces, not only those of Workspaces

	indexers cache.Indexers

	mu        sync.Mutex
	asked     bool                                 // the server has said whether it has the kind
	informers map[string]cache.SharedIndexInformer // by namespace; nil while the kind is not watched
	pulses    []*pulse                             // of the informers
}

// The kinds of Karpenter that mode karpenter needs.
var (
	nodePoolKind  = schema.GroupKind{Group: "karpenter.sh", Kind: "NodePool"}
	nodeClaimKind = schema.GroupKind{Group: "karpenter.sh", Kind: "NodeClaim"}
	podKind       = schema.GroupKind{Kind: "Pod"}
)

// lateKinds lists the late kinds that the options ask for. ours selects what carries our labels.
func lateKinds(o Options, ours string) []*late {
	selected := func(l *metav1.ListOptions) { l.LabelSelector = ours }
	var out []*late
	for _, name := range o.Kinds {
		kind, group, _ := strings.Cut(name, ".")
		gk := schema.GroupKind{Group: group, Kind: kind}
		if _, builtin := applied[gk]; !builtin {
			out = append(out, &late{kind: gk, applied: true, narrow: selected, slim: slim})
		}
	}
	if o.Karpenter {
		// Karpenter copies the labels of a NodePool's template, of which the cluster is one, to its NodeClaims.
		claims := func(l *metav1.ListOptions) { l.LabelSelector = cluster.LabelCluster + "=" + o.Cluster }
		out = append(out, &late{kind: nodePoolKind, applied: true, narrow: selected, slim: slim},
			&late{kind: nodeClaimKind, narrow: claims, slim: slim, same: sameClaim})
	}
	if o.Foreign {
		running := func(l *metav1.ListOptions) {
			l.FieldSelector = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"
		}
		out = append(out, &late{kind: podKind, narrow: running, slim: slimForeign(o.Cluster), same: sameForeign, matters: hasGPUs, all: true, indexers: foreignIndexers})
	}
	return out
}

// How often the server is asked for a kind that it did not have: soon at first, then rarely.
const (
	lateFirst = 2 * time.Second
	lateMost  = time.Minute
)

// follow watches a kind for as long as the cluster has it, until ctx is done.
func (w *watches) follow(ctx context.Context, l *late) {
	pause := lateFirst
	mapper := w.cluster.client.RESTMapper()
	for ctx.Err() == nil {
		mapping, err := mapper.RESTMapping(l.kind)
		switch {
		case err == nil:
			if w.watchLate(ctx, l, mapping) {
				pause = lateFirst // it was there until now
			}
			// It may come back in another version, and what the mapper has learned of the old one it keeps for good.
			if fresh, err := apiutil.NewDynamicRESTMapper(w.cluster.config, &http.Client{Transport: w.cluster.version.Transport}); err == nil {
				mapper = fresh
			}
		case !meta.IsNoMatchError(err):
			pause = lateFirst // the server could not say
		}
		l.mu.Lock()
		news := !l.asked || l.informers != nil
		l.asked, l.informers, l.pulses = true, nil, nil
		l.mu.Unlock()
		if news { // that it is still not there is none
			w.signal()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lateMost)
	}
}

// watchLate watches until the server says that it does not have the kind any more, and reports whether it had it.
func (w *watches) watchLate(ctx context.Context, l *late, mapping *meta.RESTMapping) bool {
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	namespaces := []string{metav1.NamespaceAll}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace && !l.all {
		namespaces = w.cluster.options.Namespaces
	}
	informers, pulses := map[string]cache.SharedIndexInformer{}, []*pulse{}
	for _, ns := range namespaces {
		p := &pulse{}
		i := view{mapping.Resource, l.narrow, l.slim, l.indexers, p}.informer(w.cluster.dynamic, ns)
		informers[ns], pulses = i, append(pulses, p)
		_ = i.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
			p.stops(fmt.Errorf("watch %s: %w", mapping.Resource.Resource, err), time.Now())
			if apierrors.IsNotFound(err) {
				gone()
			}
		})
		_, _ = i.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { w.news(l, o) },
			DeleteFunc: func(o any) { w.news(l, o) },
			UpdateFunc: func(before, after any) {
				if l.same == nil || !l.same(before, after) {
					w.signal()
				}
			},
		})
	}
	l.mu.Lock()
	l.asked, l.informers, l.pulses = true, informers, pulses
	l.mu.Unlock()
	var running sync.WaitGroup
	for _, i := range informers {
		running.Go(func() { i.RunWithContext(ctx) })
	}
	running.Go(func() {
		for _, i := range informers {
			if !cache.WaitForCacheSync(ctx.Done(), i.HasSynced) {
				return
			}
		}
		w.signal()
	})
	running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.complete()
}

// news signals that an object has come or gone, if that matters.
func (w *watches) news(l *late, o any) {
	if l.matters == nil || l.matters(o) {
		w.signal()
	}
}

// synced reports whether there is nothing to wait for: the kind is not there, is listed, or cannot be listed.
func (l *late) synced() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked && (l.complete() || l.trouble(0) != nil)
}

// listed reports whether the kind has been listed and is being watched, so that what list returns is all there is.
func (l *late) listed() bool { return l.within(0) }

// within reports whether the kind has been listed, and was being watched not longer ago than this.
func (l *late) within(patience time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.informers) > 0 && l.complete() && l.trouble(patience) == nil
}

// complete reports whether all informers have listed once. It is for callers that hold the lock, as trouble is.
func (l *late) complete() bool {
	for _, i := range l.informers {
		if !i.HasSynced() {
			return false
		}
	}
	return true
}

// trouble returns why the kind has not been watched for longer than patience, or nil.
func (l *late) trouble(patience time.Duration) error {
	for _, p := range l.pulses {
		if err := p.trouble(patience, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// indexed returns the objects that an index has for a value.
func (l *late) indexed(index, value string) []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []any
	for _, i := range l.informers {
		objects, _ := i.GetIndexer().ByIndex(index, value) // fails only for an index that is not there
		out = append(out, objects...)
	}
	return out
}

// list returns all objects that are in memory.
func (l *late) list() []*unstructured.Unstructured {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*unstructured.Unstructured
	for _, i := range l.informers {
		for _, o := range i.GetStore().List() {
			if u, ok := o.(*unstructured.Unstructured); ok {
				out = append(out, u)
			}
		}
	}
	return out
}

// get returns one object from memory, or nil.
func (l *late) get(ns, name string) *unstructured.Unstructured {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, key := l.informers[ns], name
	if ns != "" {
		key = ns + "/" + name
	}
	if i == nil {
		return nil
	}
	o, _, _ := i.GetStore().GetByKey(key) // the store of an informer has no errors
	u, _ := o.(*unstructured.Unstructured)
	return u
}

// lateKind returns the late kind, or nil when it is none.
func (w *watches) lateKind(kind schema.GroupKind) *late {
	for _, l := range w.late {
		if l.kind == kind {
			return l
		}
	}
	return nil
}

// unknownPath reports whether the server answered that it has no such kind, rather than no such object.
func unknownPath(err error) bool {
	return strings.Contains(err.Error(), "could not find the requested resource")
}

// missingKind says that the cluster does not have a kind, and what brings it.
func missingKind(kind schema.GroupKind, version string) error {
	switch kind.Group {
	case "karpenter.sh":
		return fmt.Errorf("the cluster has no Karpenter (%s %s); install it with a provider for this cloud, or use another capacity.mode", version, kind.Kind)
	case "":
		return fmt.Errorf("the cluster does not know the kind %s (%s)", kind.Kind, version)
	}
	return fmt.Errorf("the cluster does not know the kind %s (%s); install what defines it", kind.Kind, version)
}
