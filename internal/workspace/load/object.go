// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/facts"
	"syncer.dev/syncer/internal/workspace/header"
	"syncer.dev/syncer/internal/workspace/plainobject"
)

// object keeps a plain object of an allowed kind.
func (l *loader) object(at diag.Position, n *yaml.Node, h header.Header, prefix string, report func(diag.Diagnostic)) {
	group, version, grouped := strings.Cut(h.APIVersion, "/")
	kind := h.Kind
	if grouped {
		kind += "." + group
	}
	if kind == kindSecret {
		l.secret(at, n, h, prefix, report)
		return
	}
	if !slices.Contains(l.options.Objects, kind) {
		l.otherKind(kind, report)
		return
	}
	if !grouped && h.APIVersion != "v1" { // the list names kinds of the core group, which has no other version
		report(diag.Errorf(diag.UnknownAPIVersion, "apiVersion %q has no kind %s", h.APIVersion, kind).On("apiVersion").
			Suggest("use apiVersion: v1"))
		l.markUnreadable(at.Path)
		return
	}
	if grouped && len(validation.IsDNS1035Label(version)) > 0 {
		report(diag.Errorf(diag.UnknownAPIVersion, "%.100q is not a valid version", version).On("apiVersion").
			Suggest("write " + group + "/ and a version such as v1"))
		l.markUnreadable(at.Path)
		return
	}
	var content map[string]any
	positions, errs := strictyaml.Decode(n, &content)
	if len(errs) == 0 {
		errs = plainobject.Check(n, h.APIVersion, h.Kind)
	}
	for _, e := range errs {
		l.reportAt(e, report)
		l.markUnreadable(at.Path) // syncer must not take a live object for removed
	}
	meta, _ := content["metadata"].(map[string]any)
	switch {
	case len(errs) > 0:
		return
	case header.In(content) != h:
		report(diag.Errorf(diag.AmbiguousYAML, differs))
		l.markUnreadable(at.Path)
		return
	case h.Name == "":
		report(diag.Errorf(diag.RequiredField, "is required").On("metadata.name"))
		return
	case !l.named(at, n, h, prefix):
		return
	case h.Namespace == "":
		meta["namespace"] = l.options.DefaultNamespace
	case !l.allowed(h.Namespace):
		report(l.refusal(h.Namespace))
		return
	}
	if !l.switches(at, content, positions, report) || !l.admitted(at, content, positions, report) ||
		!l.spend(spent{objects: 1}, func(d diag.Diagnostic) diag.Diagnostic { return d.Placed(at) }) {
		return
	}
	l.set.Objects = append(l.set.Objects, workspace.Object{Content: content, Source: at, Origins: l.origins(n, h)})
}

// origins tells where the texts of a ConfigMap are written in the file. Those of a build have no place.
func (l *loader) origins(n *yaml.Node, h header.Header) map[string]strictyaml.Origin {
	if h.Kind != "ConfigMap" || l.text == "" {
		return nil
	}
	if l.lined != l.text {
		l.lined, l.lines = l.text, strings.Split(strings.TrimPrefix(l.text, "\ufeff"), "\n")
	}
	out := map[string]strictyaml.Origin{}
	for key, value := range strictyaml.Pairs(strictyaml.Field(n, "data")) {
		if key.Value == workspace.InferenceConfigKey || key.Value == workspace.TrainingConfigKey {
			out[key.Value] = strictyaml.OriginOf(value, l.lines)
		}
	}
	return out
}

// admitted applies the policy for pods to a plain object. What is refused stays as it is in the cluster.
func (l *loader) admitted(
	at diag.Position,
	content map[string]any,
	positions strictyaml.Positions,
	report func(diag.Diagnostic),
) bool {
	found := l.options.Pods.Judge(content)
	for _, f := range found[:min(len(found), podpolicy.MaxReported)] {
		where := f.Path.String()
		for where != "" && positions[where] == (strictyaml.Position{}) {
			where = workspace.ParentField(where)
		}
		if place, ok := positions[where]; ok {
			l.reportAt(f.Diagnostic().At(place.Line, place.Column), report)
		} else {
			report(f.Diagnostic())
		}
	}
	if !slices.ContainsFunc(found, func(f podpolicy.Finding) bool { return !f.Warn }) {
		return true
	}
	l.markUnreadable(at.Path)
	return false
}

// otherKind reports an object of a kind that syncer does not accept. Repositories hold objects for other programs, so
// it is a warning, unless the kind looks like a misspelling of an accepted kind.
func (l *loader) otherKind(kind string, report func(diag.Diagnostic)) {
	hint := "accepted beside Workspace and InferenceSet: " + strings.Join(
		l.options.Objects,
		", ",
	) + " (configuration: objects)"
	if meant := strictyaml.Suggest(kind, l.options.Objects); meant != "" {
		report(
			diag.Errorf(diag.UnknownKind, "%s is not accepted", kind).
				On("kind").
				Suggest(fmt.Sprintf("did you mean %q?", meant)),
		)
		return
	}
	report(diag.Warningf(diag.IgnoredKind, "%s is not accepted, and is ignored", kind).On("kind").Suggest(hint))
}

// node keeps a Node, as a fact to check against.
func (l *loader) node(at diag.Position, n *yaml.Node, report func(diag.Diagnostic)) {
	content, errs := strictyaml.Map(n)
	for _, e := range errs {
		l.reportAt(e, report)
	}
	if len(errs) == 0 {
		node := facts.Node(content)
		node.Source = at
		l.set.Nodes = append(l.set.Nodes, node)
	}
}
