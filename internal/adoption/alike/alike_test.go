// SPDX-License-Identifier: Apache-2.0

package alike_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/adoption/alike"
	"syncer.dev/syncer/internal/wellknown"
)

// read returns the StatefulSet of a file with several documents, with texts replaced.
func read(t *testing.T, file string, replace ...string) *unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range strings.Split(string(data), "\n---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(strings.NewReplacer(replace...).Replace(doc)), &u.Object); err != nil {
			t.Fatal(err)
		}
		if u.GetKind() == "StatefulSet" {
			return u
		}
	}
	t.Fatalf("%s has no StatefulSet", file)
	return nil
}

func spec(u *unstructured.Unstructured) map[string]any {
	s, _ := u.Object["spec"].(map[string]any)
	return s
}

const (
	kaitos = "../../e2e/testdata/kaito.yaml"                                 // as KAITO's generators write it
	ours   = "../../render/testdata/golden/presets/phi-4-mini-instruct.yaml" // as syncer renders it
	nodes  = "    spec:\n      automountServiceAccountToken: false\n"
	same   = `    spec:
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
        {matchExpressions: [{key: app, operator: In, values: [phi]},
        {key: kaito.sh/workspace, operator: In, values: [phi]},
        {key: kaito.sh/workspacenamespace, operator: In, values: [default]}]}]}}}
      automountServiceAccountToken: false
`
)

// TestDifferences compares the pod of KAITO's with the one that syncer renders of the same Workspace: they are alike,
// and each change of what runs is a difference.
func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		name    string
		replace []string // in KAITO's
		want    []string
	}{
		{"same", nil, nil},
		{"another image", []string{"kaito-base:0.5.0", "kaito-base:0.4.0"}, []string{
			"image: mcr.microsoft.com/aks/kaito/kaito-base:0.4.0 -> mcr.microsoft.com/aks/kaito/kaito-base:0.5.0",
		}},
		{"another flag", []string{"--max-model-len=auto", "--max-model-len=2048"}, []string{
			"flag --max-model-len: 2048 -> auto",
		}},
		{"no flag", []string{"--trust-remote-code", ""}, []string{"flag --trust-remote-code: none -> set"}},
		{"another model", []string{"--model=microsoft/phi-4-mini-instruct", "--model=microsoft/phi-4"}, []string{
			"flag --model: microsoft/phi-4 -> microsoft/phi-4-mini-instruct",
		}},
		{"another pin", []string{"--dtype=bfloat16", "--dtype=bfloat16 --code-revision=abc"}, []string{
			"flag --code-revision: abc -> c0fb9e74abda11b496b7907a9c6c9009a7a0488f",
		}},
		{
			"more GPUs",
			[]string{`{requests: {nvidia.com/gpu: "1"}, limits: {nvidia.com/gpu: "1"}}`, `{limits: {nvidia.com/gpu: "2"}}`},
			[]string{`GPUs: {"nvidia.com/gpu":"2"} -> {"nvidia.com/gpu":"1"}`},
		},
		{"a token", []string{"        env:\n", "        env:\n        - {name: HF_TOKEN, value: hf_secret}\n"}, []string{
			"variable HF_TOKEN: a value -> none",
		}},
		{"other weights", []string{"weights-volume, emptyDir: {}", "weights-volume, hostPath: {path: /w}"}, []string{
			`volume at /workspace/weights: {"hostPath":{"path":"/w"}} -> {"emptyDir":{}}`,
		}},
		{"a claim", []string{"- {name: model-weights-volume, emptyDir: {}}", ""}, []string{
			`volume at /workspace/weights: {"volumeClaimTemplate":"model-weights-volume"} -> {"emptyDir":{}}`,
		}},
		{"other nodes", []string{"values: [default]", "values: [other]"}, []string{
			`affinity: ["app In phi","kaito.sh/workspace In phi","kaito.sh/workspacenamespace In other"] -> ` +
				`["app In phi","kaito.sh/workspace In phi","kaito.sh/workspacenamespace In default"]`,
		}},
		{
			"an init container",
			[]string{"      containers:\n", "      initContainers: [{name: puller-a}]\n      containers:\n"},
			[]string{"init container puller-a"},
		},
		{"another command", []string{"python3 /workspace/vllm/inference_api.py", "sleep 1 #"}, []string{"command", "args"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			live := read(t, kaitos, append([]string{"OWNER", "uid"}, c.replace...)...)
			want := read(t, ours, "name: w\n", "name: phi\n", "workspace: w\n", "workspace: phi\n", nodes, same)
			got := alike.Differences(spec(live), spec(want))
			if c.name == "another command" { // the values are long
				for i := range got {
					got[i], _, _ = strings.Cut(got[i], ":")
				}
				got = got[len(got)-min(2, len(got)):]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestKeep applies to a live StatefulSet what changes nothing in its pods, nor in a field that cannot change.
func TestKeep(t *testing.T) {
	live := read(t, kaitos, "OWNER", "uid", "serviceName: phi-headless", "serviceName: phi")
	want := read(t, ours, "name: w\n", "name: phi\n", "workspace: w\n", "workspace: phi\n")
	before := want.DeepCopy()
	digest, err := alike.Digest(want)
	if err != nil {
		t.Fatal(err)
	}
	got := alike.Keep(want, spec(live), digest)
	if diff := cmp.Diff(spec(live)["template"], spec(got)["template"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before.Object, want.Object); diff != "" {
		t.Errorf("the desired object was changed: %s", diff)
	}
	if got.GetAnnotations()[wellknown.AnnotationTemplate] != digest || spec(got)["serviceName"] != "phi" {
		t.Errorf("%+v", got.Object)
	}
	if diff := cmp.Diff([]string{"spec.serviceName"}, alike.Immutable(spec(live), spec(before))); diff != "" {
		t.Error(diff)
	}
}
