// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
)

// refuseDuplicates blocks all documents of one name, because the user may mean any of them.
func (l *loader) refuseDuplicates() {
	sorted := make([]*workspace.Workspace, len(l.set.Workspaces))
	for i := range sorted {
		sorted[i] = &l.set.Workspaces[i]
	}
	byKey := func(a, b *workspace.Workspace) int { return a.Key.Compare(b.Key) }
	slices.SortStableFunc(sorted, byKey)
	for from, to := 0, 0; from < len(sorted); from = to {
		for to < len(sorted) && sorted[to].Key == sorted[from].Key {
			to++
		}
		all := sorted[from:to]
		if len(all) < 2 || sameSet(all) {
			continue
		}
		for i, w := range all {
			l.duplicate(w, otherThan(all, i), diag.Errorf(diag.DuplicateWorkspace, "Workspace %s", w.Key).For(w.Key))
		}
	}
	sets := map[workspace.Key][]*workspace.Workspace{}
	for i := range l.set.InferenceSets {
		s := &l.set.InferenceSets[i]
		sets[s.Key] = append(sets[s.Key], &s.Template)
	}
	for key, all := range sets {
		for i := range all {
			if len(all) > 1 {
				p := diag.Errorf(diag.DuplicateWorkspace, "InferenceSet %s", key)
				p.InferenceSet = key
				l.duplicate(all[i], otherThan(all, i), p)
			}
		}
	}
}

// duplicate reports that what w is, which the message of p starts with, is also somewhere else.
func (l *loader) duplicate(w, other *workspace.Workspace, p diag.Diagnostic) {
	p = p.On("metadata.name").Placed(w.At("metadata.name"))
	p.Other = other.Source.Path
	switch {
	case other.InferenceSet != "" && p.InferenceSet == (workspace.Key{}):
		p.Message += fmt.Sprintf(" is also a replica of the InferenceSet in %s:%d", other.Source.Path, other.Source.Line)
	default:
		p.Message += fmt.Sprintf(" is also in %s:%d", other.Source.Path, other.Source.Line)
	}
	p.Hint = "rename or remove one of them; until then syncer acts on neither"
	if l.built[w.Source.Path] && l.built[other.Source.Path] {
		p.Hint = "name one of the folders in source.path if each is for a cluster of its own; " +
			"until then syncer acts on neither"
	}
	l.set.Problems = append(l.set.Problems, p)
}

func otherThan(all []*workspace.Workspace, i int) *workspace.Workspace {
	if i == 0 {
		return all[1]
	}
	return all[0]
}

// sameSet reports whether all are replicas of InferenceSets of one name: the loader reports those sets once.
func sameSet(all []*workspace.Workspace) bool {
	for _, w := range all {
		if w.InferenceSet == "" || w.InferenceSet != all[0].InferenceSet {
			return false
		}
	}
	return true
}

// refuseDuplicateObjects drops plain objects of one name that differ: which of them is meant is not known. What is live
// stays, because the Set has errors then.
func (l *loader) refuseDuplicateObjects() {
	byName := map[string][]workspace.Object{}
	for _, o := range l.set.Objects {
		byName[nameOf(o)] = append(byName[nameOf(o)], o)
	}
	differ := map[string]bool{}
	for name, all := range byName {
		differ[name] = slices.ContainsFunc(all[1:], func(o workspace.Object) bool {
			return !reflect.DeepEqual(o.Content, all[0].Content)
		})
	}
	l.set.Objects = slices.DeleteFunc(l.set.Objects, func(o workspace.Object) bool {
		all := byName[nameOf(o)]
		if !differ[nameOf(o)] {
			return false
		}
		i := slices.IndexFunc(all, func(other workspace.Object) bool { return other.Source != o.Source })
		other := all[max(i, 0)]
		h := header.In(o.Content)
		p := diag.Errorf(diag.ObjectConflict, "%s %s/%s is also in %s:%d, with other content",
			h.Kind, h.Namespace, h.Name, other.Source.Path, other.Source.Line)
		p.Other = other.Source.Path
		l.set.Problems = append(l.set.Problems, p.On("metadata.name").Placed(o.Source).
			Suggest("rename or remove one of them; until then syncer changes neither"))
		return true
	})
}

// nameOf identifies a plain object, in any version.
func nameOf(o workspace.Object) string {
	h := header.In(o.Content)
	group, _, grouped := strings.Cut(h.APIVersion, "/")
	if !grouped {
		group = ""
	}
	return strings.Join([]string{group, h.Kind, h.Namespace, h.Name}, "/")
}
