// SPDX-License-Identifier: Apache-2.0

package sops

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
)

// binding is where an encrypted Secret belongs, as its author wrote it into the annotation wellknown.AnnotationSecret.
//
// The MAC hashes the values of the document one behind the other, without keys and separators. So it is the same for
// `name: hf, namespace: team` and `name: hfte, namespace: am`. The annotation can be read from the hashed text alone:
// it has the first space of that text, its namespace ends at the next slash, its name at the next space, and its type
// at the next parenthesis, and none of the three can hold what ends it. Two documents with one MAC hash one text, so
// they have one namespace, name and type.
type binding struct {
	namespace, name, kind string // kind is the type of the Secret
	line, column          int
}

// form is the annotation. It holds a space before the namespace, and each part is without the character that ends it.
var form = regexp.MustCompile(`^only ([a-z0-9.-]+)/([a-z0-9.-]+) \(([A-Za-z0-9._/-]+)\)$`)

// defaultType is the type that the API server gives a Secret without one: SecretTypeOpaque of k8s.io/api/core/v1.
const defaultType = "Opaque"

// Binding returns the annotation of a Secret with this namespace, name and type. An empty type is Opaque.
func Binding(namespace, name, kind string) string {
	return fmt.Sprintf("only %s/%s (%s)", namespace, name, cmp.Or(kind, defaultType))
}

const bindingField = "metadata.annotations." + wellknown.AnnotationSecret

// bind reads the annotation, when it is the next value that the MAC covers.
func (p *parser) bind(n *yaml.Node) {
	at := &binding{line: n.Line, column: n.Column}
	p.doc.binding = at
	p.doc.late = len(p.doc.values) > 0 || slices.ContainsFunc(p.doc.leaves, func(l leaf) bool {
		return bytes.ContainsRune(l.plain, ' ')
	})
	if m := form.FindStringSubmatch(n.Value); m != nil && n.ShortTag() == "!!str" {
		at.namespace, at.name, at.kind = m[1], m[2], m[3]
	}
}

// Bound returns why the Secret must not be written with this namespace and name: its author did not say that it belongs
// there. nil allows it, if Decrypt finds no other error. A MAC over the encrypted values alone leaves both open.
func (d *Document) Bound(namespace, name string) *diag.Diagnostic {
	want, at := Binding(namespace, name, d.Type), d.binding
	fail := func(hint, format string, args ...any) *diag.Diagnostic {
		out := diag.Errorf(diag.SecretNotBound, format, args...).On(bindingField).Suggest(hint)
		if at != nil {
			out = out.At(at.line, at.column)
		}
		return &out
	}
	again := fmt.Sprintf(`set it to "%s" with sops edit, or before sops encrypt`, want)
	switch {
	case d.macOnlyEncrypted:
		return nil
	case at == nil:
		return fail(again, "is required: SOPS alone does not tell the name of a Secret from its namespace")
	case at.name == "":
		return fail(again, "must have the form %q", "only NAMESPACE/NAME (TYPE)")
	case d.late:
		return fail("make it the first annotation, put metadata before data, and encrypt the Secret again",
			"must come before every value that is encrypted or has a space")
	case Binding(at.namespace, at.name, at.kind) != want:
		return fail("move it there, or encrypt it for its new place",
			"the Secret belongs to %s/%s (%s), not to %s", at.namespace, at.name, at.kind, want[len("only "):])
	}
	return nil
}
