// SPDX-License-Identifier: Apache-2.0

package eject

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// task is one way to use a model.
type task struct {
	name       string // of its folder
	about      string
	workload   string // StatefulSet or Job
	base       string
	components []string // in the order of their application; kustomization adds images to all
	shared     string   // folder of objects that Workspaces of a namespace share; may be empty
	workspace  *workspace.Workspace
	placement  render.Placement
}

// namespace is the namespace of the examples' objects.
const namespace = "default"

// tasks returns all ways to use the model.
func tasks(p preset.Preset, o Options) []task {
	at := render.Placement{Nodes: max(o.Nodes, 1), GPUsPerNode: max(o.GPUs, 1)}
	var out []task
	serve := func(runtime preset.Runtime, about string, at render.Placement, components ...string) {
		out = append(out, task{
			name:       string(runtime),
			about:      about,
			workload:   "StatefulSet",
			base:       "base/inference",
			components: append(components, "models/"+p.Name),
			placement:  at,
			workspace: &workspace.Workspace{
				Key:         workspace.Key{Namespace: namespace, Name: objectName(p.Name)},
				Annotations: map[string]string{workspace.AnnotationRuntime: string(runtime)},
				Inference:   &workspace.Inference{Preset: &workspace.PresetSpec{Name: p.Name}},
			},
		})
	}
	if p.Supports(preset.VLLM) {
		var components []string
		if at.Nodes > 1 {
			components = append(components, "components/multi-node")
		}
		components = append(components, "components/benchmark")
		if p.CUDAToolkit {
			components = append(components, "components/cuda-toolkit")
		}
		serve(preset.VLLM, "served by vLLM", at, components...)
	}
	one := render.Placement{Nodes: 1, GPUsPerNode: at.GPUsPerNode}
	if p.Supports(preset.Transformers) {
		serve(preset.Transformers, "served by Hugging Face Transformers", one, "components/transformers")
	}
	if p.Tuning == nil {
		return out
	}
	for _, m := range []preset.Method{preset.LoRA, preset.QLoRA} {
		out = append(out, task{
			name:       string(m),
			about:      "fine-tuned with " + string(m),
			workload:   "Job",
			base:       "base/tuning",
			shared:     "base/" + string(m) + "-params",
			components: []string{"components/fetch-urls", "components/weights", "models/" + p.Name},
			placement:  one,
			workspace: &workspace.Workspace{
				Key: workspace.Key{Namespace: namespace, Name: objectName(p.Name) + "-" + string(m)},
				Tuning: &workspace.Tuning{
					Preset: &workspace.PresetSpec{Name: p.Name}, Method: string(m),
					Input: &workspace.DataSource{URLs: []string{"https://example.com/training-data.parquet"}},
					Output: &workspace.DataDestination{
						Volume: map[string]any{"persistentVolumeClaim": map[string]any{"claimName": "results"}},
					},
				},
			},
		})
	}
	return out
}

// objectName turns the name of a model into one for a Service: short, without dots, and with a letter at the start.
func objectName(model string) string {
	name := strings.Trim(strings.NewReplacer(".", "-", "_", "-").Replace(model), "-")
	if name[0] >= '0' && name[0] <= '9' {
		name = "m" + name
	}
	return strings.TrimRight(name[:min(len(name), 40)], "-")
}

// folders returns the folders of the catalogue that the task uses.
func (t task) folders() []string {
	out := append([]string{t.base, "components/images"}, t.components...)
	if t.shared != "" {
		out = append(out, t.shared)
	}
	return out
}

// dir is the folder with the kustomization of the model's own objects. Where there are also objects that models share,
// it is a subfolder of the one that joins them: patches for the model's objects must not apply to the shared ones.
func (t task) dir() string {
	if t.shared == "" {
		return path.Join(examplesDir, t.name)
	}
	return path.Join(examplesDir, t.name, strings.ToLower(t.workload))
}

// together returns the kustomization.yaml that adds the shared objects.
func (t task) together() []byte {
	return fmt.Appendf(nil, `# The model %s, with the objects that all such models share. Build it with: kustomize build .
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: %s

resources:
- %s
- %s
`, t.about, t.workspace.Namespace, path.Base(t.dir()), path.Join("../..", t.shared))
}

// patch is a file with a strategic merge patch, and its target.
type patch struct{ kind, name, file string }

// kustomization returns the kustomization.yaml of the task, in the style of a hand-written one.
func (t task) kustomization(patches []patch) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	up := func(dir string) string { return path.Join(strings.Repeat("../", strings.Count(t.dir(), "/")+1), dir) }

	line("# The model %s. Build it with: kustomize build .", t.about)
	line("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: %s\n", t.workspace.Namespace)
	line("resources:\n- %s", up(t.base))
	line("\ncomponents:")
	for _, c := range append(slices.Clone(t.components), "components/images") {
		line("- %s", up(c))
	}
	line("\npatches:")
	if len(patches) > 0 {
		line("# The additions of a Workspace: flags, GPUs, volumes.")
	}
	for _, p := range patches {
		line("- path: %s\n  target: {kind: %s, name: %s}", p.file, p.kind, p.name)
	}
	line("# The base names every object \"model\".")
	for _, r := range t.renames() {
		line("- target: {kind: %s, name: %s}\n  options: {allowNameChange: true}", r.kind, r.from)
		line("  patch: |-\n    - {op: replace, path: /metadata/name, value: %s}", r.to)
	}
	if patches != nil {
		line(
			"\nreplacements:\n- source: {kind: %s, fieldPath: metadata.name}\n  targets:\n  - select: {kind: %[1]s}",
			t.workload,
		)
		line("    fieldPaths: [\"spec.template.spec.containers.[name=%s].name\"]", mainContainer)
	}
	return []byte(b.String())
}

// The names of the objects of every base, and of their main container.
const (
	baseName      = "model"
	mainContainer = "model"
	headless      = "-headless"
)

type rename struct{ kind, from, to string }

func (t task) renames() []rename {
	name := t.workspace.Name
	if t.workload == "Job" {
		return []rename{{"Job", baseName, name}}
	}
	return []rename{
		{"StatefulSet", baseName, name},
		{"Service", baseName, name},
		{"Service", baseName + headless, name + headless},
	}
}
