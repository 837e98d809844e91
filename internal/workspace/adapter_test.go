// SPDX-License-Identifier: Apache-2.0

package workspace

import "testing"

func TestByDigest(t *testing.T) {
	for image, want := range map[string]string{
		"example.azurecr.io/a:1":    "example.azurecr.io/a@sha256:d",
		"example.azurecr.io:5000/a": "example.azurecr.io:5000/a@sha256:d",
		"localhost:5000/a/b:v1":     "localhost:5000/a/b@sha256:d",
		"a":                         "a@sha256:d",
		"example.azurecr.io/a@x":    "",
		"":                          "",
	} {
		if got := ByDigest(image, "sha256:d"); got != want {
			t.Errorf("%q: %q, want %q", image, got, want)
		}
	}
}

func TestWithAdapters(t *testing.T) {
	w := Workspace{Inference: &Inference{Adapters: []Adapter{
		{Source: &DataSource{Image: "r/a:1"}}, {Source: &DataSource{Image: "r/b:1"}},
	}}}
	got := w.WithAdapters(map[string]string{"r/a:1": "r/a@sha256:d"})
	if a := got.Inference.Adapters; a[0].Source.Image != "r/a@sha256:d" || a[1].Source.Image != "r/b:1" {
		t.Errorf("%+v", a)
	}
	if w.Inference.Adapters[0].Source.Image != "r/a:1" {
		t.Error("the Workspace itself has changed")
	}
	if w.WithAdapters(nil) != &w {
		t.Error("copied without need")
	}
}
