// SPDX-License-Identifier: Apache-2.0

package render

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

// overlayDir is the folder of the Workspace's own kustomization in the tree that Kustomize sees; the catalogue is in
// presets.
const overlayDir = "workspace"

// Names of the objects of every base, and of their main container, before the overlay renames them.
const (
	baseName      = "model"
	mainContainer = "model"
)

// overlay is a Workspace's changes to the base of its task. It is plain data, encoded at the end: a user's text is
// never pasted into YAML or into a script.
type overlay struct {
	base       string    // folder of the catalogue
	workload   string    // kind of the workload: StatefulSet or Job
	components []string  // folders of the catalogue, in the order in which they are applied
	preset     string    // the model's own folder, applied after these; may be empty
	shared     string    // folder of the catalogue with objects that Workspaces of a namespace share; may be empty
	prebuilt   bool      // baseFile holds the base with its components, already built
	images     memo.List // of the images component, if it has no other field
	ownImages  bool      // the images are the user's: leave them as they are
	patches    []patch
}

// patch changes all objects of a kind: an object is a strategic merge, a list is a JSON patch.
type patch struct {
	kind  string
	name  string // of the object before patches; empty for all of the kind
	value any
}

// uses lists the folders of the catalogue that the overlay refers to.
func (o overlay) uses() []string {
	dirs := append([]string{o.base}, o.ordered()...)
	if o.shared != "" {
		dirs = append(dirs, o.shared)
	}
	if !o.ownImages {
		dirs = append(dirs, folders.ImagesDir)
	}
	return dirs
}

// ordered lists the components, and the preset last.
func (o overlay) ordered() []string {
	if o.preset == "" {
		return o.components
	}
	return append(slices.Clone(o.components), "models/"+o.preset)
}

// baseInto adds the base and its components to a kustomization: the part of the overlay that does not depend on the
// Workspace.
func (o overlay) baseInto(k memo.Object, presets string) {
	k["resources"] = memo.List{presets + o.base}
	var components memo.List
	for _, c := range o.ordered() {
		components = append(components, presets+c)
	}
	if components != nil {
		k["components"] = components
	}
}

// baseFile is the file with the result of baseBuild.
const baseFile = "begun.yaml"

// The inner of two kustomizations, or the only one, and the outer.
const (
	ownFile   = "own/kustomization.yaml"
	wholeFile = "kustomization.yaml"
)

// rootOf is the folder of an overlay to build: the outer of two kustomizations, or the only one.
func rootOf(files []memo.File) string {
	if files[len(files)-1].Name == wholeFile {
		return overlayDir
	}
	return path.Join(overlayDir, "own")
}

// files returns the overlay as files with placeholders: a kustomization for the Workspace's own objects, inside one for
// the namespace and labels that they have in common with shared objects, which is the last file then.
func (o overlay) files(w *workspace.Workspace, opts Options) []memo.File {
	own := memo.Object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"labels":     memo.List{memo.Object{"pairs": selectorPairs(w), "includeSelectors": true}},
	}
	files := make([]memo.File, 0, len(o.patches)+2)
	if o.prebuilt {
		own["resources"] = memo.List{baseFile}
	} else {
		o.baseInto(own, "../../presets/")
	}
	patches := make(memo.List, 0, len(o.patches))
	for i, p := range o.patches {
		target := memo.Object{"kind": p.kind}
		if p.name != "" {
			target["name"] = p.name
		}
		name := "patch-" + strconv.Itoa(i+1) + "-" + strings.ToLower(p.kind) + ".yaml"
		files = append(files, memo.File{Name: "own/" + name, Value: p.value})
		patches = append(patches, memo.Object{"path": name, "target": target, "options": renames})
	}
	own["patches"] = patches
	if !o.ownImages {
		// The main container takes the name of its object last, as in KAITO.
		own["replacements"] = memo.List{memo.Object{
			"source": memo.Object{"kind": o.workload, "fieldPath": "metadata.name"},
			"targets": memo.List{memo.Object{
				"select":     memo.Object{"kind": o.workload},
				"fieldPaths": memo.List{"spec.template.spec.containers.[name=" + mainContainer + "].name"},
			}},
		}}
	}

	common := memo.Object{"includeTemplates": true, "pairs": memo.Object{
		cluster.LabelManagedBy: cluster.ManagedBy,
		cluster.LabelCluster:   memo.Placeholder{Value: opts.Cluster},
	}}
	if o.shared == "" && (o.ownImages || o.images != nil) {
		// There are no shared objects: one kustomization builds faster than two.
		own["namespace"] = memo.RefPlaceholder(w.Namespace)
		own["labels"] = append(own["labels"].(memo.List), common)
		if !o.ownImages {
			own["images"] = o.images
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
	if o.shared != "" {
		whole["resources"] = memo.List{"own", "../presets/" + o.shared}
	}
	if !o.ownImages {
		whole["components"] = memo.List{"../presets/" + folders.ImagesDir}
	}
	return append(files, memo.File{Name: ownFile, Value: own}, memo.File{Name: wholeFile, Value: whole})
}

// renames are the options of a patch that may rename its object.
var renames = memo.Object{"allowNameChange": true}

// rename gives an object of the base the Workspace's name, or a name derived from it.
func rename(kind, from, to string) patch {
	return patch{
		kind:  kind,
		name:  from,
		value: memo.List{memo.Object{"op": "replace", "path": "/metadata/name", "value": memo.RefPlaceholder(to)}},
	}
}

// headless is the name of the Service that gives the pods of a Workspace their DNS names.
func headless(name string) string { return name + "-headless" }

// labelSet is on every object that an InferenceSet created.
const labelSet = wellknown.LabelInferenceSet

// selectorPairs are the labels that select the pods of the Workspace. A Workspace of an InferenceSet also has the
// set's name, with which autoscalers select the pods of the whole set.
func selectorPairs(w *workspace.Workspace) memo.Object {
	pairs := memo.Object{
		cluster.LabelWorkspace: memo.RefPlaceholder(w.Name),
		labelSet:               memo.Placeholder{Value: memo.Omit{}},
	}
	if set, ok := w.Labels[labelSet]; ok {
		pairs[labelSet] = memo.Placeholder{Value: set}
	}
	return pairs
}
