// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// Rename rewrites the path of everything in the Set, so that messages name files as their reader does.
func (s *Set) Rename(display func(path string) string) {
	// What loading keeps for the next Set must not show the change.
	s.Workspaces, s.InferenceSets = slices.Clone(s.Workspaces), slices.Clone(s.InferenceSets)
	s.Objects, s.Unreadable = slices.Clone(s.Objects), slices.Clone(s.Unreadable)
	s.Problems, s.Loaded = slices.Clone(s.Problems), slices.Clone(s.Loaded)
	for i := range s.Workspaces {
		w := &s.Workspaces[i]
		w.Source.Path = display(w.Source.Path)
		if w.Patch != nil {
			w.Patch = &Patch{Path: display(w.Patch.Path), Text: w.Patch.Text}
		}
	}
	for i := range s.InferenceSets {
		s.InferenceSets[i].Template.Source.Path = display(s.InferenceSets[i].Template.Source.Path)
	}
	for i := range s.Objects {
		s.Objects[i].Source.Path = display(s.Objects[i].Source.Path)
	}
	rename(s.Problems, display)
	rename(s.Loaded, display)
	texts := map[string]string{}
	for i, old := range s.Unreadable {
		s.Unreadable[i] = display(old)
		if text, ok := s.UnreadableText[old]; ok {
			texts[s.Unreadable[i]] = text
		}
	}
	s.UnreadableText = texts
}

func rename(problems []diag.Diagnostic, display func(path string) string) {
	for i := range problems {
		p := &problems[i]
		p.Path = display(p.Path)
		if p.Other != "" {
			other := display(p.Other)
			p.Message, p.Other = strings.Replace(p.Message, " "+p.Other+":", " "+other+":", 1), other
		}
	}
}
