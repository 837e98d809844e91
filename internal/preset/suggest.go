package preset

import "syncer.dev/syncer/internal/strictyaml"

// Suggest returns the name or alias that name is most likely a misspelling of, or "" when none looks like it. Models that can
// no longer be used are not suggested.
func (c *Catalog) Suggest(name string) string {
	if len(name) > maxName {
		return ""
	}
	var known []string
	for _, p := range c.presets {
		if p.Deprecated == "" {
			known = append(known, p.Name)
			known = append(known, p.Aliases...)
		}
	}
	return strictyaml.Suggest(name, known)
}
