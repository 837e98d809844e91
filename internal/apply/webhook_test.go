// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/testenv/webhooktest"
)

// deny starts an admission webhook that denies every ConfigMap of a namespace with a code of its own.
func deny(t *testing.T, c *Cluster, namespace string, code int32) {
	t.Helper()
	webhooktest.DenyConfigMaps(t, shared.kube, namespace, code, "not now")
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
