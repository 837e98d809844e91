// SPDX-License-Identifier: Apache-2.0

package load

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
	"syncer.dev/syncer/internal/workspace/suspension"
)

type loader struct {
	options Options
	set     *workspace.Set
	text    string   // of the file that is being read
	lines   []string // of lined
	lined   string
	built   map[string]bool // kustomization folders
	// sources are the files of the build that is being read, and encrypted finds the Secrets in them.
	sources   []string
	encrypted sops.Sources
	builds    []Built
	failed    bool // a build: which files it would have read is not known
	spent     spent
	parser    strictyaml.Parser
	positions strictyaml.Positions // of the Workspace that was read last
	size      strictyaml.Extent    // of the document that is being read
	ids       map[string]string    // of folders: equal ids mean that the same came of them
	before    *tree                // that a Memo keeps
	now       *tree                // that is being read
	keyed     bool                 // what came of the file that is being read depends on keys
	unread    []string             // files that were not read, because a limit had ended the reading
}

// unreadable reports that a file or folder could not be read to its end.
func (l *loader) unreadable(name string, d diag.Diagnostic) {
	l.set.Problems = append(l.set.Problems, d.In(name).At(max(d.Line, 1), max(d.Column, 1)))
	l.markUnreadable(name)
}

// markUnreadable adds a file or folder to those that could not be read to their end, with what could be read of it.
func (l *loader) markUnreadable(name string) {
	if slices.Contains(l.set.Unreadable, name) {
		return
	}
	l.set.Unreadable = append(l.set.Unreadable, name)
	if l.text != "" {
		l.set.UnreadableText[name] = l.text
	}
}

// reportAt reports an error at its place, rather than at the start of the document; in the output of a kustomization
// there is none.
func (l *loader) reportAt(e diag.Diagnostic, report func(diag.Diagnostic)) {
	report(e)
	if last := &l.set.Problems[len(l.set.Problems)-1]; l.text != "" {
		last.Line, last.Column = e.Line, e.Column
	}
}

func (l *loader) allowed(namespace string) bool {
	return len(l.options.Namespaces) == 0 || slices.Contains(l.options.Namespaces, namespace)
}

func (l *loader) refusal(namespace string) diag.Diagnostic {
	return diag.Errorf(diag.NamespaceNotAllowed, "namespace %q is not allowed", namespace).On("metadata.namespace").
		Suggest("allowed: " + strings.Join(l.options.Namespaces, ", ") + " (configuration: namespaces)")
}

// document sorts a document by its kind. prefix is not empty for the output of a kustomization.
func (l *loader) document(name string, n *yaml.Node, prefix string) {
	at := diag.Position{Path: name, Line: n.Line, Column: n.Column}
	if prefix != "" {
		at.Line, at.Column = 1, 1
	}
	if !l.measure(n, at, prefix) {
		return
	}
	h := header.Of(n)
	place := func(d diag.Diagnostic) diag.Diagnostic {
		d.Message = prefix + d.Message
		return d.Placed(at)
	}
	unreadable := func(d diag.Diagnostic) { l.unreadable(name, place(d)) }
	report := func(d diag.Diagnostic) { l.set.Problems = append(l.set.Problems, place(d)) }
	group, _, _ := strings.Cut(h.APIVersion, "/")
	switch {
	case n.Kind != yaml.MappingNode:
		unreadable(diag.Errorf(diag.WrongType, "the document must be a mapping with apiVersion, kind and metadata"))
	case sops.Encrypted(n) && strings.HasPrefix(h.Kind, "ENC["):
		unreadable(diag.Errorf(diag.InvalidEncryption, "is encrypted; only data and stringData may be").On("kind").
			Suggest(sops.HowTo))
	case group == "syncer.dev" || strings.EqualFold(h.Kind, suspension.Kind) || h.Kind == "" && suspension.Claimed(n):
		l.ofSyncer(at, n, h, report)
	case h.Kind == "" || h.APIVersion == "":
		unreadable(diag.Errorf(diag.RequiredField, "is required").On(missing(h)).
			Suggest("start a Workspace with apiVersion: " + workspace.V1beta1 + " and kind: Workspace"))
	case group == "kaito.sh":
		l.ofKAITO(at, n, h, prefix, report, unreadable)
	case h.APIVersion == "v1" && h.Kind == "Node":
		if l.named(at, n, h, prefix) {
			l.node(at, n, report)
		}
	case h.APIVersion == "v1" && h.Kind == "List":
		unreadable(diag.Errorf(diag.UnsupportedKind, "List is not supported").On("kind").
			Suggest("write each item as a document of its own, separated by ---"))
	case strings.EqualFold(h.Kind, "Workspace"):
		unreadable(diag.Errorf(diag.UnknownAPIVersion, "apiVersion %q has no kind %s", h.APIVersion, h.Kind).On("apiVersion").
			Suggest("use " + workspace.V1beta1 + " or " + workspace.V1alpha1 + ", and kind: Workspace"))
	default:
		l.object(at, n, h, prefix, report)
	}
}

// ofKAITO sorts a document of KAITO's group by its kind.
func (l *loader) ofKAITO(
	at diag.Position, n *yaml.Node, h header.Header, prefix string, report, unreadable func(diag.Diagnostic),
) {
	switch h.Kind {
	case "Workspace":
		l.workspace(at, n, h, prefix)
	case "InferenceSet":
		l.inferenceSet(at, n, h, prefix)
	default:
		if _, known := otherKinds[h.Kind]; known {
			l.named(at, n, h, prefix)
		}
		l.kaitoKind(h, report, unreadable)
	}
}

// named reports what is wrong with the names of a document, and whether they can be used. A live object must not be
// taken for removed because its name is misspelt.
func (l *loader) named(at diag.Position, n *yaml.Node, h header.Header, prefix string) bool {
	problems := h.NameProblems(n)
	for _, d := range problems {
		if prefix != "" {
			d = d.At(at.Line, at.Column)
		}
		d.Message = prefix + d.Message
		l.unreadable(at.Path, d)
	}
	return len(problems) == 0
}
