// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"syncer.dev/syncer/internal/apply/wire"
	"syncer.dev/syncer/internal/testenv"
)

// somePod is a pod as the server sends it, with fields that syncer does not need.
func somePod(i int) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"name":            fmt.Sprintf("web-7d4b9c6f5-%05d", i),
			"namespace":       "shop",
			"uid":             fmt.Sprintf("7c9e6679-7425-40de-944b-e07fc1f9%04d", i%10_000),
			"resourceVersion": strconv.Itoa(i + 1),
			"labels":          map[string]any{"app": "web"},
			"annotations":     map[string]any{"note": strings.Repeat("x", 2000)},
		},
		"spec": map[string]any{
			"nodeName": fmt.Sprintf("aks-cpu-%04d", i/30),
			"containers": []any{map[string]any{
				"name":      "web",
				"env":       []any{map[string]any{"name": "A", "value": strings.Repeat("y", 1000)}},
				"resources": map[string]any{"limits": map[string]any{"cpu": "1"}},
			}},
		},
	}
}

// TestListsByPages lists a kind with many objects by pages; the server decides where a page ends.
func TestListsByPages(t *testing.T) {
	const total = 2*pageSize + 100
	var pages, refused atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		q := r.URL.Query()
		switch {
		case q.Get("sendInitialEvents") != "": // an old server does not stream
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)
			return
		case q.Get("watch") != "":
			if refused.Load() == 0 {
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return
			}
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(
				w,
				`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}`,
			)
			return
		}
		pages.Add(1)
		from, _ := strconv.Atoi(q.Get("continue"))
		limit, _ := strconv.Atoi(q.Get("limit"))
		list := map[string]any{"apiVersion": "v1", "kind": "PodList"}
		meta, items := map[string]any{"resourceVersion": "9999"}, []any{}
		for i := from; i < min(from+limit, total); i++ {
			items = append(items, somePod(i))
		}
		if from+limit < total {
			meta["continue"] = strconv.Itoa(from + limit)
		}
		list["metadata"], list["items"] = meta, items
		_ = json.NewEncoder(w).Encode(list)
	}))
	defer server.CloseClientConnections()
	client := wire.NewClient(&rest.Config{Host: server.URL}, server.Client())
	p := &watchHealth{}
	i := informerSpec{pods, nil, wantedOfForeign, stripPod(owner), podIndexers, p}.informer(client, "")
	_ = i.SetWatchErrorHandler(func(_ *cache.Reflector, err error) { p.markDown(err, time.Now()) })
	go i.RunWithContext(t.Context())
	testenv.Eventually(t, "the first listing", func() string {
		if !i.HasSynced() {
			return "not listed"
		}
		return ""
	})
	if n := len(i.GetStore().List()); n != total || pages.Load() != 3 {
		t.Errorf("%d pods in %d pages", n, pages.Load())
	}
	if on, err := i.GetIndexer().ByIndex(byNode, "aks-cpu-0000"); err != nil || len(on) != 30 {
		t.Errorf("%d pods on the first node, %v", len(on), err)
	}
	refused.Store(1)
	server.CloseClientConnections()
	testenv.Eventually(t, "the end of the watch to be noticed", func() string {
		if err := p.downFor(0, time.Now()); err == nil || !strings.Contains(err.Error(), "no") {
			return fmt.Sprint(err)
		}
		return ""
	})
	refused.Store(0)
	testenv.Eventually(t, "the watch to go on", func() string {
		if err := p.downFor(0, time.Now()); err != nil {
			return err.Error()
		}
		return ""
	})
}

// What is kept of a pod is small: a cluster may have 50,000 of them, few of which are on a node with GPUs.
func TestPodsAreSmall(t *testing.T) {
	const total = 50_000
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, podIndexers)
	stripped := stripPod(owner)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range total {
		data, _ := json.Marshal(somePod(i))
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		o, err := stripped(u)
		if err == nil {
			err = store.Add(o)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	each := (heap() - before) / total
	t.Logf("%d bytes for each pod", each)
	if each > 1024 {
		t.Errorf("%d bytes for each pod", each)
	}
	runtime.KeepAlive(store)
}

// What cannot be watched any more is not taken for what is so: for the kinds of all modes Synced fails after a while,
// and of the pods of others it is not said that they are all.
func TestWatchThatEnds(t *testing.T) {
	w := started(t, Options{Namespaces: []string{"default"}, Foreign: true})
	all := func(want bool) {
		t.Helper()
		testenv.Eventually(t, fmt.Sprintf("all pods: %v", want), func() string {
			if err := w.Synced(); err != nil {
				return err.Error()
			}
			s, err := w.State(nil)
			switch {
			case err != nil:
				return err.Error()
			case s.AllPods != want:
				return "not yet"
			}
			return ""
		})
	}
	all(true)
	l := w.optionalKind(podKind)
	l.mu.Lock()
	p := l.healths[0]
	l.mu.Unlock()
	p.markDown(errors.New("forbidden"), time.Now())
	all(false)
	p.markUp()
	all(true)

	core := w.healths[0]
	core.markDown(errors.New("watch jobs: forbidden"), time.Now())
	all(true) // for a moment, that is no news
	core.markUp()
	core.markDown(errors.New("watch jobs: forbidden"), time.Now().Add(-2*watchPatience))
	core.markDown(errors.New("watch jobs: forbidden again"), time.Now())
	if err := w.Synced(); err == nil || errors.Is(err, ErrNotSynced) || !strings.Contains(err.Error(), "forbidden again") {
		t.Errorf("%v", err)
	}
	core.markUp()
	all(true)
}

// started returns informers that watch a control plane of their own.
func started(t *testing.T, o Options) *Informers {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", testenv.StartCluster(t).Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	o.NewMapper = func() (meta.RESTMapper, error) { return apiutil.NewDynamicRESTMapper(config, httpClient) }
	if o.Mapper, err = o.NewMapper(); err != nil {
		t.Fatal(err)
	}
	o.Client = wire.NewClient(config, httpClient)
	o.Cluster, o.Contact = owner, func(context.Context) error { return nil }
	w := New(o)
	w.Start(t.Context())
	return w
}
