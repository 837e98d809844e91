// SPDX-License-Identifier: Apache-2.0

// Package overlay writes the Kustomize files of one Workspace: its changes to the base of its task.
package overlay

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render/folders"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Dir is the folder of the Workspace's own kustomization in the tree that Kustomize sees; the catalogue is in
// presets.
const Dir = "workspace"

// Names of the objects of every base, and of their main container, before the overlay renames them.
const (
	BaseName      = "model"
	MainContainer = "model"
)

// Overlay is a Workspace's changes to the base of its task. It is plain data, encoded at the end: a user's text is
// never pasted into YAML or into a script.
type Overlay struct {
	Base       string    // folder of the catalogue
	Workload   string    // kind of the workload: StatefulSet or Job
	Components []string  // folders of the catalogue, in the order in which they are applied
	Preset     string    // the model's own folder, applied after these; may be empty
	Shared     string    // folder of the catalogue with objects that Workspaces of a namespace share; may be empty
	Prebuilt   bool      // BaseFile holds the base with its components, already built
	Images     memo.List // of the images component, if it has no other field
	OwnImages  bool      // the images are the user's: leave them as they are
	Patches    []Patch
}

// Patch changes all objects of a kind: an object is a strategic merge, a list is a JSON patch.
type Patch struct {
	Kind  string
	Name  string // of the object before patches; empty for all of the kind
	Value any
}

// Uses lists the folders of the catalogue that the overlay refers to.
func (o Overlay) Uses() []string {
	dirs := append([]string{o.Base}, o.Ordered()...)
	if o.Shared != "" {
		dirs = append(dirs, o.Shared)
	}
	if !o.OwnImages {
		dirs = append(dirs, folders.ImagesDir)
	}
	return dirs
}

// Ordered lists the components, and the preset last.
func (o Overlay) Ordered() []string {
	if o.Preset == "" {
		return o.Components
	}
	return append(slices.Clone(o.Components), "models/"+o.Preset)
}

// BaseInto adds the base and its components to a kustomization: the part of the overlay that does not depend on the
// Workspace.
func (o Overlay) BaseInto(k memo.Object, presets string) {
	k["resources"] = memo.List{presets + o.Base}
	var components memo.List
	for _, c := range o.Ordered() {
		components = append(components, presets+c)
	}
	if components != nil {
		k["components"] = components
	}
}

// BaseFile is the file with the result of the build of Base and Components.
const BaseFile = "begun.yaml"

// The inner of two kustomizations, or the only one, and the outer.
const (
	ownFile   = "own/kustomization.yaml"
	wholeFile = "kustomization.yaml"
)

// RootOf is the folder of an overlay to build: the outer of two kustomizations, or the only one.
func RootOf(files []memo.File) string {
	if files[len(files)-1].Name == wholeFile {
		return Dir
	}
	return path.Join(Dir, "own")
}

// Files returns the overlay as files with placeholders: a kustomization for the Workspace's own objects, inside one for
// the namespace and labels that they have in common with shared objects, which is the last file then.
func (o Overlay) Files(w *workspace.Workspace, clusterName string) []memo.File {
	own := memo.Object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"labels":     memo.List{memo.Object{"pairs": selectorPairs(w), "includeSelectors": true}},
	}
	files := make([]memo.File, 0, len(o.Patches)+2)
	if o.Prebuilt {
		own["resources"] = memo.List{BaseFile}
	} else {
		o.BaseInto(own, "../../presets/")
	}
	patches := make(memo.List, 0, len(o.Patches))
	for i, p := range o.Patches {
		target := memo.Object{"kind": p.Kind}
		if p.Name != "" {
			target["name"] = p.Name
		}
		name := "patch-" + strconv.Itoa(i+1) + "-" + strings.ToLower(p.Kind) + ".yaml"
		files = append(files, memo.File{Name: "own/" + name, Value: p.Value})
		patches = append(patches, memo.Object{"path": name, "target": target, "options": renames})
	}
	own["patches"] = patches
	if !o.OwnImages {
		// The main container takes the name of its object last, as in KAITO.
		own["replacements"] = memo.List{memo.Object{
			"source": memo.Object{"kind": o.Workload, "fieldPath": "metadata.name"},
			"targets": memo.List{memo.Object{
				"select":     memo.Object{"kind": o.Workload},
				"fieldPaths": memo.List{"spec.template.spec.containers.[name=" + MainContainer + "].name"},
			}},
		}}
	}

	common := memo.Object{"includeTemplates": true, "pairs": memo.Object{
		cluster.LabelManagedBy: cluster.ManagedBy,
		cluster.LabelCluster:   memo.Placeholder{Value: clusterName},
	}}
	if o.Shared == "" && (o.OwnImages || o.Images != nil) {
		// There are no shared objects: one kustomization builds faster than two.
		own["namespace"] = memo.RefPlaceholder(w.Namespace)
		own["labels"] = append(own["labels"].(memo.List), common)
		if !o.OwnImages {
			own["images"] = o.Images
		}
		return append(files, memo.File{Name: ownFile, Value: own})
	}
	whole := memo.Object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"namespace":  memo.RefPlaceholder(w.Namespace),
		"resources":  memo.List{"own"},
		"labels":     memo.List{common},
	}
	if o.Shared != "" {
		whole["resources"] = memo.List{"own", "../presets/" + o.Shared}
	}
	if !o.OwnImages {
		whole["components"] = memo.List{"../presets/" + folders.ImagesDir}
	}
	return append(files, memo.File{Name: ownFile, Value: own}, memo.File{Name: wholeFile, Value: whole})
}

// renames are the options of a patch that may rename its object.
var renames = memo.Object{"allowNameChange": true}

// Rename gives an object of the base the Workspace's name, or a name derived from it.
func Rename(kind, from, to string) Patch {
	return Patch{
		Kind:  kind,
		Name:  from,
		Value: memo.List{memo.Object{"op": "replace", "path": "/metadata/name", "value": memo.RefPlaceholder(to)}},
	}
}

// Headless is the name of the Service that gives the pods of a Workspace their DNS names.
func Headless(name string) string { return name + "-headless" }

// selectorPairs are the labels that select the pods of the Workspace. A Workspace of an InferenceSet also has the
// set's name, with which autoscalers select the pods of the whole set.
func selectorPairs(w *workspace.Workspace) memo.Object {
	pairs := memo.Object{
		cluster.LabelWorkspace:      memo.RefPlaceholder(w.Name),
		wellknown.LabelInferenceSet: memo.Placeholder{Value: memo.Omit{}},
	}
	if set, ok := w.Labels[wellknown.LabelInferenceSet]; ok {
		pairs[wellknown.LabelInferenceSet] = memo.Placeholder{Value: set}
	}
	return pairs
}
