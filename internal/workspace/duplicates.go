package workspace

import "fmt"

// refuseDuplicates blocks all documents of one name: which of them is meant is anybody's guess.
func (l *loader) refuseDuplicates() {
	byKey := map[Key][]*Workspace{}
	for i := range l.set.Workspaces {
		w := &l.set.Workspaces[i]
		byKey[w.Key] = append(byKey[w.Key], w)
	}
	for key, all := range byKey {
		if len(all) < 2 || sameSet(all) {
			continue
		}
		for i, w := range all {
			l.duplicate(w, otherThan(all, i), Problem{Workspace: key, Message: fmt.Sprintf("Workspace %s", key)})
		}
	}
	sets := map[Key][]*Workspace{}
	for i := range l.set.InferenceSets {
		s := &l.set.InferenceSets[i]
		sets[s.Key] = append(sets[s.Key], &s.Template)
	}
	for key, all := range sets {
		for i := range all {
			if len(all) > 1 {
				l.duplicate(all[i], otherThan(all, i), Problem{InferenceSet: key, Message: fmt.Sprintf("InferenceSet %s", key)})
			}
		}
	}
}

func otherThan(all []*Workspace, i int) *Workspace {
	if i == 0 {
		return all[1]
	}
	return all[0]
}

// sameSet reports whether all are replicas of InferenceSets of one name, which is told once for the sets.
func sameSet(all []*Workspace) bool {
	for _, w := range all {
		if w.InferenceSet == "" || w.InferenceSet != all[0].InferenceSet {
			return false
		}
	}
	return true
}

// duplicate reports that what w is, which the message of p starts with, is also somewhere else.
func (l *loader) duplicate(w, other *Workspace, p Problem) {
	at := w.At("metadata.name")
	p.Path, p.Line, p.Column, p.Field, p.Severity = at.Path, at.Line, at.Column, "metadata.name", Error
	p.Other = other.Source.Path
	switch {
	case other.InferenceSet != "" && p.InferenceSet == (Key{}):
		p.Message += fmt.Sprintf(" is also a replica of the InferenceSet in %s:%d", other.Source.Path, other.Source.Line)
	default:
		p.Message += fmt.Sprintf(" is also in %s:%d", other.Source.Path, other.Source.Line)
	}
	p.Hint = "rename or remove one of them; until then neither is acted on"
	l.set.Problems = append(l.set.Problems, p)
}
