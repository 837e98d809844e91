// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
)

// TestCreateOnly is what creates rely on: an object that is applied with the version createOnly is created where
// nothing is, and refused with 409 where something is, of a built-in kind, of a custom resource and of a Secret, for
// real and as a dry run, with force and without. Nothing of others changes.
func TestCreateOnly(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	install(t, c, definitions(t)...)
	secret := object(t, ns, "{apiVersion: v1, kind: Secret, metadata: {name: created}}")
	_ = unstructured.SetNestedField(secret.Object, base64.StdEncoding.EncodeToString([]byte("x")), "data", "a")
	pool := nodePool("created-only")
	eventually(t, "the kind NodePool", func() string {
		if _, err := c.pathOf(pool); err != nil {
			return err.Error()
		}
		if _, err := c.read(t.Context(), pool); err != nil { // it is served a moment later
			return err.Error()
		}
		return ""
	})
	for _, o := range append(everyKind(t, ns), secret, pool) {
		t.Run(o.GetKind(), func(t *testing.T) {
			o.SetName("created-only")
			body, err := bodyOf(o.DeepCopy(), createOnly)
			if err != nil {
				t.Fatal(err)
			}
			if o == pool {
				t.Cleanup(func() { _ = c.client.Delete(context.Background(), o.DeepCopy()) })
			}
			for _, step := range []struct {
				m    mode
				want int
			}{
				{asTrial, http.StatusCreated},
				{asInquiry, http.StatusCreated},
				{forReal, http.StatusCreated},
				{asTrial, http.StatusConflict},
				{asInquiry, http.StatusConflict},
				{forReal, http.StatusConflict},
			} {
				answer, created, err := c.send(t.Context(), o, body, step.m)
				code := http.StatusOK
				switch {
				case created:
					code = http.StatusCreated
				case outdated(err):
					code = http.StatusConflict
				case err != nil:
					t.Fatal(err)
				}
				if code != step.want {
					t.Errorf("%s: %d, want %d", step.m, code, step.want)
				}
				if step.m == forReal && created && (answer.GetUID() == "" || answer.GetKind() != o.GetKind() ||
					!mirror.AppliedByUs(answer)) {
					t.Errorf("answer %v", answer.Object)
				}
			}
			if o.GetKind() != "ConfigMap" {
				return
			}
			// With the live version it is applied, and with any other one not.
			now := live(t, c, o)
			for version, refused := range map[string]bool{now.GetResourceVersion(): false, "2": true} {
				body, _ := bodyOf(o.DeepCopy(), version)
				if _, created, err := c.send(t.Context(), o, body, forReal); created || outdated(err) != refused {
					t.Errorf("version %s: created %t, %v", version, created, err)
				}
			}
		})
	}
}

// TestRequestsOfACreate: a fresh cluster costs one PATCH for each object, and looking again at what is there nothing.
func TestRequestsOfACreate(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	objects := everyKind(t, ns)
	before := asked(c)
	apply(t, c, cluster.Created, objects...)
	want := maps.Clone(before)
	want["PATCH"] += int64(len(objects))
	if got := asked(c); !maps.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
	eventually(t, "the watch", func() string {
		for _, o := range objects {
			if c.live(o) == nil {
				return cluster.RefOf(o).String()
			}
		}
		return ""
	})
	previewNothing(t, c, objects[:1]) // a ConfigMap: nothing but syncer changes it
	apply(t, c, cluster.Unchanged, objects[:1]...)
	if got := asked(c); !maps.Equal(got, want) {
		t.Errorf("after a second look: requests %v, want %v", got, want)
	}
}

// TestRequestsOfAChange: a changed object costs one dry run and one PATCH, in a preview and the write after it, and no
// read unless it is a ConfigMap, whose data are not in memory.
func TestRequestsOfAChange(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	objects := []*unstructured.Unstructured{
		configMap(t, ns, "a", "1"), service(t, ns), statefulSet(t, ns, "example.com/phi:1"),
	}
	apply(t, c, cluster.Created, objects...)
	settle(t, c, objects...)
	port := service(t, ns)
	_ = unstructured.SetNestedField(port.Object, "ClientIP", "spec", "sessionAffinity")
	for _, tt := range []struct {
		name string
		next *unstructured.Unstructured
		gets int64
	}{{"Service", port, 0}, {"ConfigMap", configMap(t, ns, "a", "2"), 1}} {
		t.Run(tt.name, func(t *testing.T) {
			all := append([]*unstructured.Unstructured{tt.next}, objects[2])
			before := asked(c)
			p, err := c.Preview(t.Context(), all)
			if err != nil || p[0].After == nil || p[0].Before == nil || p[1].After != nil {
				t.Fatalf("%+v, %v", p, err)
			}
			changes, err := c.Apply(t.Context(), all)
			if err != nil || changes[0].Result != cluster.Configured || changes[1].Result != cluster.Unchanged {
				t.Fatalf("%+v, %v", changes, err)
			}
			want := maps.Clone(before)
			want["PATCH"]++
			want["PATCH dry run"]++
			if tt.gets > 0 {
				want["GET"] += tt.gets
			}
			if got := asked(c); !maps.Equal(got, want) {
				t.Errorf("requests %v, want %v", got, want)
			}
		})
	}
}

// TestWatchIsBehind: an object that has changed since the watch saw it is read again, judged again and then written,
// and what others have set in the meantime stays.
func TestWatchIsBehind(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	o := configMap(t, ns, "a", "1")
	apply(t, c, cluster.Created, o)
	stale := live(t, c, o)
	patch := []byte(`{"data":{"b":"theirs"}}`)
	_, err := shared.kube.CoreV1().ConfigMaps(ns).
		Patch(t.Context(), "a", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "kubectl"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.write(t.Context(), configMap(t, ns, "a", "2"), stale)
	if err != nil || e.Result != cluster.Configured {
		t.Fatalf("%+v, %v", e, err)
	}
	data, _, _ := unstructured.NestedStringMap(live(t, c, o).Object, "data")
	if fmt.Sprint(data) != "map[a:2 b:theirs]" {
		t.Errorf("data %v", data)
	}
	if e, err = c.write(t.Context(), configMap(t, ns, "a", "2"), stale); err != nil || e.Result != cluster.Unchanged {
		t.Errorf("as desired by now: %+v, %v", e, err)
	}
	if err := shared.kube.CoreV1().ConfigMaps(ns).Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if e, err = c.write(t.Context(), configMap(t, ns, "a", "2"), stale); err != nil || e.Result != cluster.Created {
		t.Errorf("gone by now: %+v, %v", e, err)
	}
	if _, err := c.read(t.Context(), o); apierrors.IsNotFound(err) {
		t.Error("nothing there is an error")
	}
}
