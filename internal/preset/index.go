// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// buildIndex indexes presets by the names of their folders, by their aliases, and by their repositories if no preset
// has that name.
//
// A repository overrides a preset by the name of a folder, which is visible in its tree. An alias is not, so an alias
// that another preset has is a Problem and its preset is omitted. Otherwise a file about one model could change all
// Workspaces that run another one.
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
	order := func(a, b diag.Diagnostic) int { return a.Position.Compare(b.Position) }
	slices.SortStableFunc(c.problems, order)
	slices.SortStableFunc(c.notes, order)
}

// claim registers the aliases of a preset. If another preset has one of them, claim registers none and returns
// Problems.
func (c *Catalog) claim(p Preset, owner map[string]string) []diag.Diagnostic {
	var problems []diag.Diagnostic
	var mine []string
	for i, alias := range p.Aliases {
		key := strings.ToLower(alias)
		other, taken := owner[key]
		switch {
		case !taken:
			mine = append(mine, key)
		case other == p.Name:
		case other == key && c.files.layer(other) > c.files.layer(p.Name):
			c.note(c.where(other), "takes over the name %s, an alias of %s", key, p.Name)
		default:
			field := fmt.Sprintf("aliases[%d]", i)
			at := positionOf(c.places[p.Name], field)
			taken := diag.Errorf(diag.PresetNameTaken, "%s is a name of preset %s", alias, other).On(field).
				Suggest(fmt.Sprintf(
					"remove the alias, or rename the folder to %s to override that preset",
					path.Join(modelsDir, other),
				))
			problems = append(problems, taken.In(c.where(p.Name)).At(at.Line, at.Column))
		}
	}
	if len(problems) == 0 {
		for _, key := range mine {
			owner[key] = p.Name
		}
	}
	return problems
}

// noteOverrides adds a note for each folder that overrides a built-in one.
func (c *Catalog) noteOverrides() {
	for _, dir := range c.files.over {
		category, name := path.Split(dir)
		layer := c.files.layers[c.files.folders[path.Clean(category)][name]]
		file := path.Join(layer.Path, dir)
		if path.Clean(category) == modelsDir {
			file = path.Join(file, presetFile)
		}
		c.note(file, "overrides the built-in %s", dir)
	}
}

// note adds a warning that a file changes another preset.
func (c *Catalog) note(file, format string, args ...any) {
	c.notes = append(c.notes, diag.Warningf(diag.PresetOverridden, format, args...).In(file).At(1, 1))
}
