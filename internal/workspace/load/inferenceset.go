// SPDX-License-Identifier: Apache-2.0

package load

import (
	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/document"
	"syncer.dev/syncer/internal/workspace/header"
)

// inferenceSet decodes one InferenceSet, and makes a Workspace of each replica. Errors block these, as long as the name
// can be read.
func (l *loader) inferenceSet(at diag.Position, n *yaml.Node, h header.Header, prefix string) {
	key := workspace.Key{Namespace: h.Namespace, Name: h.Name}
	if key.Namespace == "" {
		key.Namespace = l.options.DefaultNamespace
	}
	s, decoded, errs := document.InferenceSet(n, key)
	s.Template.Source, s.Template.Positions = at, placed(s.Template.Positions, at, prefix)
	report := func(d diag.Diagnostic) {
		d.Path, d.Message = at.Path, prefix+d.Message
		if len(h.NameProblems(n)) == 0 {
			d.InferenceSet = key
		}
		l.set.Problems = append(l.set.Problems, d)
	}
	say := reporter(func(d diag.Diagnostic) { report(d.Placed(s.Template.At(d.Field))) })
	l.version(h, "InferenceSet", say)
	unsized := false
	for _, e := range errs {
		if prefix != "" {
			e = e.Placed(s.Template.At(e.Field))
		}
		report(e)
		unsized = unsized || e.Field == "spec.replicas" || e.Field == "spec" || e.Field == ""
	}
	if len(errs) == 0 && decoded != h {
		say(diag.Errorf(diag.AmbiguousYAML, differs))
	}
	say.all(document.Ignored(s.Template.Positions))
	for _, field := range []string{"spec.template.metadata.name", "spec.template.metadata.namespace"} {
		if _, given := s.Template.Positions[field]; given {
			say(
				diag.Warningf(diag.IgnoredField, "is ignored, because replicas have names after the set and share its namespace").
					On(field).
					Suggest("remove it"),
			)
		}
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
	if s.APIVersion == workspace.V1alpha1 {
		say.all(document.ApplyV1alpha1ToSet(&s))
	}
	if unsized || !l.replicas(&s, say) { // syncer must not take live objects for removed
		l.set.Unsized[key.Name] = at.Path
		l.markUnreadable(at.Path)
		s.Replicas = 0
	}
	l.set.InferenceSets = append(l.set.InferenceSets, s)
	for i := range s.Replicas {
		l.set.Workspaces = append(l.set.Workspaces, s.Replica(i))
	}
}

// replicas reports whether the number of replicas is one that syncer can make.
func (l *loader) replicas(s *workspace.InferenceSet, say reporter) bool {
	const field = "spec.replicas"
	switch {
	case s.Replicas < 0:
		say(
			diag.Errorf(diag.OutOfRange, "must not be negative").
				On(field).
				Suggest("set it to 0 to keep the set and serve nothing"),
		)
		return false
	case s.Replicas > l.options.Limits.Replicas:
		say(diag.Errorf(diag.OutOfRange, "must not be above %d (limit: %s)", l.options.Limits.Replicas, settingReplicas).
			On(field))
		return false
	}
	more := max(s.Replicas-1, 0)
	used := spent{workspaces: s.Replicas, values: l.size.Values * more, bytes: l.size.Bytes * more}
	return l.spend(used, func(d diag.Diagnostic) diag.Diagnostic {
		d.InferenceSet = s.Key
		return d.On(field).Placed(s.Template.At(field))
	})
}
