// SPDX-License-Identifier: Apache-2.0

package eject

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// readme describes the folder to a reader who does not know syncer.
func readme(p preset.Preset, todo []task) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# %[1]s

The facts about %[2]s, and the objects that syncer renders for it, as plain Kustomize.
"syncer presets eject %[1]s" wrote this folder; to use it you do not need syncer.

| folder | holds |
|---|---|
| models/%[1]s | the facts (preset.yaml) and the model's own component (kustomization.yaml) |
| base, components | the shared bases and components that this model uses |
`, p.Name, p.Repo)
	for _, t := range todo {
		fmt.Fprintf(&b, "| %s/%s | the model %s |\n", examplesDir, t.name, t.about)
	}
	fmt.Fprintf(&b, `
Read the objects, or run the model without syncer:

    kustomize build %[1]s/%[2]s

The patches of the example request %[3]d GPU(s) on %[4]d node(s). This command prints what the model needs:

    syncer size --preset %[5]s

Change nvidia.com/gpu, --tensor-parallel-size and replicas accordingly.
`, examplesDir, todo[0].name, max(todo[0].placement.GPUsPerNode, 1), max(todo[0].placement.Nodes, 1), p.Name)
	for _, t := range todo {
		if t.workload == "Job" {
			b.WriteString(
				"\nTuning reads its data from the URL in job.yaml and writes to the claim \"results\", which must exist.\n",
			)
			break
		}
	}
	fmt.Fprintf(&b, `
## Use a change for Workspaces

syncer reads presets from the folder "presets" of your repository. A folder there replaces
the whole built-in folder of the same name:

- to change this model for all Workspaces, copy models/%[1]s to presets/models and edit it. Do not copy base
  and components: syncer then uses the built-in ones, which new versions improve;
- to add a variant, give the folder another name, and remove the aliases from its preset.yaml;
- to change all models, such as the registry of their images, copy that one folder (components/images).

"syncer validate" then checks the files, and "syncer plan" prints the changes.
`, p.Name)
	return []byte(b.String())
}
