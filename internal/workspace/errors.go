// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"slices"

	"syncer.dev/syncer/internal/diag"
)

// Errors are the errors of a Set by Workspace, for a caller that asks for each of many: Set.ErrorsOf searches all
// problems each time.
type Errors struct {
	problems  []diag.Diagnostic
	of, inSet map[Key][]int // positions in problems, by Workspace and by InferenceSet
}

// Errors returns the errors of all Workspaces, as the Problems are now.
func (s *Set) Errors() Errors {
	e := Errors{problems: s.Problems, of: map[Key][]int{}, inSet: map[Key][]int{}}
	for i, p := range s.Problems {
		if p.Severity != diag.Error {
			continue
		}
		e.of[p.Workspace] = append(e.of[p.Workspace], i)
		if p.InferenceSet != (Key{}) {
			e.inSet[p.InferenceSet] = append(e.inSet[p.InferenceSet], i)
		}
	}
	return e
}

// Of returns the errors that block a Workspace of the Set, in the order of the Problems: what ErrorsOf returns.
func (e Errors) Of(w *Workspace) []diag.Diagnostic {
	at := e.of[w.Key]
	if w.InferenceSet != "" {
		at = append(slices.Clone(at), e.inSet[Key{Namespace: w.Namespace, Name: w.InferenceSet}]...)
		slices.Sort(at)
		at = slices.Compact(at)
	}
	var out []diag.Diagnostic
	for _, i := range at {
		out = append(out, e.problems[i])
	}
	return out
}
