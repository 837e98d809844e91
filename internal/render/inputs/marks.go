// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// Places of the first Values of a Key. The values of NodeLabels follow, and those of the selector, by their keys.
const (
	Name = iota
	Namespace
	digest
	source
	Pool
	firstLabel
)

// Marks stand for Values in what is rendered from Marked inputs.
const (
	markStart = "zz-own-"
	markEnd   = "-zz"
)

// Mark returns the mark of a value by its place.
func Mark(place int) string { return markStart + strconv.Itoa(place) + markEnd }

// HasMark reports whether a text looks like one with a mark.
func HasMark(s string) bool { return strings.Contains(s, markStart) }

// CutMark returns what is in front of the first mark of a text, the place of its value, and what follows. found is
// false if there is none; it is an error of the text if ok is false.
func CutMark(s string) (before string, place int, after string, found, ok bool) {
	before, rest, found := strings.Cut(s, markStart)
	if !found {
		return s, 0, "", false, true
	}
	number, after, ends := strings.Cut(rest, markEnd)
	place, err := strconv.Atoi(number)
	return before, place, after, true, ends && err == nil && place >= 0
}

// anyNamespace reports whether rendering only copies the namespace. It otherwise looks for a ConfigMap in it.
func anyNamespace(w *workspace.Workspace) bool { return w.Inference != nil && w.Inference.Config == "" }

// values returns the Values of inputs, and the keys of their labels.
func values(own Own) (all, nodeLabels, matchLabels []string) {
	w := own.Workspace
	n := len(own.NodeLabels)
	if w.Resource.LabelSelector != nil {
		n += len(w.Resource.LabelSelector.MatchLabels)
	}
	all = append(make([]string, 0, firstLabel+n), w.Name, w.Namespace, w.Digest, own.Source, own.Pool)
	nodeLabels = sortedKeys(own.NodeLabels)
	for _, key := range nodeLabels {
		all = append(all, own.NodeLabels[key])
	}
	if selector := w.Resource.LabelSelector; selector != nil {
		matchLabels = sortedKeys(selector.MatchLabels)
		for _, key := range matchLabels {
			all = append(all, selector.MatchLabels[key])
		}
	}
	return all, nodeLabels, matchLabels
}

func sortedKeys(of map[string]string) []string {
	if len(of) == 0 {
		return nil
	}
	out := make([]string, 0, len(of))
	for key := range of {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// Marked returns the inputs with a mark instead of each value that rendering only copies: the objects of another
// Workspace of the shape are those that are rendered from them, with its values for the marks.
func Marked(own Own) Own {
	w := *own.Workspace
	_, nodeLabels, matchLabels := values(own)
	w.Name, w.Digest, own.Source = Mark(Name), Mark(digest), Mark(source)
	if anyNamespace(&w) {
		w.Namespace = Mark(Namespace)
	}
	if own.Pool != "" {
		own.Pool = Mark(Pool)
	}
	if own.NodeLabels != nil {
		own.NodeLabels = marked(nodeLabels, firstLabel)
	}
	if selector := w.Resource.LabelSelector; selector != nil && selector.MatchLabels != nil {
		w.Resource.LabelSelector = &workspace.LabelSelector{
			MatchLabels:      marked(matchLabels, firstLabel+len(nodeLabels)),
			MatchExpressions: selector.MatchExpressions,
		}
	}
	own.Workspace = &w
	return own
}

func marked(keys []string, from int) map[string]string {
	out := make(map[string]string, len(keys))
	for i, key := range keys {
		out[key] = Mark(from + i)
	}
	return out
}
