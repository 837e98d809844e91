// SPDX-License-Identifier: Apache-2.0

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/rendered"
	"syncer.dev/syncer/internal/workspace"
)

// Placement is where a Workspace runs: the option that package capacity chose, or the existing nodes (BYO).
type Placement struct {
	Nodes            int // replicas of the StatefulSet; a Job always takes one
	GPUsPerNode      int
	GPUModel         string // "NVIDIA A10" changes a vLLM flag
	TensorParallel   int
	PipelineParallel int
	DataParallel     int
	LocalNVMe        bool
	Pool             string            // agent pool to pin to; "" on existing nodes (BYO)
	NodeLabels       map[string]string // the user's label selector, as a map
	// Claimed is the label with the name of the Workspace on nodes that KAITO's provisioner made for it: the pods run on
	// these nodes. It is "" for other nodes.
	Claimed string
	Spot    bool
	Paused  bool // it has given up its nodes: no pods, as if suspended
}

// Equal reports whether two placements are the same.
func (p Placement) Equal(o Placement) bool {
	if !maps.Equal(p.NodeLabels, o.NodeLabels) || (p.NodeLabels == nil) != (o.NodeLabels == nil) {
		return false
	}
	return p.alone() == o.alone()
}

// alone returns a placement without labels, which has an operator ==.
func (p Placement) alone() placement {
	return placement{
		p.Nodes, p.GPUsPerNode, p.TensorParallel, p.PipelineParallel, p.DataParallel, p.GPUModel, p.Pool,
		p.Claimed, p.LocalNVMe, p.Spot, p.Paused,
	}
}

type placement struct {
	nodes, gpus, tensor, pipeline, data int
	model, pool, claimed                string
	nvme, spot, paused                  bool
}

// Bundle is the rendered objects of one Workspace, in the order in which syncer applies them.
type Bundle struct {
	Workspace workspace.Key
	Objects   []*unstructured.Unstructured
	// Digest is the SHA-256, in hex, of the objects in canonical form.
	Digest string
	// Warnings are about objects that the policy for pods admits and warns about.
	Warnings []diag.Diagnostic

	inputs string          // the key of outlines; "" for objects in full
	listed []Listed        // the objects
	facts  *rendered.Facts // what the objects say
	front  int             // how many of the first objects are not rendered
	dirs   []string        // of the catalogue, that objects in full were built from
	files  string          // digest of dirs
}

// Listed names one object of a Bundle, and tells whose it is.
type Listed struct {
	cluster.Ref
	Own    bool   // it belongs to the Workspace alone
	Source string // the file that it is from; "" for shared ones
	Prune  string // what its annotations say about its deletion: cluster.AnnotationPrune
}

// Listing names an object.
func Listing(o *unstructured.Unstructured) Listed {
	_, own := cluster.TextIn(o, "labels", cluster.LabelWorkspace)
	source, _ := cluster.TextIn(o, "annotations", cluster.AnnotationSource)
	prune, _ := cluster.TextIn(o, "annotations", cluster.AnnotationPrune)
	return Listed{Ref: cluster.RefOf(o), Own: own, Source: source, Prune: prune}
}

// List names the objects, in their order; the list is read only.
func (b Bundle) List() []Listed {
	if len(b.listed) == len(b.Objects) {
		return b.listed
	}
	out := make([]Listed, len(b.Objects))
	for i, o := range b.Objects {
		out[i] = Listing(o)
	}
	return out
}

// Facts returns what the objects of the Workspace say.
func (b Bundle) Facts(w workspace.Key) rendered.Facts {
	if b.facts != nil {
		return *b.facts
	}
	return rendered.Of(w.Name, b.Objects)
}

// Before returns the Bundle with one more object in front, which is not rendered and says nothing of the model.
func (b Bundle) Before(o *unstructured.Unstructured) Bundle {
	b.listed = append([]Listed{Listing(o)}, b.List()...)
	b.Objects = append([]*unstructured.Unstructured{o}, b.Objects...)
	b.front++
	return b
}

// With returns the Bundle with another object of the same name at a place. It says the same of the model.
func (b Bundle) With(at int, o *unstructured.Unstructured) (Bundle, error) {
	b.listed = slices.Clone(b.List())
	b.listed[at] = Listing(o)
	b.Objects = slices.Clone(b.Objects)
	b.Objects[at] = o
	digest, err := Digest(b.Objects)
	if err != nil {
		return Bundle{}, err
	}
	b.Digest = digest
	return b, nil
}

// read keeps what the objects are and say.
func (b *Bundle) read() {
	b.listed = b.List()
	facts := rendered.Of(b.Workspace.Name, b.Objects)
	b.facts = &facts
}

// bundle makes the Bundle of a Workspace from its built objects: it checks, annotates and sorts them, and computes
// their digest.
func bundle(objects []*unstructured.Unstructured, w *workspace.Workspace, o Options) (Bundle, error) {
	b := Bundle{Workspace: w.Key, Objects: objects}
	for _, u := range objects {
		if err := checkAllowed(u, w.Namespace); err != nil {
			return Bundle{}, err
		}
		annotateSource(u, w, o)
	}
	slices.SortFunc(b.Objects, cluster.ByApplyOrder)
	digest, err := Digest(b.Objects)
	if err != nil {
		return Bundle{}, err
	}
	b.Digest = digest
	b.read()
	return b, nil
}

// checkAllowed refuses objects that no preset needs. A preset's files may be a user's: they must not create objects
// that a Workspace could not, such as roles, or objects of the cluster or of another namespace.
func checkAllowed(u *unstructured.Unstructured, namespace string) error {
	gvk := u.GroupVersionKind()
	if !cluster.Rendered(gvk.Group, gvk.Kind) {
		return fmt.Errorf("a preset must not contain a %s (%s)", gvk.Kind, u.GetName())
	}
	if u.GetNamespace() != namespace {
		return fmt.Errorf("%s %s is in namespace %q, and the Workspace is not", gvk.Kind, u.GetName(), u.GetNamespace())
	}
	for _, field := range []string{"ownerReferences", "finalizers"} { // they decide when an object is deleted
		if _, given, _ := unstructured.NestedFieldNoCopy(u.Object, "metadata", field); given {
			return fmt.Errorf("a preset must not set metadata.%s (%s %s)", field, gvk.Kind, u.GetName())
		}
	}
	return nil
}

// annotateSource records on an object which file it comes from. It leaves pod templates alone: moving a file must not
// restart pods. It also leaves alone the objects that several Workspaces share, since they come from all of them.
func annotateSource(u *unstructured.Unstructured, w *workspace.Workspace, o Options) {
	if u.GetLabels()[cluster.LabelWorkspace] != w.Name {
		return
	}
	a := u.GetAnnotations()
	if a == nil {
		a = map[string]string{}
	}
	a[cluster.AnnotationSource] = o.Source
	a[cluster.AnnotationInputs] = w.Digest
	if w.PruneDisabled() {
		a[cluster.AnnotationPrune] = "disabled"
	}
	if fields := w.Annotations[workspace.AnnotationIgnore]; fields != "" {
		a[workspace.AnnotationIgnore] = fields
	}
	u.SetAnnotations(a)
}

// Digest returns the SHA-256, in hex, of objects in canonical form: JSON with sorted keys, one object on a line, in
// the given order.
func Digest(objects []*unstructured.Unstructured) (string, error) {
	h := sha256.New()
	for _, u := range objects {
		text, err := u.MarshalJSON()
		if err != nil {
			return "", fmt.Errorf("encode %s %s: %w", u.GetKind(), u.GetName(), err)
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
