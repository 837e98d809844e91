// SPDX-License-Identifier: Apache-2.0

package desired_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// commit is a tree that knows the content of its files, as one of Git does. A closed one has lost them.
type commit struct {
	files  fstest.MapFS
	closed *bool
}

func (c commit) Open(name string) (fs.File, error) {
	if *c.closed {
		return nil, fs.ErrClosed
	}
	return c.files.Open(name)
}

func (c commit) ContentID(name string) (id string, ok bool) {
	f, ok := c.files[name]
	if !ok {
		return "", false
	}
	sum := sha256.Sum256(f.Data)
	return hex.EncodeToString(sum[:]), true
}

// TestPresetsOfARepositoryStay: a commit that changes no preset leaves the catalogue the same, by its pointer, and what
// it reads later comes from the newest tree.
func TestPresetsOfARepositoryStay(t *testing.T) {
	const model = "models/phi-4/"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	serve := func(name string) *fstest.MapFile {
		return file(fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: %s}\n"+
			"inference: {preset: {name: phi-4}}\n", name))
	}
	first := fstest.MapFS{"a.yaml": serve("a")}
	for _, name := range []string{"preset.yaml", "kustomization.yaml"} {
		text, err := fs.ReadFile(presets.FS, model+name)
		if err != nil {
			t.Fatal(err)
		}
		first["presets/"+model+name] = file(string(text))
	}
	second, third := maps.Clone(first), maps.Clone(first)
	second["b.yaml"] = serve("b")
	third["presets/"+model+"preset.yaml"] = file(string(first["presets/"+model+"preset.yaml"].Data) + "# another text\n")
	memo := load.NewMemo()
	var last desired.Catalog
	var before *bool
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		same  bool
	}{
		{"from nothing", first, false},
		{"another Workspace", second, true},
		{"another preset", third, false},
		{"as at first", first, false},
	} {
		c := commit{tt.files, new(bool)}
		in, err := desired.Read(c, presets.FS, load.Options{Memo: memo}, workspace.Env{}, render.NewCache())
		if err != nil {
			t.Fatal(err)
		}
		if same := last == desired.Catalog(in.Catalog); same != tt.same {
			t.Errorf("%s: the catalogue is the same: %t", tt.name, same)
		}
		last = in.Catalog
		if !tt.same {
			before = c.closed
			continue
		}
		*before = true
		d, err := desired.Desire(t.Context(), in.Set, in.Catalog, in.Renderer, desired.Policy{Region: "eastus"},
			desired.Observed{})
		if err != nil || len(d.Workloads[0].Bundle.Objects) == 0 {
			t.Fatalf("%s: %v, it renders nothing: %v", tt.name, err, d.Problems)
		}
	}
}
