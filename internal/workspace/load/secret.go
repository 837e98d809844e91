// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
	"syncer.dev/syncer/internal/workspace/plainobject"
)

// secret keeps an encrypted Secret, without its values, and refuses any other.
//
// What a kustomization puts out is not what was encrypted: names, namespaces and the order of fields change. So the MAC
// is checked on the file that the kustomization has read, and of the output only what the MAC does not cover is taken.
func (l *loader) secret(at diag.Position, n *yaml.Node, h header.Header, prefix string, report func(diag.Diagnostic)) {
	l.keyed = true
	source := at // of the object: a file or a kustomization; at becomes the place of what was encrypted
	refuse := func(d diag.Diagnostic) {
		l.reportAt(d, report)
		l.markUnreadable(source.Path) // syncer must not take a live object for removed
	}
	switch {
	case !sops.Encrypted(n):
		refuse(diag.Errorf(diag.PlainSecret, "a plain Secret must not be stored in Git").On("kind").At(at.Line, at.Column).
			Suggest("encrypt it with sops, create it in the cluster, or use an ExternalSecret or a SealedSecret"))
		return
	case !slices.Contains(l.options.Objects, kindSecret):
		report(diag.Warningf(diag.IgnoredKind, "the encrypted Secret is not accepted, and is ignored").On("kind").
			Suggest("add Secret to the kinds that syncer accepts (configuration: objects)"))
		return
	}
	doc, problems := sops.Parse(n)
	if prefix != "" {
		var of *sops.Document
		if of, at, problems = l.encrypted.Original(l.sources, source, doc, problems); of != nil {
			doc = of
		}
		report = l.placing(at, report)
	}
	plain := sops.Plain(n)
	if len(problems) == 0 {
		problems = plainobject.Check(plain, h.APIVersion, h.Kind)
	}
	var content map[string]any
	if len(problems) == 0 {
		_, problems = strictyaml.Decode(plain, &content)
	}
	for _, d := range problems {
		refuse(d)
	}
	switch {
	case len(problems) > 0:
		return
	case header.In(content) != h:
		refuse(diag.Errorf(diag.AmbiguousYAML, differs).At(at.Line, at.Column))
		return
	case h.Name == "":
		refuse(diag.Errorf(diag.RequiredField, "is required").On("metadata.name").At(at.Line, at.Column))
		return
	case !l.named(at, n, h, prefix):
		return
	case wellknown.IsToken(doc.Type):
		refuse(diag.Errorf(diag.SecretNotAllowed, "a Secret of type %s is a token, and is not accepted", doc.Type).
			On("type").At(at.Line, at.Column).Suggest("create it in the cluster"))
		return
	case h.Namespace != "" && !l.allowed(h.Namespace):
		report(l.refusal(h.Namespace))
		return
	case !l.spend(spent{objects: 1}, func(d diag.Diagnostic) diag.Diagnostic { return d.Placed(at) }):
		return
	}
	l.keep(at, workspace.Object{Content: content, Source: source}, doc, h, refuse, report)
}

// keep opens a Secret that belongs where it is, and adds it to the Set with placeholders for its values.
func (l *loader) keep(
	at diag.Position,
	o workspace.Object,
	doc *sops.Document,
	h header.Header,
	refuse, report func(diag.Diagnostic),
) {
	namespace := cmp.Or(h.Namespace, l.options.DefaultNamespace)
	if d := doc.Bound(namespace, h.Name); d != nil {
		if d.Line == 0 {
			*d = d.At(at.Line, at.Column)
		}
		refuse(*d)
		return
	}
	named := *doc
	named.Name = h.Name
	locked, err := "no key is configured (configuration: source.decryption)", error(nil)
	if l.options.Open != nil {
		locked, err = l.options.Open(namespace, &named)
	}
	if err != nil {
		d := diag.From(err, diag.DecryptionFailed)
		if d.Line == 0 {
			d = d.At(at.Line, at.Column)
		}
		refuse(d)
		return
	}
	if locked != "" {
		report(diag.Warningf(diag.EncryptedSecret, "encrypted, unknown: %s", locked).On("sops"))
	}
	// The metadata is that of an object: plainobject has checked it.
	_ = unstructured.SetNestedField(o.Content, doc.Digest, "metadata", "annotations", wellknown.AnnotationEncrypted)
	_ = unstructured.SetNestedField(o.Content, namespace, "metadata", "namespace")
	delete(o.Content, "stringData")
	o.Content["data"] = doc.Placeholders()
	o.Encrypted = &workspace.Encrypted{Keys: doc.Names(), Unknown: locked}
	l.set.Objects = append(l.set.Objects, o)
}

// placing returns report for a file that a kustomization has read: the place is known, unlike that of other output.
func (l *loader) placing(at diag.Position, report func(diag.Diagnostic)) func(diag.Diagnostic) {
	return func(d diag.Diagnostic) {
		report(d)
		last := &l.set.Problems[len(l.set.Problems)-1]
		if last.Position = at; d.Line > 0 && !l.built[at.Path] {
			last.Line, last.Column = d.Line, d.Column
		}
	}
}
