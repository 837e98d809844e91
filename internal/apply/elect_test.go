// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/fence"
)

// standing is a candidate with the permissions that docs/operating.md lists.
type standing struct {
	*Cluster
	lease *lease.Lease
	fence *fence.Fence
	stop  func() // ends it, and waits for that
}

func stand(t *testing.T, user, ns, identity string) *standing {
	t.Helper()
	f := &fence.Fence{}
	c, err := Connect(Options{
		Kubeconfig: rewired(t, "client-certificate-data:", "as: "+user+"\n    client-certificate-data:"),
		Cluster:    owner, Namespaces: []string{ns},
		MayWrite: func(context.Context, string) error { return f.MayWrite() },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := c.Elect(lease.Options{
		Namespace: ns, Name: "syncer-demo", Identity: identity,
		// No test waits for the end of a lease: a busy machine must not end one.
		Duration: 10 * time.Minute, RenewDeadline: 5 * time.Minute, Retry: time.Minute,
	}, f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		wait := func(ctx context.Context) { <-ctx.Done() }
		l.Run(ctx, lease.Phases{Follow: wait, Lead: wait})
	}()
	s := &standing{c, l, f, func() { cancel(); <-ended }}
	t.Cleanup(s.stop)
	return s
}

// TestElect: with the documented permissions one of two candidates leads and writes; the other may not write, and leads
// once the first has given the Lease back, although its next try would be a minute later.
func TestElect(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	named := rule("coordination.k8s.io", []string{"get", "update", "watch"}, "leases")
	named.ResourceNames = []string{"syncer-demo"}
	user := permit(t, ns, []rbacv1.PolicyRule{rule("coordination.k8s.io", []string{"create"}, "leases"), named}, nil)
	a := stand(t, user, ns, "a")
	eventually(t, "a to lead", func() string {
		if !a.lease.Leads() {
			return a.lease.Role()
		}
		return ""
	})
	b := stand(t, user, ns, "b")
	eventually(t, "b to follow", func() string {
		if role := b.lease.Role(); role != "follower, a leads" {
			return role
		}
		return ""
	})
	apply(t, a.Cluster, "created", configMap(t, ns, "a", "1"))
	before := b.Writes()
	_, err := b.Apply(t.Context(), []*unstructured.Unstructured{configMap(t, ns, "b", "1")})
	if !errors.Is(err, fence.ErrNotLeader) || b.Writes() != before {
		t.Errorf("the follower writes: %v, %d requests", err, b.Writes()-before)
	}
	eventually(t, "b to watch the Lease", func() string {
		if b.Requests()["WATCH"] == 0 {
			return fmt.Sprint(b.Requests())
		}
		return ""
	})
	a.stop()
	eventually(t, "b to lead", func() string {
		if !b.lease.Leads() {
			return b.lease.Role()
		}
		return ""
	})
	apply(t, b.Cluster, "created", configMap(t, ns, "b", "1"))
	if _, err := a.Apply(t.Context(), []*unstructured.Unstructured{configMap(t, ns, "c", "1")}); !errors.Is(
		err, fence.ErrNotLeader) {
		t.Errorf("the old leader writes: %v", err)
	}
	got, err := shared.kube.CoordinationV1().Leases(ns).Get(t.Context(), "syncer-demo", metav1.GetOptions{})
	if err != nil || *got.Spec.HolderIdentity != "b" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestDeletionInFlight: a deletion that was decided on before another client has written the object is refused.
func TestDeletionInFlight(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	apply(t, c, "created", configMap(t, ns, "a", "1"))
	live := &unstructured.Unstructured{}
	live.SetAPIVersion("v1")
	live.SetKind("ConfigMap")
	got, err := shared.kube.CoreV1().ConfigMaps(ns).Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	live.SetNamespace(ns)
	live.SetName("a")
	live.SetUID(got.UID)
	live.SetResourceVersion(got.ResourceVersion)
	got.Data["by"] = "another"
	if _, err := shared.kube.CoreV1().ConfigMaps(ns).Update(t.Context(), got, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.remove(t.Context(), live); err == nil {
		t.Error("it was carried out")
	}
	if _, err := shared.kube.CoreV1().ConfigMaps(ns).Get(t.Context(), "a", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}
