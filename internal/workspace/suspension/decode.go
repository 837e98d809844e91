// SPDX-License-Identifier: Apache-2.0

package suspension

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// APIVersion and Kind are the header of a document.
const (
	APIVersion = wellknown.APIVersionV1alpha1
	Kind       = "Suspend"
)

// document is a Suspend as it is written.
type document struct {
	APIVersion string   `yaml:"apiVersion" need:"true" doc:"syncer.dev/v1alpha1"`
	Kind       string   `yaml:"kind" need:"true" doc:"Suspend"`
	Metadata   metadata `yaml:"metadata" need:"true" doc:"its name"`
	Spec       *spec    `yaml:"spec" need:"true" doc:"what is stopped, why, and until when"`
}

type metadata struct {
	Name        string            `yaml:"name" need:"true"`
	Namespace   string            `yaml:"namespace"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func (metadata) Docs() map[string]string {
	return map[string]string{
		"name":      "a name for people",
		"namespace": "not used; spec.selector.namespaces selects",
		"labels":    "not used", "annotations": "not used",
	}
}

type spec struct {
	Reason   string   `yaml:"reason" need:"true"`
	Until    string   `yaml:"until"`
	Selector selector `yaml:"selector"`
}

func (spec) Docs() map[string]string {
	return map[string]string{
		"reason":   "why, for people: status, plans and reviews show it",
		"until":    "when it ends, such as 2026-12-01T08:00:00Z (RFC 3339); left out, when the document is removed",
		"selector": "which Workspaces; left out, all of them, plain objects and pools as well",
	}
}

type selector struct {
	Namespaces  []string          `yaml:"namespaces"`
	Names       []string          `yaml:"names"`
	MatchLabels map[string]string `yaml:"matchLabels"`
}

func (selector) Docs() map[string]string {
	return map[string]string{
		"namespaces":  "namespaces of the Workspaces",
		"names":       "names of Workspaces or InferenceSets, with * and ? as in file names",
		"matchLabels": "labels that a Workspace has in its file",
	}
}

// Schema is the JSON schema of a document.
func Schema() map[string]any {
	out := (&strictyaml.Schema{}).Of(document{})
	out["description"] = "A switch for incidents: while it holds, nothing of what it selects changes."
	return out
}

// namePattern is what a pattern that selects a Workspace consists of. Any other selects nothing.
var namePattern = regexp.MustCompile(`^[a-z0-9.*?^\[\]\\-]+$`)

// Decode reads a document, with all that is wrong with it. An error in the selector, or anywhere that leaves open what
// is meant, makes it select everything; one in the time makes it last.
func Decode(n *yaml.Node, at diag.Position) (workspace.Suspension, []diag.Diagnostic) {
	var d document
	positions, errs := strictyaml.Decode(n, &d)
	s := workspace.Suspension{Name: d.Metadata.Name, Source: at}
	fail := func(reason diag.Reason, field, hint, format string, args ...any) {
		p, ok := positions[field]
		for parent := field; !ok && parent != ""; p, ok = positions[parent] {
			parent = workspace.ParentField(parent)
		}
		if !ok {
			p = strictyaml.Position{Line: n.Line, Column: n.Column}
		}
		errs = append(errs, diag.Errorf(reason, format, args...).On(field).Suggest(hint).At(p.Line, p.Column))
	}
	if d.Metadata.Name == "" {
		fail(diag.RequiredField, "metadata.name", "give it a name, such as incident-42", "is required")
	}
	if d.Spec == nil {
		d.Spec = &spec{}
		fail(diag.RequiredField, "spec", "give at least a reason: spec: {reason: ...}", "is required")
	}
	if s.Reason = strings.TrimSpace(d.Spec.Reason); s.Reason == "" && positions["spec"] != (strictyaml.Position{}) {
		fail(diag.RequiredField, "spec.reason", "say why: people who find their change stopped read it", "is required")
	}
	if d.Spec.Until != "" {
		until, err := time.Parse(time.RFC3339, d.Spec.Until)
		if err != nil {
			fail(diag.InvalidValue, "spec.until", "write a date, a time and a zone, such as 2026-12-01T08:00:00Z",
				"%.60q is not a time", d.Spec.Until)
		}
		s.Until = until
	}
	for i, name := range d.Spec.Selector.Names {
		if _, err := path.Match(name, ""); err != nil || !namePattern.MatchString(name) {
			fail(diag.InvalidValue, fmt.Sprintf("spec.selector.names[%d]", i),
				"use a name without its namespace, or a pattern with * and ?", "%.100q is not a pattern of names", name)
		}
	}
	for i, namespace := range d.Spec.Selector.Namespaces {
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			fail(diag.InvalidValue, fmt.Sprintf("spec.selector.namespaces[%d]", i),
				"list each namespace; patterns are for names only", "%.100q is not a namespace", namespace)
		}
	}
	for key, value := range d.Spec.Selector.MatchLabels {
		if len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			fail(diag.InvalidValue, "spec.selector.matchLabels."+key, "give the whole label, without a pattern",
				"no Workspace can have the label %.100q: %.100q", key, value)
		}
	}
	s.Selector = workspace.SuspensionSelector(d.Spec.Selector)
	s = widened(s, errs)
	if d.Metadata.Namespace != "" {
		p := positions["metadata.namespace"]
		errs = append(errs, diag.Warningf(diag.IgnoredField, "has no effect").On("metadata.namespace").
			Suggest("select by spec.selector.namespaces").At(p.Line, p.Column))
	}
	return s, errs
}
