// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// encryptedSecret is what loading makes of an encrypted Secret.
func encryptedSecret(t *testing.T, ns, digest string, keys ...string) *unstructured.Unstructured {
	t.Helper()
	u := object(t, ns, "apiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata: {name: token}\n")
	u.SetAnnotations(map[string]string{wellknown.AnnotationEncrypted: digest})
	data := map[string]any{}
	for _, key := range keys {
		data[key] = "encrypted:" + digest
	}
	u.Object["data"] = data
	return u
}

// spied records what the server sends.
type spied struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *spied) add(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(data)
}

func (s *spied) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// recordingBody records a body while it is read, such as that of a watch.
type recordingBody struct {
	io.ReadCloser
	to *spied
}

func (b recordingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.to.add(p[:n])
	return n, err
}

// TestSecret creates, keeps, changes, mends and prunes a Secret, and never receives a value of it.
func TestSecret(t *testing.T) {
	values := map[string]map[string][]byte{
		"sha256:1": {"a": []byte("s3cret-one"), "b": []byte("s3cret-two")},
		"sha256:2": {"a": []byte("s3cret-three")},
	}
	c, ns := connectWith(t, Options{
		Kinds: []string{"ConfigMap", "Secret"},
		Secrets: func(_, name, digest string) (map[string][]byte, bool) {
			data, ok := values[digest]
			return data, ok && name == "token"
		},
	})
	live := func() *corev1.Secret {
		t.Helper()
		s, err := shared.kube.CoreV1().Secrets(ns).Get(t.Context(), "token", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	apply := func(o *unstructured.Unstructured, want cluster.Result) cluster.Entry {
		t.Helper()
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
		if err != nil || len(changes) != 1 || changes[0].Result != want {
			t.Fatalf("%+v, %v, want %s", changes, err, want)
		}
		return changes[0]
	}
	one := encryptedSecret(t, ns, "sha256:1", "a", "b")
	apply(one, cluster.Created)
	if s := live(); string(s.Data["a"]) != "s3cret-one" || string(s.Data["b"]) != "s3cret-two" ||
		s.Type != corev1.SecretTypeOpaque {
		t.Error("the Secret has other values")
	}
	apply(one, cluster.Unchanged)
	observed(t, c, "the Secret", func(s cluster.State) string {
		if len(s.Objects) == 1 && s.Objects[0].Kind == "Secret" && s.Objects[0].Owned {
			return ""
		}
		return fmt.Sprintf("%+v", s.Objects)
	})
	apply(one, cluster.Unchanged)
	before := c.Writes()
	apply(one, cluster.Unchanged)
	if c.Writes() != before {
		t.Error("a Secret as desired is written again")
	}

	apply(encryptedSecret(t, ns, "sha256:2", "a"), cluster.Configured)
	if s := live(); string(s.Data["a"]) != "s3cret-three" || len(s.Data) != 1 {
		t.Error("the Secret keeps old values")
	}

	two := encryptedSecret(t, ns, "sha256:2", "a")
	patch := []byte(`{"stringData":{"a":"by hand"}}`)
	if _, err := shared.kube.CoreV1().Secrets(ns).Patch(t.Context(), "token", types.StrategicMergePatchType, patch,
		metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the change by hand", func() string {
		p, err := c.Preview(t.Context(), []*unstructured.Unstructured{two})
		if err != nil || p[0].After == nil || p[0].Before == nil {
			return fmt.Sprintf("%+v, %v", p, err)
		}
		return ""
	})
	apply(two, cluster.Configured)
	if s := live(); string(s.Data["a"]) != "s3cret-three" {
		t.Error("a value that was changed by hand stays")
	}

	unknown := apply(encryptedSecret(t, ns, "sha256:3", "a"), cluster.Failed)
	if !strings.Contains(fmt.Sprint(unknown.Err), "its values are unknown") || string(live().Data["a"]) != "s3cret-three" {
		t.Errorf("%v", unknown.Err)
	}

	var mine *cluster.Object
	observed(t, c, "the Secret", func(s cluster.State) string {
		if len(s.Objects) != 1 {
			return fmt.Sprintf("%+v", s.Objects)
		}
		mine = s.Objects[0]
		return ""
	})
	changes, err := c.Prune(t.Context(), []*cluster.Object{mine})
	if err != nil || changes[0].Result != cluster.Deleted {
		t.Errorf("%+v, %v", changes, err)
	}
}

// TestSecretAnswersHaveNoData looks at every byte of the server: of lists, watches, reads, writes and refusals.
func TestSecretAnswersHaveNoData(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	c, err := Connect(Options{
		Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}, Kinds: []string{"Secret"},
		Secrets: func(string, string, string) (map[string][]byte, bool) {
			return map[string][]byte{"a": []byte("s3cret-value"), ".dockerconfigjson": []byte("s3cret-value")}, true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := &spied{}
	c.config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.Contains(r.URL.Path, "/secrets") {
				resp.Body = recordingBody{resp.Body, seen}
			}
			return resp, err
		})
	})
	if err := c.dial(); err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "the first listing", func(cluster.State) string { return "" })
	o := encryptedSecret(t, ns, "sha256:1", "a", ".dockerconfigjson")
	changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
	if err != nil || changes[0].Result != cluster.Created {
		t.Fatalf("%+v, %v", changes, err)
	}
	observed(t, c, "the Secret", func(s cluster.State) string {
		if len(s.Objects) == 1 {
			return ""
		}
		return "is not there"
	})
	bad := encryptedSecret(t, ns, "sha256:2", "a", ".dockerconfigjson")
	bad.SetName("registry")
	bad.Object["type"] = string(corev1.SecretTypeDockerConfigJson)
	changes, err = c.Apply(t.Context(), []*unstructured.Unstructured{bad})
	if err != nil || changes[0].Result != cluster.Failed {
		t.Fatalf("%+v, %v", changes, err)
	}
	if text := seen.all(); !strings.Contains(text, "PartialObjectMetadata") || strings.Contains(text, "s3cret") ||
		bytes.Contains([]byte(text), []byte("czNjcmV0")) || strings.Contains(fmt.Sprint(changes[0].Err), "s3cret") {
		t.Errorf("%v\n%s", changes[0].Err, text)
	}
}
