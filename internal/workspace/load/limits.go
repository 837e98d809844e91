// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// Limits bound a repository as a whole. A few lines can ask for any number of replicas, and aliases and generators make
// large objects of small files; each of them costs memory in every pass. A zero value stands for its default, and each
// has a setting of its name in source.limits.
type Limits struct {
	FileBytes int64 // of one file; 1 MiB
	Manifests int   // YAML and JSON files; 10,000
	// Workspaces counts each replica of an InferenceSet; 5,000, the number of nodes that AKS supports in a cluster
	// (https://learn.microsoft.com/azure/aks/quotas-skus-regions, read in 2026).
	Workspaces int
	Replicas   int // of one InferenceSet; 1,000
	Objects    int // plain objects; 10,000
	// Values and Bytes are those of all documents together, with aliases replaced; 500,000 and 256 MiB. A replica counts
	// as a document. An ordinary Workspace has some 30 values.
	Values int
	Bytes  int64
	// BuildBytes is the input of one build of Kustomize, for those who make Options.Build; 4 MiB.
	BuildBytes int64
}

// WithDefaults returns the limits with the default instead of zero.
func (l Limits) WithDefaults() Limits {
	return Limits{
		FileBytes:  cmp.Or(l.FileBytes, 1<<20),
		Manifests:  cmp.Or(l.Manifests, 10_000),
		Workspaces: cmp.Or(l.Workspaces, 5000),
		Replicas:   cmp.Or(l.Replicas, workspace.MaxReplicas),
		Objects:    cmp.Or(l.Objects, 10_000),
		Values:     cmp.Or(l.Values, 500_000),
		Bytes:      cmp.Or(l.Bytes, 256<<20),
		BuildBytes: cmp.Or(l.BuildBytes, 4<<20),
	}
}

// The settings that raise the limits.
const (
	settingFile       = "source.limits.fileSize"
	settingWorkspaces = "source.limits.workspaces"
	settingReplicas   = "source.limits.replicas"
	settingObjects    = "source.limits.objects"
	settingValues     = "source.limits.values"
	settingText       = "source.limits.textSize"
)

// maxDocumentBytes bounds one document: the API server stores no object that is larger.
const maxDocumentBytes = 2 << 20

// spent is what the documents so far have used of the limits.
type spent struct {
	workspaces, objects, values, bytes int
	full                               bool
}

// measure counts a document, and reports whether it may be decoded. Documents that decoding refuses by itself pass.
// prefix is not empty for the output of a kustomization, in which positions mean nothing.
func (l *loader) measure(n *yaml.Node, at diag.Position, prefix string) bool {
	if l.spent.full {
		return false
	}
	place := func(d diag.Diagnostic) diag.Diagnostic {
		d.Message = prefix + d.Message
		if d.Line == 0 || prefix != "" {
			return d.Placed(at)
		}
		return d.In(at.Path)
	}
	size, d := strictyaml.Measure(n, strictyaml.Extent{
		Values: strictyaml.MaxNodes,
		Bytes:  maxDocumentBytes,
		Depth:  strictyaml.MaxDepth,
	})
	if d != nil && size.Bytes > 0 {
		l.unreadable(place(*d).Path, place(*d))
		return false
	}
	if d != nil {
		size = strictyaml.Extent{Values: strictyaml.MaxNodes}
	}
	l.size = size
	return l.spend(spent{values: size.Values, bytes: size.Bytes}, place)
}

// spend adds to what is used, and reports whether it stays within the limits. The first document that goes beyond ends
// the reading of the repository: what lies behind it counts as unreadable, so that nothing of it is deleted.
func (l *loader) spend(s spent, place func(diag.Diagnostic) diag.Diagnostic) bool {
	if l.spent.full {
		return false
	}
	l.spent.workspaces += s.workspaces
	l.spent.objects += s.objects
	l.spent.values += s.values
	l.spent.bytes += s.bytes
	over, setting, most := "", "", l.options.Limits
	switch {
	case l.spent.workspaces > most.Workspaces:
		over, setting = fmt.Sprintf("more than %d Workspaces and replicas", most.Workspaces), settingWorkspaces
	case l.spent.objects > most.Objects:
		over, setting = fmt.Sprintf("more than %d plain objects", most.Objects), settingObjects
	case l.spent.values > most.Values:
		over, setting = fmt.Sprintf("more than %d values, with aliases replaced", most.Values), settingValues
	case int64(l.spent.bytes) > most.Bytes:
		over, setting = fmt.Sprintf("more than %d bytes of text, with aliases replaced", most.Bytes), settingText
	default:
		return true
	}
	l.spent.full = true
	l.text = "" // any Workspace may be meant behind it
	l.unreadable(place(diag.Diagnostic{}).Path, place(diag.Errorf(
		diag.TooLarge,
		"the repository asks for %s (limit: %s); syncer reads nothing behind this document",
		over, setting,
	).Suggest("split the repository into several, each with a source.path and a syncer of its own")))
	return false
}

// patchSize measures a patch, with aliases replaced. A patch that cannot be read has no size: applying it reports that.
func patchSize(data []byte) (strictyaml.Extent, *diag.Diagnostic) {
	var sum strictyaml.Extent
	docs, _ := strictyaml.Documents(data)
	for _, doc := range docs {
		size, d := strictyaml.Measure(doc, strictyaml.Extent{
			Values: strictyaml.MaxNodes,
			Bytes:  maxDocumentBytes,
			Depth:  strictyaml.MaxDepth,
		})
		if d != nil {
			return sum, d
		}
		sum.Values += size.Values
		sum.Bytes += size.Bytes
	}
	return sum, nil
}

// affords counts a patch for one Workspace, and reports whether the limits have room for it. Without its patch the
// Workspace is blocked: it must not be rendered as another.
func (l *loader) affords(w *workspace.Workspace, file string, size strictyaml.Extent) bool {
	at := func(d diag.Diagnostic) diag.Diagnostic { return d.In(file).At(1, 1) }
	if l.spend(spent{values: size.Values, bytes: size.Bytes}, at) {
		return true
	}
	p := at(diag.Errorf(diag.TooLarge, "is not read, because the repository is over a limit"))
	if w.InferenceSet == "" {
		p = p.For(w.Key)
	} else {
		p.InferenceSet = workspace.Key{Namespace: w.Namespace, Name: w.InferenceSet}
	}
	if !slices.Contains(l.set.Problems, p) {
		l.set.Problems = append(l.set.Problems, p)
	}
	return false
}
