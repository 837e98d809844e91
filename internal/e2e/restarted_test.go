// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/status"
)

// restartsAPIServer kills the control plane amid the writes of a push, and starts it again with its data, among the
// running Workspaces phi and b. What others have changed just before, while syncer was cut off, no watch can tell: the
// new API server does not know these events. A push comes meanwhile. All of it is carried out, nothing is pruned, and
// the status branch claims nothing before it is true.
func (e *env) restartsAPIServer(p *process) {
	e.Helper()
	before := e.uids()
	e.repo.Commit(map[string]string{"workspaces/d.yaml": inference("d", "phi-4-mini-instruct")}, "written when it ends")
	e.eventually("the first object of d", func() string {
		ofD := func(o string) bool { return strings.HasSuffix(o, "/d") }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(e.uids())), ofD) {
			return "none"
		}
		return ""
	})
	e.api.set(true)
	ports := e.service("phi").Spec.Ports
	e.drift()
	e.cluster.Crash()
	balanced := strings.Replace(inference("b", "phi-4-mini-instruct"),
		"metadata: {name: b}", "metadata: {name: b, annotations: {kaito.sh/enablelb: \"True\"}}", 1)
	head := e.repo.Commit(map[string]string{"workspaces/b.yaml": balanced}, "pushed while it is away")
	e.api.set(false)
	e.eventually("the outage at /readyz", func() string {
		if code, body := p.get("/readyz"); code != 503 || !contains(body, "[-]kubernetes") {
			return body
		}
		return ""
	})
	if r, err := e.report("b"); err != nil || r.ObservedCommit == head {
		e.Errorf("while the API server is away, the report on b is %+v, %v", r, err)
	}

	e.cluster.Restart(e.T)
	e.eventually("recovery", func() string {
		code, body := p.get("/readyz")
		if code != 200 {
			return body
		}
		return ""
	})
	e.waitState("d", status.Ready)
	e.eventually("the push to be recorded", func() string {
		if r, err := e.report("b"); err != nil || r.ObservedCommit != head {
			return "it is not"
		}
		return ""
	})
	if s := e.service("b"); s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		e.Errorf("the push is recorded, and Service b is of type %s", s.Spec.Type)
	}
	e.eventually("the drift to be undone", func() string { return cmp.Diff(ports, e.service("phi").Spec.Ports) })
	e.eventually("the deleted Service to be back", func() string {
		if e.uids()["Service/phi-headless"] == "" {
			return "it is not"
		}
		return ""
	})
	after := e.uids()
	for object, uid := range before {
		if object != "Service/phi-headless" && after[object] != uid {
			e.Errorf("%s was %s, and is %q", object, uid, after[object])
		}
	}
	p.alive()
}

// drift has another client change one object of phi, and delete another one.
func (e *env) drift() {
	e.Helper()
	services := e.kube.CoreV1().Services("default")
	moved := []byte(`[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 4999}]`)
	_, err := services.Patch(e.Context(), "phi", types.JSONPatchType, moved, metav1.PatchOptions{FieldManager: "other"})
	if err != nil {
		e.Fatal(err)
	}
	if err := services.Delete(e.Context(), "phi-headless", metav1.DeleteOptions{}); err != nil {
		e.Fatal(err)
	}
}

func (e *env) service(name string) *corev1.Service {
	e.Helper()
	s, err := e.kube.CoreV1().Services("default").Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		e.Fatal(err)
	}
	return s
}

// uids lists all objects with the labels of syncer, with their UIDs.
func (e *env) uids() map[string]string {
	e.Helper()
	return e.each(func(m metav1.ObjectMeta) string { return string(m.UID) })
}
