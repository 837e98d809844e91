// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/apply/limit"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/testenv/webhooktest"
)

// deny starts an admission webhook that denies every ConfigMap of a namespace with a code of its own.
func deny(t *testing.T, c *Cluster, namespace string, code int32) {
	t.Helper()
	webhooktest.DenyConfigMaps(t, shared.kube, namespace, code, "not now")
	inForce(t, c, namespace)
}

// inForce waits until a webhook denies a ConfigMap named probe.
func inForce(t *testing.T, c *Cluster, namespace string) {
	t.Helper()
	eventually(t, "the webhook is in force", func() string {
		probe := object(t, namespace, "{apiVersion: v1, kind: ConfigMap, metadata: {name: probe}, data: {a: b}}")
		p, err := c.Preview(t.Context(), []*unstructured.Unstructured{probe})
		if err != nil || p[0].Err == nil {
			return fmt.Sprintf("%v, %v", p, err)
		}
		return ""
	})
}

// TestWebhookOfOneObject has a webhook answer 429, 503 or 504 for ConfigMaps: the Service beside them is applied, and
// the server does not count as unusable.
func TestWebhookOfOneObject(t *testing.T) {
	for _, code := range []int32{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			c, ns := connect(t, shared.kubeconfig)
			deny(t, c, ns, code)
			changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{
				object(t, ns, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}"),
				object(t, ns, "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}"),
			})
			if err != nil {
				t.Fatalf("the server counts as unusable: %v", err)
			}
			got := map[string]cluster.Result{}
			for _, e := range changes {
				got[e.Ref.Kind] = e.Result
				if e.Ref.Kind == "ConfigMap" && (e.Err == nil || !strings.Contains(e.Err.Error(), `webhook "busy.example.com"`)) {
					t.Errorf("the error does not name the webhook: %v", e.Err)
				}
			}
			if got["ConfigMap"] != cluster.Failed || got["Service"] != cluster.Created {
				t.Errorf("results %v", got)
			}
		})
	}
}

// TestWebhookAsksToWait has a webhook answer 429 for one ConfigMap, with a time after which to ask again: all others
// are applied at once, and it is asked again about that one when the object is another, or the time has come.
func TestWebhookAsksToWait(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	var asked, seconds atomic.Int32
	seconds.Store(3600)
	webhooktest.Deny(t, shared.kube, ns, func(name string) *metav1.Status {
		switch name {
		case "probe":
			return &metav1.Status{Code: http.StatusForbidden}
		case "busy":
			asked.Add(1)
			return &metav1.Status{
				Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests, Message: "come back later",
				Details: &metav1.StatusDetails{RetryAfterSeconds: seconds.Load()},
			}
		}
		return nil
	})
	inForce(t, c, ns)
	apply := func(data string) map[string]cluster.Entry {
		t.Helper()
		const text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {a: %s}}"
		var all []*unstructured.Unstructured
		for _, name := range []string{"a", "busy", "c", "d"} {
			o := object(t, ns, fmt.Sprintf(text, name, data))
			labels := o.GetLabels()
			labels[cluster.LabelWorkspace] = name
			o.SetLabels(labels)
			all = append(all, o)
		}
		changes, err := c.Apply(t.Context(), all)
		if err != nil {
			t.Fatalf("the server counts as unusable: %v", err)
		}
		got := map[string]cluster.Entry{}
		for _, e := range changes {
			got[e.Ref.Name] = e
		}
		for _, name := range []string{"a", "c", "d"} {
			if e := got[name]; e.Err != nil {
				t.Errorf("%s is refused as well: %v", name, e.Err)
			}
		}
		return got
	}
	refused := func(e cluster.Entry) {
		t.Helper()
		if e.Result != cluster.Failed || e.Err == nil || !strings.Contains(e.Err.Error(), "come back later") {
			t.Errorf("%s: %v, want what the webhook said", e.Result, e.Err)
		}
	}
	for range 3 {
		refused(apply("b")["busy"])
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the webhook was asked %d times within its time", n)
	}
	if n := c.limiter.Places(); n < limit.First {
		t.Errorf("all requests are slowed down: %d at once", n)
	}
	seconds.Store(1)
	refused(apply("c")["busy"])
	if n := asked.Load(); n != 2 {
		t.Errorf("the webhook was asked %d times about two objects", n)
	}
	eventually(t, "the webhook is asked again", func() string {
		refused(apply("c")["busy"])
		if asked.Load() < 3 {
			return "not yet"
		}
		return ""
	})
}

// TestLost says when an answer that may come from behind the server counts for all objects.
func TestLost(t *testing.T) {
	ill := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if ill {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	c := &Cluster{config: &rest.Config{Host: server.URL}, address: server.URL + "/version", version: server.Client()}
	for _, tt := range []struct {
		name string
		ill  bool
		code int32
		text string
		want bool // all objects are concerned
	}{
		{"aggregated API is away", false, http.StatusServiceUnavailable, "the server is currently unable", false},
		{"server is away", true, http.StatusServiceUnavailable, "the server is currently unable", true},
		{"server is busy", false, http.StatusTooManyRequests, "too many requests", true},
		{"webhook is busy", true, http.StatusTooManyRequests, `admission webhook "a" denied the request: later`, false},
		{"credentials", false, http.StatusUnauthorized, "Unauthorized", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ill = tt.ill
			if err := c.lost(t.Context(), statusError(tt.code, tt.text)); (err != nil) != tt.want {
				t.Errorf("concerns all objects: %v, want %t", err, tt.want)
			}
		})
	}
}

// statusError is what a client makes of an answer of the API server.
func statusError(code int32, message string) error {
	reasons := map[int32]metav1.StatusReason{
		http.StatusTooManyRequests:    metav1.StatusReasonTooManyRequests,
		http.StatusServiceUnavailable: metav1.StatusReasonServiceUnavailable,
		http.StatusUnauthorized:       metav1.StatusReasonUnauthorized,
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reasons[code], Message: message}}
}
