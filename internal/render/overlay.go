package render

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// imagesDir is the folder of the catalogue that names the images. Unlike all others it is applied last.
const imagesDir = "components/images"

// overlayDir is where the Workspace's own kustomization is, in the tree that Kustomize sees; the catalogue is beside it.
const overlayDir = "workspace"

// What the objects of every base, and their main container, are called before they get the Workspace's name.
const (
	baseName      = "model"
	mainContainer = "model"
)

// object and list are JSON-shaped values.
type (
	object = map[string]any
	list   = []any
)

// overlay is what a Workspace adds to the base of its task. It is generated, as plain data that is encoded at the end: what
// a user wrote is never pasted into YAML or into a script.
type overlay struct {
	base       string   // folder of the catalogue
	workload   string   // kind of the object that runs: StatefulSet or Job
	components []string // folders of the catalogue, in the order in which they are applied
	preset     string   // the model's own folder, applied after these; may be empty
	shared     string   // folder of the catalogue with objects that Workspaces of a namespace share; may be empty
	begun      bool     // the base is built with its components already
	images     list     // what the component for images does, if that is all it does
	ownImages  bool     // images are the user's and stay as they are
	patches    []patch
}

// patch changes all objects of a kind: an object is a strategic merge, a list is a JSON patch.
type patch struct {
	kind  string
	name  string // of the object before patches; empty for all of the kind
	value any
}

// uses returns the folders of the catalogue that the overlay refers to.
func (o overlay) uses() []string {
	dirs := append([]string{o.base}, o.ordered()...)
	if o.shared != "" {
		dirs = append(dirs, o.shared)
	}
	if !o.ownImages {
		dirs = append(dirs, imagesDir)
	}
	return dirs
}

// ordered are the components, the preset among them.
func (o overlay) ordered() []string {
	if o.preset == "" {
		return o.components
	}
	return append(slices.Clone(o.components), "models/"+o.preset)
}

// begin is the part of the overlay that comes before anything of the Workspace itself.
func (o overlay) begin(k object, presets string) {
	k["resources"] = list{presets + o.base}
	var components list
	for _, c := range o.ordered() {
		components = append(components, presets+c)
	}
	if components != nil {
		k["components"] = components
	}
}

// begunFile holds what begin builds, when that was done before.
const begunFile = "begun.yaml"

// root is the folder of the overlay that is built.
func (o overlay) root(files map[string]any) string {
	if _, two := files[path.Join(overlayDir, "kustomization.yaml")]; two {
		return overlayDir
	}
	return path.Join(overlayDir, "own")
}

// files returns the overlay as files, by path, with marks: a kustomization for the Workspace's own objects, inside one that adds
// what they have in common with the shared ones.
func (o overlay) files(w *workspace.Workspace, opts Options) map[string]any {
	own := object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"labels":     list{object{"pairs": selectorPairs(w), "includeSelectors": true}},
	}
	files := map[string]any{}
	if o.begun {
		own["resources"] = list{begunFile}
	} else {
		o.begin(own, "../../presets/")
	}
	var patches list
	for i, p := range o.patches {
		target := object{"kind": p.kind}
		if p.name != "" {
			target["name"] = p.name
		}
		file := fmt.Sprintf("patch-%d-%s.yaml", i+1, strings.ToLower(p.kind))
		files[path.Join(overlayDir, "own", file)] = p.value
		patches = append(patches, object{"path": file, "target": target, "options": object{"allowNameChange": true}})
	}
	own["patches"] = patches
	if !o.ownImages {
		// Last of all, the main container takes the name of its object, as KAITO has it.
		own["replacements"] = list{object{
			"source": object{"kind": o.workload, "fieldPath": "metadata.name"},
			"targets": list{object{
				"select":     object{"kind": o.workload},
				"fieldPaths": list{"spec.template.spec.containers.[name=" + mainContainer + "].name"},
			}},
		}}
	}

	common := object{"includeTemplates": true, "pairs": object{
		cluster.LabelManagedBy: cluster.ManagedBy,
		cluster.LabelCluster:   hole{opts.Cluster},
	}}
	if o.shared == "" && (o.ownImages || o.images != nil) {
		// Nothing is to be kept apart, and one kustomization is built in less time than two.
		own["namespace"] = name(w.Namespace)
		own["labels"] = append(own["labels"].(list), common)
		if !o.ownImages {
			own["images"] = o.images
		}
		files[path.Join(overlayDir, "own", "kustomization.yaml")] = own
		return files
	}
	whole := object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"namespace":  name(w.Namespace),
		"resources":  list{"own"},
		"labels":     list{common},
	}
	if o.shared != "" {
		whole["resources"] = list{"own", "../presets/" + o.shared}
	}
	if !o.ownImages {
		whole["components"] = list{"../presets/" + imagesDir}
	}
	files[path.Join(overlayDir, "own", "kustomization.yaml")] = own
	files[path.Join(overlayDir, "kustomization.yaml")] = whole
	return files
}

// rename gives an object of the base the Workspace's name, or one made of it.
func rename(kind, from, to string) patch {
	return patch{kind: kind, name: from, value: list{object{"op": "replace", "path": "/metadata/name", "value": name(to)}}}
}

// headless is the name of the Service that gives the pods of a Workspace their names.
func headless(name string) string { return name + "-headless" }

// labelSet is on what an InferenceSet made.
const labelSet = "inferenceset.kaito.sh/created-by"

// selectorPairs are the labels by which Services and workloads find the pods of the Workspace. A Workspace that an
// InferenceSet made also carries the set's name, by which autoscalers find the pods of the whole set.
func selectorPairs(w *workspace.Workspace) object {
	pairs := object{cluster.LabelWorkspace: name(w.Name), labelSet: hole{absent{}}}
	if set, ok := w.Labels[labelSet]; ok {
		pairs[labelSet] = hole{set}
	}
	return pairs
}
