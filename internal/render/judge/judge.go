// SPDX-License-Identifier: Apache-2.0

// Package judge applies the policy for pods to the rendered objects of one Workspace, and finds the field of the
// repository that asks for what is refused.
package judge

import (
	"path"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// RefusedError is what the policy for pods refuses of the objects of a Workspace, each at the place that asks for it.
type RefusedError struct {
	Problems []diag.Diagnostic
}

// Error returns one problem a line.
func (e *RefusedError) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}

// Case is a Workspace whose objects are judged. The functions are called only if something is refused.
type Case struct {
	Workspace *workspace.Workspace
	Policy    podpolicy.Policy
	// Clean remembers objects without findings by their podpolicy.Likeness: most Workspaces of a fleet have pods like
	// those of another. Without it each object is judged.
	Clean *lru.Cache[string, struct{}]
	// Objects are the final objects, Unpatched those before the patch of the Workspace.
	Objects, Unpatched []*unstructured.Unstructured
	// BuiltIn returns the objects that the built-in presets alone make.
	BuiltIn func() []*unstructured.Unstructured
	// Files returns the files of the repository's presets that the Workspace is built from, by the path that messages
	// show.
	Files func() map[string][]byte
	// AdapterVolume returns the name of the volume of an adapter.
	AdapterVolume func(adapter string) string
}

// judge returns what the policy finds in an object.
func (c Case) judge(o *unstructured.Unstructured) []podpolicy.Finding {
	if c.Clean == nil {
		return c.Policy.Judge(o.Object)
	}
	like, known := c.Policy.Likeness(o.Object)
	if _, clean := c.Clean.Get(string(like[:])); known && clean {
		return nil
	}
	found := c.Policy.Judge(o.Object)
	if known && len(found) == 0 {
		c.Clean.Add(string(like[:]), struct{}{})
	}
	return found
}

// Check returns a RefusedError if the policy refuses an object, and what it only warns about. Most objects have no
// findings; only those that do are compared with what the built-in presets make, and searched for in the files of the
// repository.
func (c Case) Check() (warnings []diag.Diagnostic, err error) {
	var problems []diag.Diagnostic
	var builtIn []*unstructured.Unstructured
	rendered := false
	for _, o := range c.Objects {
		found := c.judge(o)
		if len(found) == 0 {
			continue
		}
		if !rendered {
			builtIn, rendered = c.BuiltIn(), true
		}
		remaining := podpolicy.Exempt(found, o.Object, contentOf(builtIn, o))
		for _, f := range remaining[:min(len(remaining), podpolicy.MaxReported)] {
			problems = append(problems, c.place(f, o).For(c.Workspace.Key))
		}
	}
	slices.SortFunc(problems, diag.Diagnostic.Compare)
	problems = slices.Compact(problems)
	if !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Severity == diag.Error }) {
		return problems, nil
	}
	return nil, &RefusedError{Problems: problems}
}

// contentOf returns the object of the same kind and name, or nil.
func contentOf(objects []*unstructured.Unstructured, like *unstructured.Unstructured) map[string]any {
	for _, o := range objects {
		if o.GetKind() == like.GetKind() && o.GetName() == like.GetName() {
			return o.Object
		}
	}
	return nil
}

// place returns a finding as a Diagnostic at the field that asks for it: in the patch, in the Workspace, or in a file
// of the repository's presets.
func (c Case) place(f podpolicy.Finding, o *unstructured.Unstructured) diag.Diagnostic {
	d := f.Diagnostic()
	w := c.Workspace
	if w.Patch != nil && !c.unpatchedHas(f, o) {
		at, _ := writtenIn(w.Patch.Path, []byte(w.Patch.Text), o, f.Path)
		return d.Placed(at)
	}
	if field := c.workspaceField(f.Path, o); field != "" {
		return d.On(w.Written(field)).Placed(w.At(field))
	}
	if at, ok := c.inPresets(f.Path, o); ok {
		return d.Placed(at)
	}
	if w.Tuning != nil {
		return d.Placed(w.At("tuning.preset.name"))
	}
	return d.Placed(w.At("inference.preset.name"))
}

// unpatchedHas reports whether a finding is there without the patch of the Workspace.
func (c Case) unpatchedHas(f podpolicy.Finding, o *unstructured.Unstructured) bool {
	return slices.ContainsFunc(c.Policy.Judge(contentOf(c.Unpatched, o)), func(g podpolicy.Finding) bool {
		return g.Message == f.Message && g.Path.String() == f.Path.String()
	})
}

// workspaceField returns the field of the Workspace that a field of an object comes from, or "".
func (c Case) workspaceField(p podpolicy.Path, o *unstructured.Unstructured) string {
	inPod := podpolicy.Path{"spec", "template"}
	below := len(p) >= len(inPod) && p[:len(inPod)].String() == inPod.String()
	w := c.Workspace
	switch {
	case o.GetKind() == "Service" && w.Annotations[wellknown.AnnotationLoadBalancer] == "True":
		return "metadata.annotations." + wellknown.AnnotationLoadBalancer
	case below && w.Inference != nil && w.Inference.Template != nil:
		return "inference.template." + p[len(inPod):].String()
	case below && len(p) > 5 && p[3] == "volumes":
		name := search{o, p}.nameAt(4)
		if field := c.volumeField(name); field != "" {
			return field + "." + p[5:].String()
		}
	}
	return ""
}

// volumeField returns the field of the Workspace that is the source of a volume, or "".
func (c Case) volumeField(volume string) string {
	if t := c.Workspace.Tuning; t != nil {
		switch {
		case volume == "data-volume" && t.Input != nil && t.Input.Volume != nil:
			return "tuning.input.volumeSource"
		case volume == "results-volume" && t.Output != nil && t.Output.Volume != nil:
			return "tuning.output.volumeSource"
		}
		return ""
	}
	for i, a := range c.Workspace.Inference.Adapters {
		if a.Source != nil && a.Source.Volume != nil && volume == c.AdapterVolume(a.Source.Name) {
			return podpolicy.Path{"inference", "adapters", i, "source", "volumeSource"}.String()
		}
	}
	return ""
}

// inPresets finds a field in the files of the repository's presets.
func (c Case) inPresets(p podpolicy.Path, o *unstructured.Unstructured) (best diag.Position, found bool) {
	files := c.Files()
	names := make([]string, 0, len(files))
	for name := range files {
		if path.Ext(name) != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	deepest := 0
	for _, name := range names {
		if at, depth := writtenIn(name, files[name], o, p); depth > deepest {
			best, found, deepest = at, true, depth
		}
	}
	return best, found
}
