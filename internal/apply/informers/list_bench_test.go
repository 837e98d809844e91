// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/wire"
	"syncer.dev/syncer/internal/bench"
)

// liveObject returns an object of testdata as JSON.
func liveObject(tb testing.TB, name string) string {
	tb.Helper()
	archive, err := txtar.ParseFile("testdata/live.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == name+".json" {
			return strings.TrimSpace(string(f.Data))
		}
	}
	tb.Fatalf("testdata has no %s", name)
	return ""
}

// pages answers lists from memory, without a connection, and watches with an event for each object.
type pages struct {
	lists  [][]byte
	events []byte
}

// RoundTrip returns the page that the query asks for.
func (p *pages) RoundTrip(r *http.Request) (*http.Response, error) {
	n, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	body := p.lists[n]
	if r.URL.Query().Get("watch") != "" {
		body = p.events
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// pagesOf returns as many objects of a kind with different names.
func pagesOf(tb testing.TB, name, kind, version string, total int) *pages {
	tb.Helper()
	object := liveObject(tb, name)
	out := &pages{}
	for from := 0; from < total; from += pageSize {
		var items []string
		for i := from; i < min(from+pageSize, total); i++ {
			o := strings.ReplaceAll(object, "m-00000", fmt.Sprintf("m-%05d", i))
			o = strings.ReplaceAll(o, "00000000-0000-4000-8000-", fmt.Sprintf("%08x-0000-4000-8000-", i))
			o = strings.ReplaceAll(o, `"resourceVersion":"`, fmt.Sprintf(`"resourceVersion":"%d`, i))
			items = append(items, o)
			out.events = fmt.Appendf(out.events, `{"type":"ADDED","object":%s}`+"\n", o)
		}
		next := ""
		if from+pageSize < total {
			next = fmt.Sprint(len(out.lists) + 1)
		}
		out.lists = append(out.lists, fmt.Appendf(nil,
			`{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"1","continue":%q},"items":[%s]}`,
			kind+"List", version, next, strings.Join(items, ",")))
	}
	return out
}

// oldList lists as the dynamic client does, and strips whole objects: what a list by package wire is compared with.
func oldList(
	ctx context.Context, resource dynamic.ResourceInterface, strip cache.TransformFunc,
) (out []kruntime.Object, err error) {
	for o := (metav1.ListOptions{Limit: pageSize}); ; {
		page, err := resource.List(ctx, o)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			stripped, err := strip(&unstructured.Unstructured{Object: page.Items[i].Object})
			if err != nil {
				return nil, err
			}
			out = append(out, stripped.(kruntime.Object))
		}
		if o.Continue = page.GetContinue(); o.Continue == "" {
			return out, nil
		}
	}
}

// watched strips the objects of a watch until it ends.
func watched(w watch.Interface, err error, strip cache.TransformFunc) (out []any, _ error) {
	if err != nil {
		return nil, err
	}
	for event := range w.ResultChan() {
		stripped, err := strip(event.Object)
		if err != nil {
			return nil, err
		}
		out = append(out, stripped)
	}
	return out, nil
}

// BenchmarkList measures for each object of a list of 2,000, in pages or as the server streams it: its time, what is
// allocated, and what is kept of it.
func BenchmarkList(b *testing.B) {
	const total = 2000
	for _, kind := range []struct {
		name, kind string
		resource   schema.GroupVersionResource
		wanted     wire.Fields
		strip      cache.TransformFunc
	}{
		{"statefulset", "StatefulSet", statefulSets, wanted[statefulSets], stripWorkload},
		{"service", "Service", services, wanted[services], strip},
		{"endpointslice", "EndpointSlice", endpointSlices, wanted[endpointSlices], stripEndpoints},
		{"pod", "Pod", pods, wanted[pods], stripOwnPod("bench")},
		{"foreign", "Pod", pods, wantedOfForeign, stripPod("bench")},
		{"node", "Node", nodes, wanted[nodes], stripNode},
	} {
		object := kind.name
		if object == "foreign" {
			object = "pod"
		}
		config := &rest.Config{Host: "http://server.invalid"}
		h := &http.Client{Transport: pagesOf(b, object, kind.kind, kind.resource.GroupVersion().String(), total)}
		spec := informerSpec{resource: kind.resource, wanted: kind.wanted, strip: kind.strip}
		resource := wire.NewClient(config, h).Resource(kind.resource, "", kind.wanted)
		old, err := dynamic.NewForConfigAndClient(config, h)
		if err != nil {
			b.Fatal(err)
		}
		o, oldResource := metav1.ListOptions{}, old.Resource(kind.resource)
		for _, how := range []struct {
			name string
			list func() (any, error)
		}{
			{"in pages", func() (any, error) { return spec.list(b.Context(), resource, o) }},
			{"in pages, by the dynamic client", func() (any, error) { return oldList(b.Context(), oldResource, kind.strip) }},
			{"streamed", func() (any, error) {
				w, err := resource.Watch(b.Context(), o)
				return watched(w, err, kind.strip)
			}},
			{"streamed, by the dynamic client", func() (any, error) {
				w, err := oldResource.Watch(b.Context(), o)
				return watched(w, err, kind.strip)
			}},
		} {
			b.Run(kind.name+" "+how.name, func(b *testing.B) { perObject(b, total, how.list) })
		}
	}
}

// perObject reports what a list costs for each object.
func perObject(b *testing.B, total int, list func() (any, error)) {
	b.Helper()
	heap := func() (m runtime.MemStats) {
		runtime.GC()
		runtime.GC() // the second one empties the pools
		runtime.ReadMemStats(&m)
		return m
	}
	var kept, allocated uint64
	var used time.Duration
	for b.Loop() {
		before, start := heap(), bench.CPUTime()
		got, err := list()
		if err != nil {
			b.Fatal(err)
		}
		used += bench.CPUTime() - start
		after := heap()
		kept += after.HeapAlloc - before.HeapAlloc
		allocated += after.TotalAlloc - before.TotalAlloc
		runtime.KeepAlive(got)
	}
	each := float64(total * b.N)
	b.ReportMetric(float64(used.Nanoseconds())/each, "cpu-ns/object")
	b.ReportMetric(float64(allocated)/each, "B-allocated/object")
	b.ReportMetric(float64(kept)/each, "B-kept/object")
	b.ReportMetric(0, "ns/op")
}
