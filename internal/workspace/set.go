// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"regexp"
	"slices"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Set is the readable content of a repository.
type Set struct {
	// Workspaces are the decoded Workspaces, in the order of their keys. syncer must not act on those with an error among
	// Problems. They include one Workspace for each replica of an InferenceSet.
	Workspaces []Workspace
	// InferenceSets are the origin of the replicas among Workspaces, in the order of their keys.
	InferenceSets []InferenceSet
	// Nodes are the Nodes that the repository describes, as facts to check against; they are never applied.
	Nodes []Node
	// Objects are the plain objects that Workspaces refer to (such as ConfigMaps), in the order of kind, namespace,
	// name.
	Objects []Object
	// Suspensions are the documents of kind Suspend, and what stands for those that cannot be read, sorted by place.
	Suspensions []Suspension
	// Problems are all errors and warnings, sorted by place.
	Problems []diag.Diagnostic
	// Loaded are those of Problems that loading has found, before Validate was asked.
	Loaded []diag.Diagnostic
	// Unreadable are the files (or kustomization folders) with at least one document that could not be read. Since they
	// may hold any Workspace, nothing that came from them may be pruned.
	Unreadable []string
	// Files counts the YAML and JSON files that were looked at.
	Files int
	// Foreign counts those of Files that were left alone, because they hold no object of Kubernetes.
	Foreign int

	// UnreadableText is the text of Unreadable files by path; MayHold searches it for names.
	UnreadableText map[string]string
	// Unsized maps the name of an InferenceSet with an unreadable number of replicas to its file. Any replica may exist.
	Unsized map[string]string

	edition edition
}

// MayHold returns the unreadable file that may hold the Workspace of that name, or "": one with the name somewhere in
// its text, or without any text. It catches a commit that both renames a file and breaks it.
//
// For a replica of an InferenceSet, the name is that of the set.
func (s *Set) MayHold(name string) string {
	pattern := regexp.QuoteMeta(name)
	if base, ok := replicaOf(name); ok {
		if file, unsized := s.Unsized[base]; unsized {
			return file
		}
		pattern = "(?:" + pattern + "|" + regexp.QuoteMeta(base) + ")"
	}
	word := regexp.MustCompile(`(^|[^a-z0-9-])` + pattern + `($|[^a-z0-9-])`)
	for _, file := range s.Unreadable {
		if text, ok := s.UnreadableText[file]; !ok || word.MatchString(text) {
			return file
		}
	}
	return ""
}

// Object is a plain Kubernetes object of the repository.
type Object struct {
	Content map[string]any // JSON-shaped: map[string]any, []any, string, bool, int64, float64, nil
	Source  diag.Position
	// Origins tell where the texts of data of a ConfigMap are written, by key; nil where that is not known.
	Origins map[string]strictyaml.Origin
	// Live means that syncer read it from the cluster and does not apply it.
	Live bool
	// Encrypted is set for a Secret that SOPS has encrypted. Its data in Content are placeholders.
	Encrypted *Encrypted
}

// Encrypted is what is known of an encrypted Secret. It holds no value.
type Encrypted struct {
	Keys []string // of its data, sorted
	// Unknown is why its values are unknown: no key opens it. syncer does not apply it, and does not delete it either.
	Unknown string
}

// WithoutLive returns the Set with only the objects of the repository.
func (s *Set) WithoutLive() *Set {
	out := *s
	out.Objects = slices.DeleteFunc(slices.Clone(s.Objects), func(o Object) bool { return o.Live })
	return &out
}

// ErrorsOf returns the errors of a Workspace, which block it. An error of an InferenceSet counts for each replica.
func (s *Set) ErrorsOf(k Key) []diag.Diagnostic {
	w := s.Find(k)
	var out []diag.Diagnostic
	for _, p := range s.Problems {
		if p.Severity == diag.Error && (p.Workspace == k || w != nil && Concerns(p, w)) {
			out = append(out, p)
		}
	}
	return out
}

// Concerns reports whether a Diagnostic is the Workspace's, or that of the InferenceSet which it is a replica of.
func Concerns(p diag.Diagnostic, w *Workspace) bool {
	return p.Workspace == w.Key ||
		w.InferenceSet != "" && p.InferenceSet == Key{Namespace: w.Namespace, Name: w.InferenceSet}
}

// Only returns a Set with these Workspaces alone, and all else of s.
func (s *Set) Only(some []Workspace) *Set {
	out := *s
	out.Workspaces = some
	return &out
}

// Find returns the Workspace with the key, or nil.
func (s *Set) Find(k Key) *Workspace {
	low, high := 0, len(s.Workspaces)
	for low < high {
		switch mid := (low + high) / 2; s.Workspaces[mid].Compare(k) {
		case 0:
			return &s.Workspaces[mid]
		case -1:
			low = mid + 1
		default:
			high = mid
		}
	}
	return nil
}

// FindConfigMap returns the content of a ConfigMap of the repository, or nil.
func FindConfigMap(objects []Object, namespace, name string) map[string]any {
	return ConfigMap(objects, namespace, name).Content
}

// ConfigMap returns a ConfigMap of the repository; the zero Object when it has none of that name.
func ConfigMap(objects []Object, namespace, name string) Object {
	if name == "" {
		return Object{}
	}
	for _, o := range objects {
		if meta, ok := o.Content["metadata"].(map[string]any); ok && o.Content["kind"] == "ConfigMap" &&
			meta["name"] == name &&
			meta["namespace"] == namespace {
			return o
		}
	}
	return Object{}
}
