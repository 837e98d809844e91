package workspace

import (
	"regexp"
	"slices"
)

// Set is all that a repository asks for, as far as it could be read.
type Set struct {
	// Workspaces that could be decoded, in the order of their keys. Those with an error among Problems must not be acted on.
	// Those that InferenceSets ask for are among them, one for each replica.
	Workspaces []Workspace
	// InferenceSets are what the replicas among Workspaces were made from, in the order of their keys.
	InferenceSets []InferenceSet
	// Nodes are the Nodes that the repository describes, as facts to check against; they are never applied.
	Nodes []Node
	// Objects are the plain objects that Workspaces refer to (ConfigMaps and the like), in the order of kind, namespace, name.
	Objects []Object
	// Problems are all errors and warnings, sorted by place.
	Problems []Problem
	// Loaded are those of Problems that loading has found, before Validate was asked.
	Loaded []Problem
	// Broken are the files (or kustomization folders) from which at least one document could not be read at all, so that
	// it is not known which Workspaces they hold. Nothing that came from them may be pruned.
	Broken []string
	// Files counts the YAML files that were looked at.
	Files int

	brokenText map[string]string // of Broken files, as far as it could be read at all
	unsized    map[string]string // name of an InferenceSet of which it is not known how many replicas it has -> its file
}

// MayMean returns the broken file that may still ask for the Workspace of that name, or "": one that has the name somewhere in
// its text, or whose text could not be read. It catches a file that was renamed and broken by the same commit.
//
// A replica of an InferenceSet is asked for under the name of the set.
func (s *Set) MayMean(name string) string {
	pattern := regexp.QuoteMeta(name)
	if base, ok := replicaOf(name); ok {
		if file, unsized := s.unsized[base]; unsized {
			return file
		}
		pattern = "(?:" + pattern + "|" + regexp.QuoteMeta(base) + ")"
	}
	word := regexp.MustCompile(`(^|[^a-z0-9-])` + pattern + `($|[^a-z0-9-])`)
	for _, broken := range s.Broken {
		if text, ok := s.brokenText[broken]; !ok || word.MatchString(text) {
			return broken
		}
	}
	return ""
}

// Object is a plain Kubernetes object of the repository.
type Object struct {
	Content map[string]any // JSON-shaped: map[string]any, []any, string, bool, int64, float64, nil
	Source  Position
	// Live says that it was read from the cluster: it is not ours to apply.
	Live bool
}

// Blocked returns the errors that stand against the Workspace. What is wrong with an InferenceSet stands against each replica.
func (s *Set) Blocked(k Key) []Problem {
	w := s.Find(k)
	var out []Problem
	for _, p := range s.Problems {
		if p.Severity == Error && (p.Workspace == k || w != nil && p.blocks(w)) {
			out = append(out, p)
		}
	}
	return out
}

// blocks reports whether a Problem is the Workspace's, or that of the InferenceSet which it is a replica of.
func (p Problem) blocks(w *Workspace) bool {
	return p.Workspace == w.Key || w.InferenceSet != "" && p.InferenceSet == Key{w.Namespace, w.InferenceSet}
}

// Find returns the Workspace with the key, or nil.
func (s *Set) Find(k Key) *Workspace {
	i := slices.IndexFunc(s.Workspaces, func(w Workspace) bool { return w.Key == k })
	if i < 0 {
		return nil
	}
	return &s.Workspaces[i]
}
