// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// damaged replaces a field or an item anywhere in a value, by one that a server might send or by what none would.
func damaged(rng *rand.Rand, value any) any {
	odd := func() any {
		return []any{
			nil, "", "a", "8", "1k", "1.5", "-3", "0x1", "007", "99999999999", int64(1), int64(-1), int64(1) << 40, 1.5, true,
			false,
			map[string]any{},
			map[string]any{"a": int64(1)},
			[]any{},
			[]any{nil},
			[]any{"a"},
			[]any{map[string]any{}},
			"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+02:00", "2026-01-01",
		}[rng.IntN(25)]
	}
	if rng.IntN(6) == 0 {
		return odd()
	}
	switch v := value.(type) {
	case map[string]any:
		out, at, n := map[string]any{}, rng.IntN(max(len(v), 1)), 0
		for name, below := range v {
			if out[name] = below; n == at {
				out[name] = damaged(rng, below)
			}
			n++
		}
		return out
	case []any:
		out := append([]any{}, v...)
		if len(out) > 0 {
			i := rng.IntN(len(out))
			out[i] = damaged(rng, out[i])
		}
		return out
	}
	return odd()
}

// TestFieldsAsTyped: of objects with fields of any form, what is read without a conversion is what the conversion
// gives, or is left to it.
func TestFieldsAsTyped(t *testing.T) {
	pod := parse(t, `
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: n, labels: {a: b}, creationTimestamp: "2026-01-01T00:00:00Z",
  deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [a, b]}
spec:
  nodeName: node
  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
    {matchExpressions: [{key: a, values: [b]}, {key: `+wellknown.LabelAgentPool+`, values: [pool]}]},
    {matchExpressions: [{key: `+wellknown.LabelAgentPool+`, values: [other]}]}]}}}
  containers: [{resources: {limits: {nvidia.com/gpu: "8"}}}, {resources: {limits: {nvidia.com/gpu: "1"}}}]
status:
  phase: Running
  conditions: [{type: Ready, status: "True", message: m, lastTransitionTime: "2026-01-01T00:00:00Z"}]
  containerStatuses:
  - {name: a, ready: true, restartCount: 1, state: {running: {startedAt: "2026-01-01T00:00:00Z"}},
     lastState: {terminated: {exitCode: 1, signal: 2, reason: r, message: m, finishedAt: "2026-01-01T00:00:00Z"}}}
  - {name: b, state: {waiting: {reason: r, message: m}}}
`)
	statefulSet := parse(t, `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: p, namespace: n, annotations: {`+wellknown.AnnotationOwners+`: a}}
spec: {replicas: 2, template: {metadata: {labels: {a: b, `+cluster.LabelManagedBy+`: syncer}}}}
status: {observedGeneration: 3, readyReplicas: 1, currentRevision: a, updateRevision: b}
`)
	statefulSet["spec"].(map[string]any)["template"].(map[string]any)["spec"] = pod["spec"]
	for _, kind := range []struct {
		name   string
		object map[string]any
		quick  func(f *Fields, u *unstructured.Unstructured) any
		typed  func(u *unstructured.Unstructured) (any, error)
	}{
		{"pod", pod, func(f *Fields, u *unstructured.Unstructured) any {
			out := &corev1.Pod{}
			f.pod(u, out)
			return out
		}, func(u *unstructured.Unstructured) (any, error) { return typedPod(u) }},
		{"needs", pod, func(f *Fields, u *unstructured.Unstructured) any {
			return f.needs(f.Object(u.Object, "spec"))
		}, func(u *unstructured.Unstructured) (any, error) { return typedNeeds(u) }},
		{
			"set", statefulSet, func(f *Fields, u *unstructured.Unstructured) any { return f.set(u) },
			func(u *unstructured.Unstructured) (any, error) { return typedSet(u) },
		},
	} {
		plain := 0
		for seed := range uint64(20_000) {
			object, ok := damaged(rand.New(rand.NewPCG(seed, 3)), kind.object).(map[string]any)
			u := &unstructured.Unstructured{Object: object}
			var f Fields
			got := kind.quick(&f, u)
			if !ok || f.Odd {
				continue
			}
			plain++
			if want, err := kind.typed(u); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, %s: %v (-typed +fields):\n%s\nof %v", seed, kind.name, err, cmp.Diff(want, got), object)
			}
		}
		if plain < 400 {
			t.Errorf("%s: only %d objects are read without a conversion", kind.name, plain)
		}
	}
}
