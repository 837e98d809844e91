// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/ignore"
)

// TestIgnoredField: a field that belongs to others is created as rendered. After that it is no drift, and a change of
// another field, or of the field itself in Git, does not write it.
func TestIgnoredField(t *testing.T) {
	field := ignore.Field{Kind: "StatefulSet.apps", Pointer: "/spec/replicas"}
	for name, tt := range map[string]struct {
		rules      ignore.Rules
		annotation string
		scaled     bool // another client owns the field
	}{
		"a field":                      {ignore.Rules{Fields: []ignore.Field{field}}, "", true},
		"a manager":                    {ignore.Rules{Managers: []string{"autoscaler"}}, "", true},
		"an annotation":                {ignore.Rules{}, "/spec/replicas", true},
		"no client has changed it yet": {ignore.Rules{}, "/spec/replicas", false},
		"a pointer that is refused":    {ignore.Rules{}, "/spec/replicas,/spec/template", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, ns := connect(t, shared.kubeconfig)
			c, err := Connect(Options{
				Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}, Ignore: tt.rules,
			})
			if err != nil {
				t.Fatal(err)
			}
			c.Start(t.Context())
			eventually(t, "the first listing", func() string {
				if _, err := c.Observe(t.Context()); err != nil {
					return err.Error()
				}
				return ""
			})
			o, other := object(t, ns, server), scaler{t, ns}
			if tt.annotation != "" {
				a := o.GetAnnotations()
				if a == nil {
					a = map[string]string{}
				}
				a[ignore.Annotation] = tt.annotation
				o.SetAnnotations(a)
			}
			apply := func(want cluster.Result) {
				t.Helper()
				changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
				if err != nil || changes[0].Err != nil || changes[0].Result != want {
					t.Fatal(err, changes)
				}
			}
			apply(cluster.Created)
			live := int32(1)
			if got := other.replicas(); got != live {
				t.Fatalf("created with %d replicas", got)
			}
			if tt.scaled {
				live = 3
				other.set(c, o, live)
				apply(cluster.Unchanged)
				previews, err := c.Preview(t.Context(), []*unstructured.Unstructured{o})
				if err != nil || previews[0].After != nil {
					t.Errorf("drift: %+v, %v", previews, err)
				}
			}
			o = o.DeepCopy() // a desired object never changes: another one has another address
			_ = unstructured.SetNestedField(o.Object, int64(7), "spec", "replicas")
			apply(cluster.Unchanged)
			o = o.DeepCopy()
			containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			containers[0].(map[string]any)["image"] = "ok:2"
			_ = unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers")
			apply(cluster.Configured)
			set, err := shared.kube.AppsV1().StatefulSets(ns).Get(t.Context(), "a", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if *set.Spec.Replicas != live || set.Spec.Template.Spec.Containers[0].Image != "ok:2" {
				t.Errorf("%d replicas of %v, want %d of ok:2", *set.Spec.Replicas, set.Spec.Template.Spec.Containers, live)
			}
			// Switched off in Git: zero is written in spite of the rule.
			o = o.DeepCopy()
			_ = unstructured.SetNestedField(o.Object, int64(0), "spec", "replicas")
			if tt.rules.Managers == nil {
				apply(cluster.Configured)
				if got := other.replicas(); got != 0 {
					t.Errorf("suspended with %d replicas", got)
				}
			}
		})
	}
}

const volumeClaim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: weights}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`

// TestPruneAsksTheObject: what stands on a live object right before the request decides, regardless of the plan.
func TestPruneAsksTheObject(t *testing.T) {
	for name, tt := range map[string]struct {
		annotations map[string]string
		want        cluster.Result
	}{
		"a claim":             {nil, cluster.Skipped},
		"a claim that may go": {map[string]string{cluster.AnnotationPrune: "enabled"}, cluster.Deleted},
		"only observed": {
			map[string]string{"syncer.dev/mode": "observe", cluster.AnnotationPrune: "enabled"},
			cluster.Skipped,
		},
		"another word":            {map[string]string{cluster.AnnotationPrune: "yes"}, cluster.Skipped},
		"a claim that never goes": {map[string]string{cluster.AnnotationPrune: "disabled"}, cluster.Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			c, ns := connect(t, shared.kubeconfig)
			o := object(t, ns, volumeClaim)
			a := o.GetAnnotations()
			if a == nil {
				a = map[string]string{}
			}
			for k, v := range tt.annotations {
				a[k] = v
			}
			o.SetAnnotations(a)
			changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
			if err != nil || changes[0].Result != cluster.Created {
				t.Fatal(err, changes)
			}
			live, err := shared.kube.CoreV1().PersistentVolumeClaims(ns).Get(t.Context(), "weights", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			changes, err = c.Prune(t.Context(), []*cluster.Object{{Ref: cluster.RefOf(o), UID: string(live.GetUID())}})
			if err != nil || changes[0].Result != tt.want {
				t.Errorf("%v, %v", changes, err)
			}
		})
	}
}
