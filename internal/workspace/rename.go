package workspace

import "strings"

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
	for i, old := range s.Broken {
		s.Broken[i] = display(old)
		if text, ok := s.brokenText[old]; ok {
			texts[s.Broken[i]] = text
		}
	}
	s.brokenText = texts
}

func rename(problems []Problem, display func(path string) string) {
	for i := range problems {
		p := &problems[i]
		p.Path = display(p.Path)
		if p.Other != "" {
			other := display(p.Other)
			p.Message, p.Other = strings.Replace(p.Message, " "+p.Other+":", " "+other+":", 1), other
		}
	}
}
