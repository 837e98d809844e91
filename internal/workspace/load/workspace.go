// SPDX-License-Identifier: Apache-2.0

package load

import (
	"maps"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/document"
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
	w, decoded, errs := document.Workspace(n)
	for _, e := range errs {
		report(e)
	}
	w.Key, w.Source = key, at
	w.Positions = l.shared(placed(w.Positions, at, prefix))
	say := reporter(func(d diag.Diagnostic) { report(d.Placed(w.At(d.Field))) })
	l.version(h, "Workspace", say)
	say.all(document.Ignored(w.Positions))
	if len(errs) == 0 && decoded != h {
		say(diag.Errorf(diag.AmbiguousYAML, differs))
	}
	if h.APIVersion == workspace.V1alpha1 {
		say.all(document.ApplyV1alpha1(&w))
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

// reporter reports something about a field of one document, at the place where the field is written.
type reporter func(diag.Diagnostic)

func (say reporter) all(found []diag.Diagnostic) {
	for _, d := range found {
		say(d)
	}
}

// version refuses unknown API versions.
func (l *loader) version(h header.Header, kind string, say reporter) {
	if h.APIVersion != workspace.V1alpha1 && h.APIVersion != workspace.V1beta1 {
		say(diag.Errorf(diag.UnknownAPIVersion, "%s has no version %q", kind, h.APIVersion).On("apiVersion").
			Suggest("use " + workspace.V1beta1 + " or " + workspace.V1alpha1))
	}
}

// placed returns the positions to report: those in the output of a kustomization mean nothing to its author, and become
// the position of the folder.
func placed(positions strictyaml.Positions, at diag.Position, prefix string) strictyaml.Positions {
	if prefix != "" {
		for field := range positions {
			positions[field] = strictyaml.Position{Line: at.Line, Column: at.Column}
		}
	}
	return positions
}

// shared returns positions as they are, in memory once: those of a file are as a rule those of the one before, and do
// not change from here on.
func (l *loader) shared(positions strictyaml.Positions) strictyaml.Positions {
	if !maps.Equal(l.positions, positions) {
		l.positions = positions
	}
	return l.positions
}
