// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// Rename rewrites the path of everything in the Set, so that messages name files as their reader does.
func (s *Set) Rename(display func(path string) string) {
	for i := range s.Workspaces {
		w := &s.Workspaces[i]
		w.Source.Path = display(w.Source.Path)
		if w.Patch != nil {
			w.Patch.Path = display(w.Patch.Path)
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
