package workspace

// Rename rewrites the path of everything in the Set, so that messages name files as their reader does.
func (s *Set) Rename(display func(path string) string) {
	for i := range s.Workspaces {
		w := &s.Workspaces[i]
		w.Source.Path = display(w.Source.Path)
		for field, p := range w.positions {
			p.Path = display(p.Path)
			w.positions[field] = p
		}
	}
	for i := range s.Objects {
		s.Objects[i].Source.Path = display(s.Objects[i].Source.Path)
	}
	for i := range s.Problems {
		s.Problems[i].Path = display(s.Problems[i].Path)
	}
	texts := map[string]string{}
	for i, old := range s.Broken {
		s.Broken[i] = display(old)
		if text, ok := s.brokenText[old]; ok {
			texts[s.Broken[i]] = text
		}
	}
	s.brokenText = texts
}
