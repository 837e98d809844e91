// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"context"
	"fmt"
	"sync"
	"time"

	v1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/wire"
)

// pageSize is the number of complete objects that the server has in memory, when it cannot stream them one by one.
const pageSize = 500

// informerSpec is the resource that an informer watches, and what it keeps of each object.
type informerSpec struct {
	resource schema.GroupVersionResource
	selector func(*v1.ListOptions) // nil: all objects
	wanted   wire.Fields           // what strip looks at; nil: all
	strip    cache.TransformFunc
	indexers cache.Indexers
	health   *watchHealth
}

// informer watches the selected objects of one namespace. It strips each object as it is read, so that a kind with many
// objects is never in memory as a whole.
func (s informerSpec) informer(client *wire.Client, ns string) cache.SharedIndexInformer {
	resource := client.Resource(s.resource, ns, s.wanted)
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o v1.ListOptions) (runtime.Object, error) {
			return s.list(ctx, resource, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o v1.ListOptions) (watch.Interface, error) {
			if s.selector != nil {
				s.selector(&o)
			}
			w, err := resource.Watch(ctx, o)
			if err == nil {
				s.health.markUp()
			} else if ctx.Err() == nil && o.SendInitialEvents == nil {
				// The reflector repeats some of these errors without a word. An old server refuses to stream a list.
				s.health.markDown(fmt.Errorf("watch %s: %w", s.resource.Resource, err), time.Now())
			}
			return w, err
		},
	}
	i := cache.NewSharedIndexInformerWithOptions(
		cache.ToListWatcherWithWatchListSemantics(lw, client),
		&unstructured.Unstructured{},
		cache.SharedIndexInformerOptions{Indexers: s.indexers, ObjectDescription: s.resource.String()},
	)
	_ = i.SetTransform(s.strip) // fails only once started
	return i
}

// list gets all pages. It reads from etcd, because the server does not page lists from its watch cache.
func (s informerSpec) list(ctx context.Context, resource *wire.Resource, o v1.ListOptions) (runtime.Object, error) {
	if s.selector != nil {
		s.selector(&o)
	}
	o.Limit, o.ResourceVersion, o.ResourceVersionMatch = pageSize, "", ""
	out := &v1.List{}
	keep := func(u *unstructured.Unstructured) error {
		stripped, err := s.strip(u)
		object, ok := stripped.(runtime.Object)
		if err != nil || !ok {
			return fmt.Errorf("read %s: %w", s.resource.Resource, err)
		}
		out.Items = append(out.Items, runtime.RawExtension{Object: object})
		return nil
	}
	for {
		page, err := resource.List(ctx, o, keep)
		if err != nil {
			return nil, err
		}
		out.ResourceVersion = page.ResourceVersion
		if o.Continue = page.Continue; o.Continue == "" {
			return out, nil
		}
	}
}

// watchHealth records whether a watch is up: from its start until an attempt to watch fails.
type watchHealth struct {
	mu    sync.Mutex
	err   error // why it is down; nil while it is up
	since time.Time
	// onDown is called when the watch goes down; it may be nil.
	onDown func()
}

func (p *watchHealth) markUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = nil
}

func (p *watchHealth) markDown(err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.since = now
	}
	p.err = err
	if p.onDown != nil {
		p.onDown()
	}
}

// downFor returns the error of a watch that has been down for so long, or nil.
func (p *watchHealth) downFor(longer time.Duration, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || now.Sub(p.since) < longer {
		return nil
	}
	return p.err
}
