// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestFind(t *testing.T) {
	var pod map[string]any
	if err := yaml.Unmarshal([]byte(`
metadata: {annotations: {note: "uses hf_EXAMPLEexampleEXAMPLEexample000000"}}
spec:
  containers:
  - name: server
    args: ["--model=x", "--api-key", "an0therPlainValue", "--token=$(HF_TOKEN)", "--max-tokens=100"]
    env:
    - {name: HF_TOKEN, value: hf_EXAMPLEexampleEXAMPLEexample000000}
    - {name: DB_PASSWORD, value: correct-horse-battery}
    - {name: TOKENIZERS_PARALLELISM, value: "false"}
    - {name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hugging-face, key: HF_TOKEN}}}
  volumes:
  - {name: token, secret: {secretName: my-token-secret-number-one}}
`), &pod); err != nil {
		t.Fatal(err)
	}
	want := []Found{
		{"metadata.annotations.note", true},
		{"spec.containers[0].args[2]", false},
		{"spec.containers[0].env[0].value", true},
		{"spec.containers[0].env[1].value", false},
	}
	if diff := cmp.Diff(want, Find(pod)); diff != "" {
		t.Error(diff)
	}
	if got := Find(nil); got != nil {
		t.Error(got)
	}
}
