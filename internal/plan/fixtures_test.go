// SPDX-License-Identifier: Apache-2.0

package plan

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed testdata/workspaces.txtar
var workspacesArchive []byte

// fixture returns a file of testdata/workspaces.txtar. placeholders are pairs of a placeholder and its value.
func fixture(file string, placeholders ...string) string {
	files := txtar.Parse(workspacesArchive).Files
	i := slices.IndexFunc(files, func(f txtar.File) bool { return f.Name == file })
	if i < 0 {
		panic(file + " is not in testdata/workspaces.txtar")
	}
	return strings.NewReplacer(placeholders...).Replace(string(files[i].Data))
}

// serve returns a Workspace that serves a model on nodes of a size.
func serve(name, size string) string { return fixture("serve.yaml", "NAME", name, "SIZE", size) }

// tune returns a Workspace that tunes a model and pushes it to an image.
func tune(name, image string) string { return fixture("tune.yaml", "NAME", name, "IMAGE", image) }

// existing returns a Workspace on existing nodes with these labels.
func existing(name, labels string) string {
	return fixture("existing.yaml", "NAME", name, "LABELS", labels)
}

// annotated adds annotations in flow style to a Workspace.
func annotated(text string, pairs ...string) string {
	return strings.Replace(text, "metadata: {", "metadata: {annotations: {"+strings.Join(pairs, ", ")+"}, ", 1)
}

// configured is a served Workspace that names a ConfigMap.
func configured(name, config string) string {
	return serve(name, "Standard_NC24ads_A100_v4") + "  config: " + config + "\n"
}
