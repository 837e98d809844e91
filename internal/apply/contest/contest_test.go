// SPDX-License-Identifier: Apache-2.0

package contest_test

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/apply/contest"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestOneEditIsSetBack says that one change by hand, or several by different managers, is no contest.
func TestOneEditIsSetBack(t *testing.T) {
	c := contest.New("")
	o := &unstructured.Unstructured{Object: map[string]any{"kind": "Job", "apiVersion": "batch/v1"}}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Now = func() time.Time { return now }
	c.Applied(o)
	for _, manager := range []string{"a", "b", "c", "a", "b", "a"} {
		c.Found(o, []contest.Conflict{{Field: "spec.x", Manager: manager, Pointer: "/spec/x"}})
	}
	now = now.Add(contest.Window + time.Minute)
	c.Found(o, []contest.Conflict{{Field: "spec.x", Manager: "a", Pointer: "/spec/x"}})
	if got := c.All(); len(got) != 0 || c.Left(o) != nil {
		t.Errorf("contested: %v", got)
	}
}

func TestPointerTo(t *testing.T) {
	o := parse(t, `
spec:
  containers:
  - {name: a, image: x}
  - {name: model, image: y, ports: [{containerPort: 80, protocol: TCP}], args: [p, q]}
metadata: {annotations: {example.com/a: x, example.com/a.b: y}}
`)
	for path, want := range map[string]string{
		`.spec.containers[name="model"].image`:                                  "/spec/containers/1/image",
		`.spec.containers[name="model"].ports[containerPort=80,protocol="TCP"]`: "/spec/containers/1/ports/0",
		`.spec.containers[name="model"].args[1]`:                                "/spec/containers/1/args/1",
		`.spec.containers[name="model"].args[="q"]`:                             "/spec/containers/1/args/1",
		`.metadata.annotations.example.com/a.b`:                                 "/metadata/annotations/example.com~1a.b",
		`.spec.replicas`:                                                        "",
		`.spec.containers[name="b"].image`:                                      "",
		`.spec.containers[9]`:                                                   "",
		`spec`:                                                                  "",
		`.spec.containers[name=oops].image`:                                     "",
		`.spec.containers[name="model"`:                                         "",
	} {
		got, ok := contest.PointerTo(o, path)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t, want %q", path, got, ok, want)
		}
	}
}
