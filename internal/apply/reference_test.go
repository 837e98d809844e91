// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/cluster"
)

// named refers to an object of the core group.
func named(ns, kind, name string) cluster.Ref {
	return cluster.Ref{Version: "v1", Kind: kind, Namespace: ns, Name: name}
}

// lookAt looks at one object.
func lookAt(t *testing.T, c *Cluster, r cluster.Ref, now time.Time) cluster.Reference {
	t.Helper()
	all, err := c.Look(t.Context(), []cluster.Ref{r}, now)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return all[r]
}

func createSecret(t *testing.T, ns, name string) {
	t.Helper()
	if _, err := shared.kube.CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: map[string]string{"password": "never-seen"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// What is missing is asked for again soon, what exists rarely, and what nothing refers to not at all.
func TestLook(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	now := time.Unix(1_700_000_000, 0)
	secret, config := named(ns, "Secret", "push"), named(ns, "ConfigMap", "conf")
	refs := []cluster.Ref{
		secret,
		config,
		named(ns, "PersistentVolumeClaim", "data"),
		{Group: "karpenter.example", Kind: "NodeClass", Name: "gpu"},
	}
	look := func(after time.Duration) (map[cluster.Ref]cluster.Reference, int64) {
		t.Helper()
		before := c.Requests()[http.MethodGet]
		found, err := c.Look(t.Context(), refs, now.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return found, c.Requests()[http.MethodGet] - before
	}
	found, _ := look(0)
	for _, r := range refs {
		if found[r].Presence != cluster.Missing || (found[r].Why != "") != (r.Kind == "NodeClass") {
			t.Errorf("%s: %+v", r, found[r])
		}
	}
	if _, n := look(missingHolds / 2); n != 0 {
		t.Errorf("%d requests right afterwards", n)
	}
	createSecret(t, ns, "push")
	conf := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "conf"}, Data: map[string]string{"k": "1"}}
	cm, err := shared.kube.CoreV1().ConfigMaps(ns).Create(t.Context(), conf, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, _ = look(missingHolds)
	if found[secret].Presence != cluster.Present || found[secret].Data != nil || found[config].Data["k"] != "1" ||
		found[config].Ours {
		t.Errorf("%+v", found)
	}
	refs = refs[:2]
	if _, n := look(2 * missingHolds); n != 0 {
		t.Errorf("%d requests for what is there", n)
	}
	cm.Data["k"] = "2"
	if _, err := shared.kube.CoreV1().ConfigMaps(ns).Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if found, n := look(missingHolds + configHolds); found[config].Data["k"] != "2" || n != 1 {
		t.Errorf("%+v after %d requests", found[config], n)
	}
	if err := shared.kube.CoreV1().Secrets(ns).Delete(t.Context(), "push", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if found, _ := look(missingHolds + presentHolds); found[secret].Presence != cluster.Missing {
		t.Errorf("%+v", found[secret])
	}
	refs = nil
	if found, n := look(time.Hour); len(found) != 0 || n != 0 || len(c.references) != 0 {
		t.Errorf("%+v after %d requests, kept %v", found, n, c.references)
	}
}

// A ConfigMap that an earlier commit made is about to be pruned: it differs from unmanaged ones.
func TestLookAtOurOwn(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	apply(t, c, cluster.Created, configMap(t, ns, "ours", "1"))
	if l := lookAt(t, c, named(ns, "ConfigMap", "ours"), time.Unix(0, 0)); l.Presence != cluster.Present || !l.Ours {
		t.Errorf("%+v", l)
	}
}

// What may not be read is not known, which is no error; and it does not turn what was there into something that is not.
func TestLookIsForbidden(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	one := rule("", []string{"get"}, "secrets")
	one.ResourceNames = []string{"allowed"}
	user := permit(t, ns, []rbacv1.PolicyRule{one}, nil)
	c, err := Connect(Options{
		Kubeconfig: rewired(
			t,
			"client-certificate-data:",
			"as: "+user+"\n    client-certificate-data:",
		), Cluster: owner, Namespaces: []string{ns},
	})
	if err != nil {
		t.Fatal(err)
	}
	createSecret(t, ns, "allowed")
	createSecret(t, ns, "hidden")
	now := time.Unix(1_700_000_000, 0)
	eventually(t, "the permission", func() string { // the authorizer learns of it a moment later
		now = now.Add(forbiddenHolds)
		if l := lookAt(t, c, named(ns, "Secret", "allowed"), now); l.Presence != cluster.Present {
			return l.Why
		}
		return ""
	})
	if l := lookAt(t, c, named(ns, "Secret", "hidden"), now); l.Presence != cluster.Unknown || l.Passing ||
		!strings.Contains(l.Why, "not permitted") {
		t.Errorf("%+v", l)
	}
	lookAt(t, c, named(ns, "Secret", "allowed"), now)
	if err := shared.kube.RbacV1().RoleBindings(ns).Delete(t.Context(), user, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the permission to be gone", func() string {
		now = now.Add(presentHolds)
		if l, err := c.look(t.Context(), named(ns, "Secret", "allowed")); err != nil || l.Presence != cluster.Unknown {
			return string(l.Presence)
		}
		return ""
	})
	if l := lookAt(t, c, named(ns, "Secret", "allowed"), now); l.Presence != cluster.Present {
		t.Errorf("what was there: %+v", l)
	}
}

// Of a Secret the server is only asked for the metadata, so that its values are never sent.
func TestLookAsksForNoValues(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	createSecret(t, ns, "push")
	var mu sync.Mutex
	var accepted, bodies []string
	config := rest.CopyConfig(c.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.Contains(r.URL.Path, "/secrets/") {
				data, _ := io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(bytes.NewReader(data))
				mu.Lock()
				accepted, bodies = append(accepted, r.Header.Get("Accept")), append(bodies, string(data))
				mu.Unlock()
			}
			return resp, err
		})
	})
	watched, err := client.New(config, client.Options{Scheme: runtime.NewScheme()})
	if err != nil {
		t.Fatal(err)
	}
	spy := &Cluster{
		options: c.options,
		config:  config,
		client:  client.WithFieldValidation(watched, metav1.FieldValidationStrict),
	}
	if l := lookAt(t, spy, named(ns, "Secret", "push"), time.Unix(0, 0)); l.Presence != cluster.Present {
		t.Errorf("%+v", l)
	}
	if len(bodies) != 1 || !strings.Contains(accepted[0], "as=PartialObjectMetadata") ||
		strings.Contains(bodies[0], "never-seen") ||
		strings.Contains(bodies[0], "bmV2ZXItc2Vlbg") {
		t.Errorf("%q: %q", accepted, bodies)
	}
}
