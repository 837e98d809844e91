// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Catalog holds all usable presets: the built-in ones, and those that a repository adds or overrides.
type Catalog struct {
	presets  []Preset       // sorted by name
	index    map[string]int // lower-case name, alias or repository -> index in presets
	problems []diag.Diagnostic
	notes    []diag.Diagnostic
	files    *merged
	pinned   bool                            // the images component names the base image that syncer knows
	places   map[string]strictyaml.Positions // of the fields of each preset.yaml, until the index is built
}

const (
	modelsDir  = "models"
	presetFile = "preset.yaml"
	// maxModels and maxFile bound the input from a repository.
	maxModels = 1000
	maxFile   = 64 << 10
	// maxName is longer than any name or alias of a model; comparing names takes time in the square of their length.
	maxName = 200
)

// modelName matches names of a model's folder, which become label values and parts of paths.
var modelName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$`)

// ValidName reports whether a model's folder may have the name.
func ValidName(name string) bool { return modelName.MatchString(name) }

// Layer is one tree of presets.
type Layer struct {
	FS fs.FS // rooted at a presets folder
	// Path is the path of that folder in its repository, for the positions of Problems; empty outside of a repository.
	Path string
}

// Load reads the presets of several trees, each rooted at a presets folder. A model of a later tree replaces the one of
// the same name in an earlier tree with all its files.
//
// Load omits a preset that it cannot read, and reports it by Problems; no earlier preset of the same name replaces it.
// The other presets stay usable. Load returns an error only if it cannot read a tree at all.
func Load(trees ...fs.FS) (*Catalog, error) {
	var layers []Layer
	for _, t := range trees {
		layers = append(layers, Layer{FS: t})
	}
	c, _, err := LoadLayers(layers...)
	return c, err
}

// LoadLayers is Load for trees with known paths. It also returns the Problems.
func LoadLayers(layers ...Layer) (*Catalog, []diag.Diagnostic, error) {
	files, err := merge(layers)
	if err != nil {
		return nil, nil, err
	}
	c := &Catalog{
		index:  map[string]int{},
		files:  files,
		pinned: pinnedImage(files),
		places: map[string]strictyaml.Positions{},
	}
	names, err := fs.ReadDir(files, modelsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("list presets: %w", err)
	}
	if len(names) > maxModels {
		return nil, nil, fmt.Errorf("list presets: %d models are more than %d", len(names), maxModels)
	}
	for _, entry := range names {
		c.load(entry.Name())
	}
	c.buildIndex()
	return c, c.Problems(), nil
}

// load reads one model's folder.
func (c *Catalog) load(name string) {
	file := path.Join(modelsDir, name, presetFile)
	where := c.where(name)
	fail := func(reason diag.Reason, message, hint string) {
		c.problems = append(c.problems, diag.Errorf(reason, "%s", message).In(where).At(1, 1).Suggest(hint))
	}
	if !modelName.MatchString(name) {
		fail(
			diag.InvalidName,
			"the name of the folder is not a valid name of a model",
			"use lower-case letters, digits, dots and dashes, at most 63",
		)
		return
	}
	data, err := readFile(c.files, file)
	if err != nil {
		fail(diag.UnreadableFile, err.Error(), "add "+presetFile+" to the folder of the model")
		return
	}
	p, places, problems := decode(where, data)
	c.problems = append(c.problems, problems...)
	if len(problems) == 0 {
		p.Name = name
		p.OwnImage = !c.pinned || c.files.layer(name) > 0 && namesImage(c.files, path.Join(modelsDir, name))
		c.presets = append(c.presets, p)
		c.places[name] = places
	}
}

// where returns the path of a model's preset.yaml, for messages.
func (c *Catalog) where(name string) string {
	return path.Join(c.files.layers[c.files.layer(name)].Path, modelsDir, name, presetFile)
}

// Lookup returns a preset by name, alias or Hugging Face repository, ignoring case.
func (c *Catalog) Lookup(name string) (Preset, bool) {
	i, ok := c.index[strings.ToLower(name)]
	if !ok {
		return Preset{}, false
	}
	return c.presets[i], true
}

// All returns every preset, sorted by name.
func (c *Catalog) All() []Preset { return slices.Clone(c.presets) }

// From returns the Path of the Layer that a preset comes from; empty for built-in presets.
func (c *Catalog) From(name string) string { return c.files.layers[c.files.layer(name)].Path }

// Notes returns warnings about usable presets, such as that one overrides another.
func (c *Catalog) Notes() []diag.Diagnostic { return slices.Clone(c.notes) }

// Problems returns the errors of the presets that Load omitted, sorted by position.
func (c *Catalog) Problems() []diag.Diagnostic { return slices.Clone(c.problems) }

// FS returns the merged tree of Kustomize files: base, components and models.
func (c *Catalog) FS() fs.FS { return c.files }

// readFile reads a regular file of at most maxFile bytes.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("the file does not exist")
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("larger than %d KiB", maxFile>>10)
	}
	return fs.ReadFile(fsys, name)
}
