// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/render/reach"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return &o
}

const set = `
kind: StatefulSet
spec:
  template:
    spec:
      initContainers:
      - name: fetch
        image: mcr.microsoft.com/oss/oras:v1
        env:
        - {name: MODEL_IMAGE, value: "ghcr.io/team/model:1"}
        - {name: OTHER, value: "ghcr.io/team/model:1"}
      containers:
      - name: chat
        image: mcr.microsoft.com/aks/kaito/kaito-base:0.5.0
        env:
        - {name: HF_ENDPOINT, value: "https://mine.example.com"}
      - {name: side, image: "curlimages/curl:8"}
      volumes:
      - {name: adapter, image: {reference: "ghcr.io/team/adapter@sha256:abc"}}
      - {name: shm, emptyDir: {}}
`

func TestApply(t *testing.T) {
	s := reach.Settings{
		Registries: []reach.Mirror{
			{From: "mcr.microsoft.com", To: "mirror.example.com/mcr"},
			{From: "mcr.microsoft.com/aks", To: "mirror.example.com/aks"},
			{From: "docker.io", To: "mirror.example.com/hub"},
			{From: "ghcr.io/team", To: "mirror.example.com"},
		},
		HuggingFace: "https://hub.example.com/$x",
		Proxy:       reach.Proxy{HTTPS: "http://proxy.example.com:3128", No: []string{"10.0.0.0/8"}},
	}
	o, service := object(t, set), object(t, "kind: Service\nspec: {ports: [{port: 80}]}")
	got := s.Apply([]*unstructured.Unstructured{service, o})
	if got[0] != service {
		t.Error("the Service is a copy")
	}
	if diff := cmp.Diff(object(t, set), o); diff != "" {
		t.Errorf("the object itself has changed\n%s", diff)
	}
	const common = `
        - {name: HTTPS_PROXY, value: "http://proxy.example.com:3128"}
        - {name: https_proxy, value: "http://proxy.example.com:3128"}
        - {name: NO_PROXY, value: "localhost,127.0.0.1,::1,.svc,.cluster.local,10.0.0.0/8"}
        - {name: no_proxy, value: "localhost,127.0.0.1,::1,.svc,.cluster.local,10.0.0.0/8"}`
	want := object(t, `
kind: StatefulSet
spec:
  template:
    spec:
      initContainers:
      - name: fetch
        image: mirror.example.com/mcr/oss/oras:v1
        env:
        - {name: MODEL_IMAGE, value: "mirror.example.com/model:1"}
        - {name: OTHER, value: "ghcr.io/team/model:1"}
        - {name: HF_ENDPOINT, value: "https://hub.example.com/$$x"}`+common+`
      containers:
      - name: chat
        image: mirror.example.com/aks/kaito/kaito-base:0.5.0
        env:
        - {name: HF_ENDPOINT, value: "https://mine.example.com"}`+common+`
      - name: side
        image: mirror.example.com/hub/curlimages/curl:8
        env:
        - {name: HF_ENDPOINT, value: "https://hub.example.com/$$x"}`+common+`
      volumes:
      - {name: adapter, image: {reference: "mirror.example.com/adapter@sha256:abc"}}
      - {name: shm, emptyDir: {}}
`)
	if diff := cmp.Diff(want, got[1]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s = reach.Settings{Proxy: reach.Proxy{No: []string{"x"}}}
	if same := s.Apply([]*unstructured.Unstructured{o}); same[0] != o {
		t.Error("settings that say nothing copy the object")
	}
}

// TestPods finds the pods of each kind.
func TestPods(t *testing.T) {
	s := reach.Settings{Registries: []reach.Mirror{{From: "a.example", To: "b.example"}}}
	for _, spec := range []string{
		"spec: {containers: [{image: a.example/x}]}",
		"spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: a.example/x}]}}}}}",
		"spec: {template: {spec: {containers: [{image: a.example/x}]}}}",
	} {
		got := s.Apply([]*unstructured.Unstructured{object(t, spec)})[0]
		out, err := yaml.Marshal(got.Object)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(object(t, string(out)), object(t, spec)); diff == "" {
			t.Errorf("%s does not change", spec)
		}
	}
}

func TestImage(t *testing.T) {
	s := reach.Settings{Registries: []reach.Mirror{
		{From: "docker.io", To: "m/hub"},
		{From: "docker.io/team/private", To: "m/own"},
		{From: "r.example:5000", To: "m/r"},
		{From: "ghcr.io", To: "m/ghcr"},
	}}
	for name, want := range map[string]string{
		"":                                 "",
		"python":                           "m/hub/library/python",
		"python:3.12":                      "m/hub/library/python:3.12",
		"team/app@sha256:ab":               "m/hub/team/app@sha256:ab",
		"index.docker.io/team/app":         "m/hub/team/app",
		"team/private:1":                   "m/own:1",
		"team/private-two:1":               "m/hub/team/private-two:1",
		"r.example:5000/x":                 "m/r/x",
		"r.example/x":                      "r.example/x",
		"ghcr.io:8443/x":                   "ghcr.io:8443/x",
		"ghcr.io.example.com/x":            "ghcr.io.example.com/x",
		"localhost/x":                      "localhost/x",
		"mcr.microsoft.com/aks/skopeo:1.1": "mcr.microsoft.com/aks/skopeo:1.1",
	} {
		if got := s.Image(name); got != want {
			t.Errorf("%q is %q, not %q", name, got, want)
		}
	}
}

func TestParseMirror(t *testing.T) {
	for text, ok := range map[string]bool{
		"docker.io=registry.example.com/hub":    true,
		"localhost:5000/a_b=r.example:443/c/d":  true,
		"docker.io":                             false,
		"=registry.example.com":                 false,
		"docker.io=":                            false,
		"docker.io/=registry.example.com":       false,
		"team=registry.example.com":             false,
		"docker.io=https://registry.example":    false,
		"docker.io=user:pass@registry.example":  false,
		"docker.io=registry.example.com/hub:v1": false,
	} {
		if _, err := reach.ParseMirror(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
