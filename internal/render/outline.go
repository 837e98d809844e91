// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/hashicorp/golang-lru/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/recent"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Outliner renders as its Renderer does, and returns outlines: of each object only what tells whose it is, and what a
// reader compares of a Workspace at a glance. A comparison of two commits renders all Workspaces and shows few of them;
// outlines take a tenth of the memory.
//
// Equal inputs have the same outlines, by address. So two objects of one address are equal in full, while nothing is
// known of two addresses: Render has the content. The cache of an Outliner may serve several Renderers.
type Outliner struct {
	*Renderer
	Outlines *Outlines
}

// Outlines keeps outlines by the inputs of their bundles. It is safe for concurrent use.
type Outlines struct {
	bundles *lru.Cache[string, cachedBundle]
	shared  *recent.Values[any] // parts that many outlines have in common, by their text
}

// maxOutlines is the number of bundles whose outlines are kept: more than a repository may hold Workspaces by default,
// of two commits. An outline takes some 4 KiB.
const maxOutlines = 32_768

// NewOutlines returns an empty cache.
func NewOutlines() *Outlines {
	return &Outlines{bundles: recent.NewLRU[cachedBundle](maxOutlines), shared: recent.New[any](maxTemplates)}
}

// Render returns the outlines of the objects that Renderer.Render returns for these arguments, with the Digest of the
// objects in full, and the same errors.
func (l Outliner) Render(
	ctx context.Context,
	w *workspace.Workspace,
	p preset.Preset,
	at Placement,
	o Options,
) (Bundle, error) {
	key, err := inputsOf(w, p, at, o)
	if err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	if b, ok := l.Again(Bundle{inputs: key}); ok {
		return b, nil
	}
	b, dirs, err := l.once(ctx, w, p, at, o)
	if err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	digest, err := l.deps.Digest(dirs)
	if err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	out := l.outline(ctx, b)
	out.inputs, out.listed = key, out.List()
	l.Outlines.bundles.Add(key, cachedBundle{out, dirs, digest})
	return out, nil
}

// Again returns the outlines that Render returns for the inputs of earlier ones; ok is false if they are forgotten, and
// if the files of the catalogue are others.
func (l Outliner) Again(earlier Bundle) (b Bundle, ok bool) {
	if earlier.inputs == "" {
		return Bundle{}, false
	}
	k, ok := l.Outlines.bundles.Get(earlier.inputs)
	if !ok {
		return Bundle{}, false
	}
	digest, err := l.deps.Digest(k.dirs)
	return k.bundle, err == nil && digest == k.digest
}

// once renders without keeping the bundle.
func (r *Renderer) once(
	ctx context.Context,
	w *workspace.Workspace,
	p preset.Preset,
	at Placement,
	o Options,
) (b Bundle, dirs []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			b, dirs, err = Bundle{}, nil, fmt.Errorf("panicked: %v", p)
		}
	}()
	if err := ctx.Err(); err != nil {
		return Bundle{}, nil, err
	}
	return r.render(ctx, w, p, at, o)
}

// outline returns a bundle with the outlines of its objects. Those that have equal labels or annotations share them.
func (l Outliner) outline(ctx context.Context, b Bundle) Bundle {
	out := Bundle{Workspace: b.Workspace, Digest: b.Digest, Warnings: b.Warnings}
	out.Objects = make([]*unstructured.Unstructured, len(b.Objects))
	var labels, annotations map[string]any
	for i, u := range b.Objects {
		meta, _ := u.Object["metadata"].(map[string]any)
		labels = sharedWith(labels, some(meta["labels"], shownLabels...))
		annotations = sharedWith(annotations, some(meta["annotations"], shownAnnotations...))
		short := map[string]any{"name": meta["name"], "namespace": meta["namespace"]}
		if len(labels) > 0 {
			short["labels"] = labels
		}
		if len(annotations) > 0 {
			short["annotations"] = annotations
		}
		o := map[string]any{"apiVersion": u.Object["apiVersion"], "kind": u.Object["kind"], "metadata": short}
		if spec := l.spec(ctx, u); spec != nil {
			o["spec"] = spec
		}
		out.Objects[i] = &unstructured.Unstructured{Object: o}
	}
	return out
}

// The labels and annotations of outlines.
var (
	shownLabels = []string{
		cluster.LabelWorkspace, cluster.LabelManagedBy, cluster.LabelCluster, wellknown.LabelPreset,
	}
	shownAnnotations = []string{cluster.AnnotationSource, cluster.AnnotationInputs, cluster.AnnotationPrune}
)

// spec returns what a reader compares at a glance: the replicas, the image and the command line of each container of a
// workload, and the ports of a Service. It is nil for all other kinds.
func (l Outliner) spec(ctx context.Context, u *unstructured.Unstructured) map[string]any {
	spec, _ := u.Object["spec"].(map[string]any)
	switch u.GetKind() {
	case "Service":
		return l.common(ctx, some(spec, "ports"))
	case "StatefulSet", "Job":
		all, _, _ := unstructured.NestedFieldNoCopy(spec, "template", "spec", "containers")
		list, _ := all.([]any)
		containers := make([]any, 0, len(list))
		for _, c := range list {
			containers = append(containers, some(c, "name", "image", "args"))
		}
		out := some(spec, "replicas")
		out["template"] = map[string]any{"spec": map[string]any{"containers": containers}}
		return out
	}
	return nil
}

// common returns one copy of equal values.
func (l Outliner) common(ctx context.Context, v map[string]any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		return v
	}
	one, err := l.Outlines.shared.Get(ctx, string(text), func() (any, error) { return v, nil })
	if err != nil {
		return v
	}
	return one.(map[string]any)
}

// some returns some fields of a mapping, as far as it has them.
func some(of any, fields ...string) map[string]any {
	m, _ := of.(map[string]any)
	out := make(map[string]any, len(fields))
	for _, f := range fields {
		if v, ok := m[f]; ok {
			out[f] = v
		}
	}
	return out
}

// sharedWith returns a value that is equal to b: a, if it is.
func sharedWith(a, b map[string]any) map[string]any {
	if a != nil && reflect.DeepEqual(a, b) {
		return a
	}
	return b
}
