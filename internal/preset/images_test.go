// SPDX-License-Identifier: Apache-2.0

package preset_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

var imageLine = regexp.MustCompile(`(?m)^ *(?:- )?image: *"?([^\s"]+)"?$`)

// TestImages: every image in the golden files of the rendered presets is listed.
func TestImages(t *testing.T) {
	listed, err := builtin(t).Images()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../render/testdata/golden/presets/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden files, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range imageLine.FindAllSubmatch(text, -1) {
			if !slices.Contains(listed, string(m[1])) {
				t.Errorf("%s has the image %s, which is not listed", file, m[1])
			}
		}
	}
}

// TestImagesOfRepository: a repository replaces an image, and names others in a kustomization, a container and a patch.
func TestImagesOfRepository(t *testing.T) {
	add := fstest.MapFS{}
	for name, text := range map[string]string{
		"components/images/kustomization.yaml": "images:\n- {name: kaito-base, newName: r.example.com/base, newTag: '1'}\n" +
			"- {name: whole.example.com/tool, digest: 'sha256:ab'}\n",
		"components/a/patch.yaml": "spec: {template: {spec: {containers: [{name: a, image: 'r.example.com/a:1'}, " +
			"{name: b, image: kaito-base}]}}}\n",
		"components/b/patch.yaml": "- {op: replace, path: /spec/template/spec/containers/0/image, " +
			"value: 'r.example.com/b:1'}\n",
		"components/c/broken.yaml": "image: [\n",
	} {
		add[name] = &fstest.MapFile{Data: []byte(text)}
	}
	base, err := fs.Sub(presets.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	c, err := preset.Load(fstest.MapFS{}, add)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Images()
	want := []string{"r.example.com/a:1", "r.example.com/b:1", "r.example.com/base:1", "whole.example.com/tool@sha256:ab"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, (-want +got)\n%s", err, diff)
	}
	over, err := preset.Load(base, add)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := over.Images(); err != nil || slices.Contains(got, "mcr.microsoft.com/aks/kaito/kaito-base:0.5.0") {
		t.Errorf("an image that the repository replaces is listed: %v, error %v", got, err)
	}
}
