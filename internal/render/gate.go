package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Limits of one build. They are far above what people write, and bound what Kustomize can be made to do.
const (
	maxFileBytes = 1 << 20
	// maxWeight is for a folder with all that it refers to, counted as often as it is referred to: folders that refer to each
	// other twice double with every level. A byte weighs 1, and an object or a folder objectWeight, because Kustomize takes
	// time in the square of their number.
	maxWeight    = 4 << 20
	objectWeight = 2 << 10
	// itemWeight is for an item of a field, such as one patch: each looks at all objects.
	itemWeight = 8 << 10
	// maxSpread is for the text of kustomizations and patches, times the number of objects: a long prefix, label or patch
	// comes to be in each of them.
	maxSpread = 256 << 20
	// maxReplaced is for the longest text times the number of places to which replacements can copy it.
	maxReplaced = 512 << 20
)

// gate reads a kustomization folder and all that it refers to, and refuses whatever is not a file of the tree.
//
// It runs before Kustomize does, because Kustomize decides by the look of a path whether it is fetched from the network, and
// by the look of a field whether a program is run. Only fields that are known to be harmless pass, and only paths that name
// something in the tree. What it returns is all that Kustomize will get to see.
func gate(fsys fs.FS, dir string) (passed, error) {
	g := &gateway{fsys: fsys, passed: passed{files: tree{}, fields: map[string]bool{}, words: map[string]bool{}}, folders: map[string]*load{}}
	if !fs.ValidPath(dir) {
		return passed{}, &Refusal{Path: dir, Message: "not a path in the repository"}
	}
	if err := g.folder(dir); err != nil {
		return passed{}, err
	}
	replaced := 0
	if g.fields["replacements"] {
		replaced = g.longest * (g.nodes + g.paths*g.sum.objects)
	}
	if g.sum.text*g.sum.objects > maxSpread || replaced > maxReplaced {
		return passed{}, &Refusal{Path: dir, Message: "too much text for that many objects", Hint: "split it into folders that are built by themselves"}
	}
	return g.passed, nil
}

// passed is what the gate let through, and what it saw on the way.
type passed struct {
	files  tree
	fields map[string]bool // of all kustomizations
	// words are the keys and values of all YAML, patches within strings included: whatever is not among them cannot be
	// told from any other text by what is written in these files.
	words   map[string]bool
	nodes   int // of all YAML
	longest int // text, in bytes
	paths   int // of fields that replacements name
	// selects says that a patch chooses its objects by more than their kind.
	selects bool
}

// note remembers the words of a document.
func (p *passed) note(n *yaml.Node) {
	p.nodes++
	p.longest = max(p.longest, len(n.Value))
	if n.Kind == yaml.ScalarNode {
		p.words[n.Value] = true
	}
	for _, child := range n.Content {
		p.note(child)
	}
}

// gateway collects what has passed.
type gateway struct {
	passed
	fsys    fs.FS
	folders map[string]*load // of a folder once all of it has passed; nil while it is looked at
	sum     load             // of what has passed so far in the folder that is being looked at
}

// load is how much a folder with all that it refers to is.
type load struct {
	weight  int
	objects int
	text    int // of kustomizations and patches, in bytes: it can come to be in every object
}

// kustomizationNames are the names that Kustomize looks for.
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// IsKustomization reports whether a file of this name makes its folder a kustomization.
func IsKustomization(name string) bool { return slices.Contains(kustomizationNames, name) }

// folder lets a folder with a kustomization pass.
func (g *gateway) folder(dir string) error {
	below, seen := g.folders[dir]
	if seen && below == nil {
		return &Refusal{Path: dir, Message: "refers to itself, over other folders or directly"}
	}
	if !seen {
		outer := g.sum
		g.folders[dir], g.sum = nil, load{}
		if err := g.lookAt(dir); err != nil {
			return err
		}
		inner := g.sum
		below = &inner
		g.folders[dir], g.sum = below, outer
	}
	g.sum.objects += below.objects
	g.sum.text += below.text
	return g.add(dir, below.weight+objectWeight)
}

// add counts what has passed.
func (g *gateway) add(name string, weight int) error {
	if g.sum.weight += weight; g.sum.weight > maxWeight {
		return &Refusal{Path: name, Message: "too much for one build", Hint: "split it into folders that are built by themselves"}
	}
	return nil
}

// lookAt lets the kustomization of a folder pass.
func (g *gateway) lookAt(dir string) error {
	var found string
	for _, name := range kustomizationNames {
		_, err := fs.Stat(g.fsys, path.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("look at %s: %w", path.Join(dir, name), err)
		case found != "":
			return &Refusal{Path: dir, Message: "holds both " + found + " and " + name}
		default:
			found = name
		}
	}
	if found == "" {
		return &Refusal{Path: dir, Message: "holds no kustomization.yaml"}
	}
	file := path.Join(dir, found)
	docs, err := g.yamlFile(file)
	if err != nil {
		return err
	}
	if len(docs) != 1 {
		return &Refusal{Path: file, Message: fmt.Sprintf("holds %d documents instead of one", len(docs))}
	}
	g.sum.text += len(g.files[file])
	return g.kustomization(file, docs[0])
}

// read lets a file of the tree pass.
func (g *gateway) read(name string) ([]byte, error) {
	data, ok := g.files[name]
	if !ok {
		info, err := fs.Stat(g.fsys, name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", name, err)
		case !info.Mode().IsRegular():
			return nil, &Refusal{Path: name, Message: "not a regular file"}
		case info.Size() > maxFileBytes:
			return nil, &Refusal{Path: name, Message: fmt.Sprintf("larger than %d KiB", maxFileBytes>>10)}
		}
		if data, err = fs.ReadFile(g.fsys, name); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		g.files[name] = data
	}
	return data, g.add(name, len(data))
}

// yamlFile lets a file pass that Kustomize will read as YAML, and returns its documents.
func (g *gateway) yamlFile(name string) ([]*yaml.Node, error) {
	data, err := g.read(name)
	if err != nil {
		return nil, err
	}
	docs, err := documents(name, data)
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		g.note(doc)
	}
	return docs, g.add(name, len(docs)*objectWeight)
}

// documents parses YAML and bounds what becomes of it when aliases are replaced by what they stand for.
func documents(name string, data []byte) (docs []*yaml.Node, err error) {
	defer func() {
		// The parser has panicked on malformed input before.
		if p := recover(); p != nil {
			docs, err = nil, &Refusal{Path: name, Message: fmt.Sprintf("cannot be read as YAML: %v", p)}
		}
	}()
	docs, syntax := strictyaml.Documents(data)
	if syntax != nil {
		return nil, &Refusal{Path: name, Line: syntax.Line, Column: syntax.Column, Message: syntax.Message, Hint: syntax.Hint}
	}
	for _, doc := range docs {
		if r := expandable(doc); r != nil {
			r.Path = name
			return nil, r
		}
	}
	return docs, nil
}
