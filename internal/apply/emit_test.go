// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/apply/occurrence"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/workspace"
)

// TestEventsPassTheFence: of Events that wait while the process is stopped none is sent once it goes on, as the lease
// is too old then. The fence of another namespace does not count.
func TestEventsPassTheFence(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	mine, other := &fence.Fence{}, &fence.Fence{}
	mine.Require(time.Minute)
	c, err := Connect(Options{
		Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns},
		MayWrite: func(_ context.Context, namespace string) error {
			if namespace == ns {
				return mine.MayWrite()
			}
			return other.MayWrite()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := workspace.Key{Namespace: ns, Name: "phi"}
	about := cluster.Object{Ref: cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: ns, Name: "phi"}, Workspace: key}
	emitter := c.Emitter()
	emit := func(reason string) error {
		o := occurrence.Occurrence{Workspace: key, Reason: reason, Message: "m", Time: time.Now()}
		return emitter.Emit(t.Context(), occurrence.Event(o, about))
	}
	mine.Renewed(time.Now())
	if err := emit("Leads"); err != nil {
		t.Error(err)
	}
	before := c.Writes()
	mine.Renewed(time.Now().Add(-time.Hour)) // what the clock shows after SIGSTOP and SIGCONT
	for range 3 {
		if err := emit("Stopped"); !errors.Is(err, fence.ErrNotLeader) {
			t.Errorf("after a stop: %v", err)
		}
	}
	if n := c.Writes() - before; n > 0 {
		t.Errorf("%d requests after a stop", n)
	}
	list, err := shared.kube.EventsV1().Events(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Reason != "Leads" {
		t.Errorf("Events %v, %v", list, err)
	}
}

// TestEmit: the API server accepts an Event with texts of any length, and lists it as one of the object.
func TestEmit(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	createAs(t, ns, "person", &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "phi"}})
	live, err := shared.kube.CoreV1().ConfigMaps(ns).Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	key := workspace.Key{Namespace: ns, Name: "phi"}
	about := cluster.Object{
		Ref: cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: ns, Name: "phi"}, UID: string(live.UID), Workspace: key,
	}
	for _, o := range []occurrence.Occurrence{
		{Workspace: key, Reason: "PoolReady", Message: "Pending -> Ready", Time: time.Now()},
		{
			Workspace: key, Warning: true, Reason: strings.Repeat("R", 300), Message: strings.Repeat("ü\n", 5000),
			Time: time.Now(), Reporter: strings.Repeat("h", 300),
		},
	} {
		if err := c.Emitter().Emit(t.Context(), occurrence.Event(o, about)); err != nil {
			t.Error(err)
		}
	}
	// As kubectl describe asks for them.
	list, err := shared.kube.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{
		FieldSelector: "involvedObject.name=phi,involvedObject.uid=" + string(live.UID),
	})
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("%d Events, %v", len(list.Items), err)
	}
	for _, e := range list.Items {
		if e.ReportingController != occurrence.Controller {
			t.Errorf("reported by %q", e.ReportingController)
		}
	}
}
