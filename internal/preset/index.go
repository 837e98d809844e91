package preset

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// buildIndex makes presets findable: by the name of their folder, by their aliases, and by their repository where nothing
// else is called that.
//
// Names of folders are how a repository replaces a preset, which shows in its tree. An alias does not, so that one that is
// taken already is a Problem, and its preset is left out: otherwise a file about one model could change what all Workspaces
// of another one run.
func (c *Catalog) buildIndex() {
	c.noteOverrides()
	owner := map[string]string{} // lower-case name -> preset
	for _, p := range c.presets {
		owner[p.Name] = p.Name
	}
	byLayer := slices.SortedStableFunc(slices.Values(c.presets), func(a, b Preset) int {
		return cmp.Or(cmp.Compare(c.files.layer(a.Name), c.files.layer(b.Name)), strings.Compare(a.Name, b.Name))
	})
	var left []Preset
	for _, p := range byLayer {
		if taken := c.claim(p, owner); len(taken) > 0 {
			c.problems = append(c.problems, taken...)
			delete(owner, p.Name)
			continue
		}
		left = append(left, p)
	}
	for _, p := range left {
		if key := strings.ToLower(p.Repo); key != "" && owner[key] == "" {
			owner[key] = p.Name
		}
	}

	c.presets = slices.SortedFunc(slices.Values(left), func(a, b Preset) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range c.presets {
		for key, name := range owner {
			if name == p.Name {
				c.index[key] = i
			}
		}
	}
	c.places = nil
	order := func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	}
	slices.SortStableFunc(c.problems, order)
	slices.SortStableFunc(c.notes, order)
}

// claim gives a preset its aliases. When one is another preset's it gets none, and the Problems are returned.
func (c *Catalog) claim(p Preset, owner map[string]string) []Problem {
	var problems []Problem
	var mine []string
	for i, alias := range p.Aliases {
		key := strings.ToLower(alias)
		other, taken := owner[key]
		switch {
		case !taken:
			mine = append(mine, key)
		case other == p.Name:
		case other == key && c.files.layer(other) > c.files.layer(p.Name):
			c.notes = append(c.notes, Problem{
				Path: c.where(other), Line: 1, Column: 1, Message: fmt.Sprintf("takes the name %s, by which %s was known", key, p.Name),
			})
		default:
			at := positionOf(c.places[p.Name], fmt.Sprintf("aliases[%d]", i))
			problems = append(problems, problemOf(c.where(p.Name), strictyaml.Error{
				Position: at, Field: fmt.Sprintf("aliases[%d]", i), Message: fmt.Sprintf("%s is a name of preset %s", alias, other),
				Hint: fmt.Sprintf("leave it out, or call the folder %s to put this preset in its place", path.Join(modelsDir, other)),
			}))
		}
	}
	if len(problems) == 0 {
		for _, key := range mine {
			owner[key] = p.Name
		}
	}
	return problems
}

// noteOverrides tells which folders take the place of built-in ones.
func (c *Catalog) noteOverrides() {
	for _, dir := range c.files.over {
		category, name := path.Split(dir)
		layer := c.files.layers[c.files.folders[path.Clean(category)][name]]
		file := path.Join(layer.Path, dir)
		if path.Clean(category) == modelsDir {
			file = path.Join(file, presetFile)
		}
		c.notes = append(c.notes, Problem{Path: file, Line: 1, Column: 1, Message: "takes the place of the built-in " + dir})
	}
}
