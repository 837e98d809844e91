// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/apply/wire"
	"syncer.dev/syncer/internal/cluster"
)

// optionalKind is a kind that the cluster may not have, not yet have, or no longer have, because another operator
// defines it by a CustomResourceDefinition; or a kind that syncer may not be permitted to list.
//
// A pass does not wait for such a kind. While it is not watched, every pass compares its objects by a dry run, and
// prunes none of them: an object that is missing from State.Objects does not count as deleted.
type optionalKind struct {
	kind     schema.GroupKind
	applied  bool // syncer applies objects of this kind; otherwise it only reads them
	selector func(*metav1.ListOptions)
	wanted   wire.Fields // as in informerSpec
	strip    cache.TransformFunc
	foreign  bool // pods of any owner: see unmanagedPod
	all      bool // in all namespaces, not only those of Workspaces

	indexers cache.Indexers

	mu        sync.Mutex
	asked     bool                                 // the server has answered whether it has the kind
	informers map[string]cache.SharedIndexInformer // by namespace; nil while the kind is not watched
	healths   []*watchHealth                       // of the informers
	told      []cache.InformerSynced               // whether the view knows the first list of each informer
}

// NodePool is the kind of Karpenter that mode karpenter applies.
var NodePool = schema.GroupKind{Group: "karpenter.sh", Kind: "NodePool"}

var (
	nodeClaimKind = schema.GroupKind{Group: "karpenter.sh", Kind: "NodeClaim"}
	podKind       = schema.GroupKind{Kind: "Pod"}
)

// stripOptional returns the transformation of a kind that the configuration names.
func stripOptional(kind schema.GroupKind) cache.TransformFunc {
	of := secrets.StripOf(kind, func(o any) (any, error) { return o, nil })
	return func(o any) (any, error) {
		stripped, err := of(o)
		if err != nil {
			return nil, err
		}
		return stripPlain(stripped)
	}
}

// optionalKinds lists the optional kinds of the options. managed is the selector of syncer's labels.
func optionalKinds(o Options, managed string) []*optionalKind {
	selected := func(l *metav1.ListOptions) { l.LabelSelector = managed }
	var out []*optionalKind
	for _, name := range o.Kinds {
		kind, group, _ := strings.Cut(name, ".")
		gk := schema.GroupKind{Group: group, Kind: kind}
		if _, builtin := applied[gk]; !builtin {
			kept := keeping(o.Managers, stripOptional(gk))
			out = append(out, &optionalKind{kind: gk, applied: true, selector: selected, strip: kept})
		}
	}
	if o.Karpenter {
		// Karpenter copies the labels of a NodePool's template, including the cluster's, to its NodeClaims.
		claims := func(l *metav1.ListOptions) { l.LabelSelector = cluster.LabelCluster + "=" + o.Cluster }
		out = append(out, &optionalKind{kind: NodePool, applied: true, selector: selected, strip: stripNodePool},
			&optionalKind{kind: nodeClaimKind, selector: claims, strip: stripClaim})
	}
	if o.Foreign {
		running := func(l *metav1.ListOptions) {
			l.FieldSelector = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"
		}
		out = append(
			out,
			&optionalKind{
				kind:     podKind,
				selector: running,
				wanted:   wantedOfForeign,
				strip:    stripPod(o.Cluster),
				foreign:  true,
				all:      true,
				indexers: podIndexers,
			},
		)
	}
	return out
}

// Pauses between two requests for a kind that the server does not have: short at first, then doubling.
const (
	retryFirst = 2 * time.Second
	retryMost  = time.Minute
)

// follow watches a kind for as long as the cluster has it, until ctx is done.
func (w *Informers) follow(ctx context.Context, l *optionalKind) {
	pause := retryFirst
	mapper := w.options.Mapper
	for ctx.Err() == nil {
		mapping, err := mapper.RESTMapping(l.kind)
		switch {
		case err == nil:
			if w.watchOptional(ctx, l, mapping) {
				pause = retryFirst // the kind existed until now
			}
			// The kind may return in another version, and a mapper never forgets a version it has found.
			if fresh, err := w.options.NewMapper(); err == nil {
				mapper = fresh
			}
		case !meta.IsNoMatchError(err):
			pause = retryFirst // the server did not answer
		}
		l.mu.Lock()
		news := !l.asked || l.informers != nil
		l.asked, l.informers, l.healths = true, nil, nil
		l.mu.Unlock()
		if news { // a kind that is still missing is no change
			w.signal()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, retryMost)
	}
}

// watchOptional watches until the server no longer has the kind, and reports whether all objects were listed.
func (w *Informers) watchOptional(ctx context.Context, l *optionalKind, mapping *meta.RESTMapping) bool {
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	namespaces := []string{metav1.NamespaceAll}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace && !l.all {
		namespaces = w.options.Namespaces
	}
	informers, healths := map[string]cache.SharedIndexInformer{}, []*watchHealth{}
	var told []cache.InformerSynced
	for _, ns := range namespaces {
		p := w.newHealth()
		i := informerSpec{mapping.Resource, l.selector, l.wanted, l.strip, l.indexers, p}.informer(w.options.Client, ns)
		informers[ns], healths = i, append(healths, p)
		_ = i.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
			p.markDown(fmt.Errorf("watch %s: %w", mapping.Resource.Resource, err), time.Now())
			if apierrors.IsNotFound(err) {
				gone()
			}
		})
		handlers := w.handlers()
		if l.foreign {
			handlers = w.foreignHandlers()
		}
		r, _ := i.AddEventHandler(handlers)
		told = append(told, r.HasSynced)
	}
	l.mu.Lock()
	l.asked, l.informers, l.healths, l.told = true, informers, healths, told
	l.mu.Unlock()
	var running sync.WaitGroup
	for _, i := range informers {
		running.Go(func() { i.RunWithContext(ctx) })
	}
	running.Go(func() {
		if cache.WaitForCacheSync(ctx.Done(), told...) {
			w.signal()
		}
	})
	running.Wait()
	for _, i := range informers { // what is not watched is not known
		for _, o := range i.GetStore().List() {
			w.view.Event(slimIn(o), nil)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.complete()
}

// synced reports whether a pass may start: the kind is missing, is listed, or cannot be listed.
func (l *optionalKind) synced() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked && (l.complete() || l.downFor(0) != nil)
}

// listed reports whether list returns all objects: they have been listed, and the watch is up.
func (l *optionalKind) listed() bool { return l.within(0) }

// within reports whether the objects have been listed, and the watch has not been down for longer than patience.
func (l *optionalKind) within(patience time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.informers) > 0 && l.complete() && l.downFor(patience) == nil
}

// complete reports whether all informers have listed once. The caller holds the lock, as for downFor.
func (l *optionalKind) complete() bool {
	for _, i := range l.informers {
		if !i.HasSynced() {
			return false
		}
	}
	for _, told := range l.told {
		if !told() {
			return false
		}
	}
	return true
}

// downFor returns the error of a watch that has been down for longer than patience, or nil.
func (l *optionalKind) downFor(patience time.Duration) error {
	for _, p := range l.healths {
		if err := p.downFor(patience, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// indexed returns the objects with a value of an index.
func (l *optionalKind) indexed(index, value string) []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []any
	for _, i := range l.informers {
		objects, _ := i.GetIndexer().ByIndex(index, value) // fails only for an unknown index
		out = append(out, objects...)
	}
	return out
}

// object returns what is kept of one object, or nil.
func (l *optionalKind) object(ns, name string) *mirror.Object {
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
	return slimIn(o)
}

// optionalKind returns the optional kind, or nil if it is not one.
func (w *Informers) optionalKind(kind schema.GroupKind) *optionalKind {
	for _, l := range w.optional {
		if l.kind == kind {
			return l
		}
	}
	return nil
}
