package eject

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// readme explains the folder to whoever finds it.
func readme(p preset.Preset, todo []task) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# %[1]s

What syncer knows about %[2]s, and the objects that it makes of it, as plain Kustomize.
It was written by "syncer presets eject %[1]s"; nothing in it needs syncer.

| folder | holds |
|---|---|
| models/%[1]s | the facts (preset.yaml) and the model's own component (kustomization.yaml) |
| base, components | what all models share, as far as this one needs it |
`, p.Name, p.Repo)
	for _, t := range todo {
		fmt.Fprintf(&b, "| %s/%s | the model %s |\n", examplesDir, t.name, t.about)
	}
	fmt.Fprintf(&b, `
Look at the objects, or run the model without syncer:

    kustomize build %[1]s/%[2]s

The patches in there ask for %[3]d GPU(s) on %[4]d node(s). What the model needs says

    syncer size --preset %[5]s

Change nvidia.com/gpu, --tensor-parallel-size and replicas accordingly.
`, examplesDir, todo[0].name, max(todo[0].placement.GPUsPerNode, 1), max(todo[0].placement.Nodes, 1), p.Name)
	for _, t := range todo {
		if t.workload == "Job" {
			b.WriteString("\nTuning reads its data from the URL in job.yaml and writes to the claim \"results\", which has to exist.\n")
			break
		}
	}
	fmt.Fprintf(&b, `
## Use a change for Workspaces

syncer looks for presets in the folder "presets" of the repository that it watches. A folder there takes the place of the
built-in one of its name, whole:

- to change this model for all Workspaces, copy models/%[1]s to presets/models and edit it. Leave base
  and components out: the built-in ones are used then, and go on being improved with new versions of syncer;
- to offer a variant beside it, give the folder another name, and take the aliases out of its preset.yaml;
- to change something for all models, such as where images come from, copy that one folder (components/images).

"syncer validate" then checks the files, and "syncer plan" says what would change.
`, p.Name)
	return []byte(b.String())
}
