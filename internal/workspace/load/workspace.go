// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
)

// workspace decodes one Workspace. Errors block it alone, as long as its name can be read.
func (l *loader) workspace(at diag.Position, n *yaml.Node, h header.Header, prefix string) {
	key := workspace.Key{Namespace: h.Namespace, Name: h.Name}
	if key.Namespace == "" {
		key.Namespace = l.options.DefaultNamespace
	}
	report := func(d diag.Diagnostic) {
		d.Path, d.Message = at.Path, prefix+d.Message
		if prefix != "" {
			d.Line, d.Column = at.Line, at.Column
		}
		if len(h.NameProblems(n)) == 0 {
			d = d.For(key)
		}
		l.set.Problems = append(l.set.Problems, d)
	}
	doc, positions, errs := decodeDocument(n)
	for _, e := range errs {
		report(e.Suggest(cmp.Or(oldField(e.Field), e.Hint)))
	}
	w := doc.workspace()
	w.Key, w.Source = key, at
	w.Positions = placed(positions, at, prefix)
	say := func(d diag.Diagnostic) { report(d.Placed(w.At(d.Field))) }
	l.version(h, "Workspace", say)
	l.ignored(positions, say)
	if len(errs) == 0 && doc.Metadata.header(doc.APIVersion, doc.Kind) != h {
		say(diag.Errorf(diag.AmbiguousYAML, differs))
	}
	if h.APIVersion == workspace.V1alpha1 {
		l.alpha(&w, say)
	}
	if h.Name == "" {
		missing := diag.Errorf(diag.RequiredField, "%sis required", prefix)
		l.unreadable(at.Path, missing.On("metadata.name").At(at.Line, at.Column))
		return
	}
	if !l.named(at, n, h, prefix) {
		return
	}
	if !l.allowed(key.Namespace) {
		say(l.refusal(key.Namespace))
	}
	if !l.spend(spent{workspaces: 1}, func(d diag.Diagnostic) diag.Diagnostic { return d.Placed(at).For(key) }) {
		return
	}
	l.set.Workspaces = append(l.set.Workspaces, w)
}

// version refuses unknown API versions.
func (l *loader) version(h header.Header, kind string, say reporter) {
	if h.APIVersion != workspace.V1alpha1 && h.APIVersion != workspace.V1beta1 {
		say(diag.Errorf(diag.UnknownAPIVersion, "%s has no version %q", kind, h.APIVersion).On("apiVersion").
			Suggest("use " + workspace.V1beta1 + " or " + workspace.V1alpha1))
	}
}

// ignored warns about fields of a file dumped from a cluster.
func (l *loader) ignored(positions strictyaml.Positions, say reporter) {
	if _, ok := positions["status"]; ok {
		say(diag.Warningf(diag.IgnoredField, "is ignored in a file").On("status").Suggest("remove it"))
	}
	if field := serverSet(positions); field != "" {
		say(diag.Warningf(diag.IgnoredField, "is set by the API server, and is ignored").On(field).Suggest("remove it"))
	}
}

// alpha applies the rules of the CRD of v1alpha1: it has a default size, and drops fields that only v1beta1 has.
func (l *loader) alpha(w *workspace.Workspace, say reporter) {
	if w.Resource.InstanceType == "" {
		w.Resource.InstanceType = DefaultInstanceType
	}
	if w.Resource.Partition != nil {
		w.Resource.Partition = nil
		say(unknownInAlpha("resource.partition"))
	}
	for field, p := range map[string]*workspace.PresetSpec{"inference": inferencePreset(w), "tuning": tuningPreset(w)} {
		if p != nil && p.Options.ModelAccessSecret != "" {
			p.Options.ModelAccessSecret = ""
			say(unknownInAlpha(field + ".preset.presetOptions.modelAccessSecret"))
		}
	}
}
