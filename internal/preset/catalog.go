package preset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// Catalog is all presets that can be used: the built-in ones, and what a repository adds to them or puts in their place.
type Catalog struct {
	presets  []Preset       // sorted by name
	index    map[string]int // lower-case name, alias or repository -> index in presets
	problems []Problem
	notes    []Problem
	files    *merged
	places   map[string]strictyaml.Positions // of the fields of each preset.yaml, until the index is built
}

const (
	modelsDir  = "models"
	presetFile = "preset.yaml"
	// maxModels and maxFile bound what a repository can make us read.
	maxModels = 1000
	maxFile   = 64 << 10
	// maxName is longer than any name or alias of a model; comparing names takes time in the square of their length.
	maxName = 200
)

// modelName is what a model's folder may be called: it becomes a label value and a part of paths.
var modelName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$`)

// ValidName reports whether a model's folder may be called so.
func ValidName(name string) bool { return modelName.MatchString(name) }

// Layer is one tree of presets.
type Layer struct {
	FS fs.FS // rooted at a presets folder
	// Path is where that folder is in its repository, for Problems to name their files by; empty when it is in none.
	Path string
}

// Load reads the presets of several trees, each rooted at a presets folder; a model of a later tree takes the place of one of
// the same name in an earlier tree, files and all.
//
// A preset that cannot be read is left out, never replaced by an earlier one of its name, and is told about by Problems; the others
// can be used. The error is for trees that cannot be read at all.
func Load(trees ...fs.FS) (*Catalog, error) {
	var layers []Layer
	for _, t := range trees {
		layers = append(layers, Layer{FS: t})
	}
	c, _, err := LoadLayers(layers...)
	return c, err
}

// LoadLayers is Load for trees of which it is known where they are, and returns the Problems as well.
func LoadLayers(layers ...Layer) (*Catalog, []Problem, error) {
	files, err := merge(layers)
	if err != nil {
		return nil, nil, err
	}
	c := &Catalog{index: map[string]int{}, files: files, places: map[string]strictyaml.Positions{}}
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
	fail := func(message, hint string) {
		c.problems = append(c.problems, Problem{Path: where, Line: 1, Column: 1, Message: message, Hint: hint})
	}
	if !modelName.MatchString(name) {
		fail("the folder's name is not fit for a model", "use lower-case letters, digits, dots and dashes, at most 63")
		return
	}
	data, err := readFile(c.files, file)
	if err != nil {
		fail(err.Error(), "a model's folder needs a "+presetFile)
		return
	}
	p, places, problems := decode(where, data)
	c.problems = append(c.problems, problems...)
	if len(problems) == 0 {
		p.Name = name
		c.presets = append(c.presets, p)
		c.places[name] = places
	}
}

// where is the path of a model's preset.yaml, for people.
func (c *Catalog) where(name string) string {
	return path.Join(c.files.layers[c.files.layer(name)].Path, modelsDir, name, presetFile)
}

// Lookup finds a preset by name, alias or Hugging Face repository, without regard to case.
func (c *Catalog) Lookup(name string) (Preset, bool) {
	i, ok := c.index[strings.ToLower(name)]
	if !ok {
		return Preset{}, false
	}
	return c.presets[i], true
}

// All returns every preset, sorted by name.
func (c *Catalog) All() []Preset { return slices.Clone(c.presets) }

// From returns the Path of the Layer that a preset is from; empty for one that is in no repository.
func (c *Catalog) From(name string) string { return c.files.layers[c.files.layer(name)].Path }

// Notes returns what is worth knowing about presets that are in order: such as that one takes the place of another.
func (c *Catalog) Notes() []Problem { return slices.Clone(c.notes) }

// Problems returns what is wrong with presets that had to be left out, sorted by place.
func (c *Catalog) Problems() []Problem { return slices.Clone(c.problems) }

// FS returns the merged tree of Kustomize files: base, components and models.
func (c *Catalog) FS() fs.FS { return c.files }

// readFile reads a file that is not too large.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("larger than %d KiB", maxFile>>10)
	}
	return fs.ReadFile(fsys, name)
}
