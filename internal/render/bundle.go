// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	"syncer.dev/syncer/internal/canonical"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/render/kept"
	"syncer.dev/syncer/internal/render/rendered"
	"syncer.dev/syncer/internal/render/shape"
	"syncer.dev/syncer/internal/render/source"
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

	content kept.Text // of outlines whose content is kept: their objects in canonical form
	listed  []Listed  // the objects
	facts   *facts    // what the objects say
	front   int       // how many of the first objects are not rendered
	from    *origin   // what the objects were built from; nil if that is unknown
}

// origin is the folders of the catalogue that objects were built from. Many Bundles share one.
type origin struct {
	dirs   []string
	files  string // the digest of their files
	inputs string // in place of these, the key of outlines whose content is not kept
}

// written is a Bundle with its objects in canonical form, before it is kept.
type written struct {
	Bundle
	text []byte
}

// facts is what the objects of Workspaces say.
type facts struct {
	rendered.Facts
	marked bool // the Endpoint has marks in place of the names of a Workspace
}

// of returns the Facts of one Workspace.
func (f *facts) of(w workspace.Key) rendered.Facts {
	out := f.Facts
	if f.marked {
		out.Endpoint = shape.Text(out.Endpoint, []string{inputs.Name: w.Name, inputs.Namespace: w.Namespace})
	}
	return out
}

// Listed names one object of a Bundle, and tells whose it is.
type Listed struct {
	cluster.Ref
	Own    bool   // it belongs to the Workspace alone
	Source string // the file that it is from; "" for shared ones
	Prune  string // what its annotations say about its deletion: cluster.AnnotationPrune
	// Digest is the SHA-256 of the object as JSON, as encoding/json writes it; zero for one that is not rendered.
	Digest [sha256.Size]byte
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
		return b.facts.of(w)
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

// Whole returns the objects in full: those of outlines are decoded from what is kept of them, at other addresses each
// time. known is false for outlines whose content is not kept. Callers must not change them.
func (b Bundle) Whole() (objects []*unstructured.Unstructured, known bool) {
	if b.content.Empty() {
		return b.Objects, b.from == nil || b.from.inputs == ""
	}
	out := slices.Clone(b.Objects[:b.front])
	text, err := b.content.Bytes()
	if err != nil {
		return nil, false // the shelf wrote it
	}
	for line := range bytes.Lines(text) {
		var o map[string]any
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, false // encode wrote it
		}
		out = append(out, &unstructured.Unstructured{Object: o})
	}
	return out, len(out) == len(b.Objects)
}

// With returns the Bundle with another object of the same name at a place. It says the same of the model. ok is false
// if the content of the others is unknown.
func (b Bundle) With(at int, o *unstructured.Unstructured) (_ Bundle, ok bool, err error) {
	objects, known := b.Whole()
	if !known {
		return Bundle{}, false, nil
	}
	objects = slices.Clone(objects)
	objects[at] = o
	out := b
	out.listed = slices.Clone(b.List())
	out.listed[at] = Listing(o)
	text, err := encode(objects, out.listed, inCanonicalForm)
	if err != nil {
		return Bundle{}, false, err
	}
	out.Digest = sum(text)
	if out.Objects = objects; !b.content.Empty() {
		if text, err = encode(objects[b.front:], out.listed[b.front:], inCanonicalForm); err != nil {
			return Bundle{}, false, err
		}
		out.content, out.Objects = b.content.Another(text), slices.Clone(b.Objects)
		out.Objects[at] = &unstructured.Unstructured{Object: b.Objects[at].Object}
	}
	return out, true, nil
}

// bundle makes the Bundle of a Workspace from its built objects: it checks, annotates and sorts them, and computes
// their digest. Objects without what is below their head have no facts.
func bundle(
	objects []*unstructured.Unstructured, form writer, w *workspace.Workspace, o Options,
) (written, error) {
	b := written{Bundle: Bundle{Workspace: w.Key, Objects: objects}}
	for _, u := range objects {
		if err := source.Allowed(u, w.Namespace); err != nil {
			return written{}, err
		}
		source.Annotate(u, w, o.Source)
	}
	slices.SortFunc(b.Objects, cluster.ByApplyOrder)
	b.listed = b.List()
	text, err := encode(b.Objects, b.listed, form)
	if err != nil {
		return written{}, err
	}
	b.text, b.Digest = text, sum(text)
	b.facts = &facts{Facts: rendered.Of(b.Workspace.Name, b.Objects)}
	return b, nil
}

// Digest returns the SHA-256, in hex, of objects in canonical form: JSON with sorted keys, one object on a line, in
// the given order.
func Digest(objects []*unstructured.Unstructured) (string, error) {
	text, err := encode(objects, make([]Listed, len(objects)), inCanonicalForm)
	return sum(text), err
}

// writer adds the canonical form of an object to a text.
type writer func(to []byte, u *unstructured.Unstructured) ([]byte, error)

func inCanonicalForm(to []byte, u *unstructured.Unstructured) ([]byte, error) {
	return canonical.Append(to, u.Object)
}

// encode returns objects in canonical form, and sets the digest of each in its list.
func encode(objects []*unstructured.Unstructured, listed []Listed, form writer) (text []byte, err error) {
	text = canonical.Buffer()
	for i, u := range objects {
		from := len(text)
		if text, err = form(text, u); err != nil {
			return nil, fmt.Errorf("encode %s %s: %w", u.GetKind(), u.GetName(), err)
		}
		listed[i].Digest = sha256.Sum256(text[from:])
		text = append(text, '\n')
	}
	return text, nil
}

// sum is the digest of objects in canonical form.
func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}
