package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
)

// pageSize is how many objects are in memory as the server sends them, when it cannot stream them one by one: a pod takes some
// 30 KiB then.
const pageSize = 500

// view is what an informer sees of a kind.
type view struct {
	resource schema.GroupVersionResource
	narrow   func(*v1.ListOptions) // nil: all
	slim     cache.TransformFunc
	indexers cache.Indexers
	pulse    *pulse
}

// informer watches what is in view in one namespace. Objects are slimmed page by page, so that a kind of which there is much never
// is in memory as a whole.
func (v view) informer(client dynamic.Interface, ns string) cache.SharedIndexInformer {
	resource := client.Resource(v.resource).Namespace(ns)
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o v1.ListOptions) (runtime.Object, error) { return v.list(ctx, resource, o) },
		WatchFuncWithContext: func(ctx context.Context, o v1.ListOptions) (watch.Interface, error) {
			if v.narrow != nil {
				v.narrow(&o)
			}
			w, err := resource.Watch(ctx, o)
			if err == nil {
				v.pulse.beats()
			}
			return w, err
		},
	}
	i := cache.NewSharedIndexInformerWithOptions(cache.ToListWatcherWithWatchListSemantics(lw, client), &unstructured.Unstructured{},
		cache.SharedIndexInformerOptions{Indexers: v.indexers, ObjectDescription: v.resource.String()})
	_ = i.SetTransform(v.slim) // fails only once started
	return i
}

// list gets all pages. It asks for what the server has stored, and not for what it has in memory, of which it makes no pages.
func (v view) list(ctx context.Context, resource dynamic.ResourceInterface, o v1.ListOptions) (runtime.Object, error) {
	if v.narrow != nil {
		v.narrow(&o)
	}
	o.Limit, o.ResourceVersion, o.ResourceVersionMatch = pageSize, "", ""
	out := &v1.List{}
	for {
		page, err := resource.List(ctx, o)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			slimmed, err := v.slim(&page.Items[i])
			object, ok := slimmed.(runtime.Object)
			if err != nil || !ok {
				return nil, fmt.Errorf("read %s: %w", v.resource.Resource, err)
			}
			out.Items = append(out.Items, runtime.RawExtension{Object: object})
		}
		out.ResourceVersion = page.GetResourceVersion()
		if o.Continue = page.GetContinue(); o.Continue == "" {
			return out, nil
		}
	}
}

// pulse knows whether a kind is being watched: from the moment when a watch begins until one cannot.
type pulse struct {
	mu    sync.Mutex
	err   error // why it is not; nil while it is
	since time.Time
}

func (p *pulse) beats() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = nil
}

func (p *pulse) stops(err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.since = now
	}
	p.err = err
}

// trouble returns why the kind has not been watched for so long, or nil.
func (p *pulse) trouble(longer time.Duration, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || now.Sub(p.since) < longer {
		return nil
	}
	return p.err
}
