// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"embed"
	"io/fs"
	"maps"
	"strings"
	"sync"
	"testing/fstest"
	"text/template"

	"syncer.dev/syncer/presets"
)

// Phi is a Workspace that names its size; Automatic is the same without a size.
var (
	//go:embed testdata/phi.yaml
	Phi string
	//go:embed testdata/automatic.yaml
	Automatic string
)

//go:embed testdata/*.tmpl
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "testdata/*.tmpl"))

// fields are the values for the templates.
type fields struct {
	Name        string
	Annotations string // in flow style; "" for none
	Size        string
	Replicas    int
}

func fill(name string, f fields) string {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, f); err != nil {
		panic(err) // the templates are constant
	}
	return b.String()
}

// Named returns Phi under another name.
func Named(text, name string) string { return strings.ReplaceAll(text, "phi}", name+"}") }

// inFixtures reports whether a path below the folder of models belongs to a model of the fixtures.
func inFixtures(path string) bool {
	return strings.HasPrefix(path, "phi-4-mini-instruct") || strings.HasPrefix(path, "phi-3-mini-128k-instruct")
}

// OtherPresets are Presets with another value of a variable of all servers, which is "0" there, as another version of
// syncer may have it.
func OtherPresets(value string) fs.FS {
	const file, was = "base/inference/statefulset.yaml", `{name: VLLM_USE_DEEP_GEMM, value: "0"}`
	out := maps.Clone(Presets().(fstest.MapFS))
	before, after, found := strings.Cut(string(out[file].Data), was)
	if !found {
		panic(file + " has no " + was)
	}
	out[file] = &fstest.MapFile{Data: []byte(before + strings.Replace(was, `"0"`, `"`+value+`"`, 1) + after)}
	return out
}

// Presets is the catalogue with the models of the fixtures only: to read all models takes longer than everything else.
var Presets = sync.OnceValue(func() fs.FS {
	out := fstest.MapFS{}
	err := fs.WalkDir(presets.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		model, isModel := strings.CutPrefix(path, "models/")
		switch {
		case isModel && !inFixtures(model):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		data, err := fs.ReadFile(presets.FS, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		panic(err) // the files are embedded
	}
	return out
})
