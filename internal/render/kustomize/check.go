// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
)

// Limits bound one build. They are far above real kustomizations and bound the work that Kustomize can be made to do.
// A zero value stands for its default.
type Limits struct {
	FileBytes int64 // of one file; 1 MiB
	// Weight bounds a folder and its references; 4 Mi. A reference counts every time it is used: folders that refer to
	// the next level twice double with every level. A byte weighs 1, and an object or a folder objectWeight, because
	// Kustomize needs time in the square of their number.
	Weight int
}

func (l Limits) withDefaults() Limits {
	return Limits{FileBytes: cmp.Or(l.FileBytes, 1<<20), Weight: cmp.Or(l.Weight, 4<<20)}
}

// The settings that raise the limits.
const (
	settingFile  = "source.limits.fileSize"
	settingBuild = "source.limits.buildSize"
)

// What follows from the weight of a build.
const (
	objectWeight = 2 << 10
	// itemWeight is the weight of an item of a field, such as one patch: Kustomize matches each item with all objects.
	itemWeight = 8 << 10
	// maxSpread bounds the text of kustomizations and patches times the number of objects, for each of the weight:
	// Kustomize copies a long prefix, label or patch into each of them.
	maxSpread = 4
	// spreadPerWeight is how much of that costs as much as a weight of 1.
	spreadPerWeight = 8
	// maxReplaced bounds the longest text times the number of fields to which replacements can copy it, for each of the
	// weight.
	maxReplaced = 32
)

// splitIt is the hint for a build that is too large.
const splitIt = "split it into folders that are built by themselves"

// Check reads a kustomization folder and everything it refers to, and refuses every reference that leaves the tree.
//
// It runs before Kustomize, because Kustomize decides from the form of a path whether to fetch it from the network, and
// from the name of a field whether to run a program. Check allows only fields that are known to be harmless and paths
// that name a file or folder of the tree. Kustomize sees nothing but the result.
func Check(fsys fs.FS, dir string) (Checked, error) { return check(fsys, dir, Limits{}) }

func check(fsys fs.FS, dir string, limits Limits) (Checked, error) {
	val := &validator{
		fsys:      fsys,
		limits:    limits.withDefaults(),
		Checked:   Checked{Files: Tree{}, Fields: map[string]bool{}, Words: map[string]bool{}},
		folders:   map[string]*cost{},
		rewritten: map[string][]byte{},
		data:      map[string]bool{},
	}
	if !fs.ValidPath(dir) {
		return Checked{}, refuse(dir, diag.InvalidPath, "not a path in the repository")
	}
	if err := val.checkFolder(dir); err != nil {
		return Checked{}, err
	}
	replaced := 0
	if val.Fields["replacements"] {
		replaced = val.longest * (val.nodes + val.paths*val.sum.objects)
	}
	if val.matching*val.sum.objects > maxMatching {
		return Checked{}, refuse(dir, diag.TooLarge, "too many regular expressions for that many objects").Suggest(splitIt)
	}
	if val.sum.text*val.sum.objects > maxSpread*val.limits.Weight || replaced > maxReplaced*val.limits.Weight {
		return Checked{}, refuse(dir, diag.TooLarge, "too much text for that many objects (limit: %s)", settingBuild).
			Suggest(splitIt)
	}
	for file, text := range val.rewritten {
		if val.data[file] {
			return Checked{}, refuse(
				file,
				diag.AmbiguousYAML,
				"is read both as YAML and as data",
			).Suggest("write it without aliases and tags, or copy it")
		}
		val.Files[file] = text
	}
	if err := val.Files.checkClosed(); err != nil {
		return Checked{}, err
	}
	val.Weight = val.sum.weight + val.sum.text*val.sum.objects/spreadPerWeight
	return val.Checked, nil
}

// Checked is the result of Check: the files that Kustomize may see, and facts about their content.
type Checked struct {
	// Weight measures the work of the build: see Limits.
	Weight int
	Files  Tree
	Fields map[string]bool // of all kustomizations
	// Words are the keys and values of all YAML, including patches in strings. The files treat every text that is not in
	// Words alike, because nothing in them can match it.
	Words   map[string]bool
	nodes   int // of all YAML
	longest int // length of the longest text, in bytes
	paths   int // fieldPaths of replacements
	// matching is the length of all regular expressions, in bytes.
	matching int
	// Selects reports whether a patch selects objects by more than their kind.
	Selects bool
}

// collectWords adds the keys and values of a document to Words.
func (p *Checked) collectWords(n *yaml.Node) {
	p.nodes++
	p.longest = max(p.longest, len(n.Value))
	if n.Kind == yaml.ScalarNode {
		p.Words[n.Value] = true
	}
	for _, child := range n.Content {
		p.collectWords(child)
	}
}

// validator walks from folder to folder and collects what it allows.
type validator struct {
	Checked
	fsys   fs.FS
	limits Limits
	// rewritten are the files whose text Kustomize receives re-encoded, without anchors, aliases and tags.
	rewritten map[string][]byte
	data      map[string]bool  // files that Kustomize reads as data, not as YAML
	folders   map[string]*cost // of each checked folder; nil while its check runs
	sum       cost             // of the current folder so far
}

// cost is the size of a folder together with everything it refers to.
type cost struct {
	weight  int
	objects int
	text    int // bytes of kustomizations and patches: Kustomize may copy them into every object
}

// kustomizationNames are the names that Kustomize looks for.
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// IsKustomization reports whether a file of this name makes its folder a kustomization.
func IsKustomization(name string) bool { return slices.Contains(kustomizationNames, name) }

// checkFolder checks a folder with a kustomization, once, and adds its cost to the current folder's.
func (val *validator) checkFolder(dir string) error {
	below, seen := val.folders[dir]
	if seen && below == nil {
		return refuse(dir, diag.KustomizationCycle, "refers to itself, over other folders or directly")
	}
	if !seen {
		outer := val.sum
		val.folders[dir], val.sum = nil, cost{}
		if err := val.checkKustomizationIn(dir); err != nil {
			return err
		}
		inner := val.sum
		below = &inner
		val.folders[dir], val.sum = below, outer
	}
	val.sum.objects += below.objects
	val.sum.text += below.text
	return val.addWeight(dir, below.weight+objectWeight)
}

// addWeight adds to the weight of the current folder and refuses a folder over the limit.
func (val *validator) addWeight(name string, weight int) error {
	if val.sum.weight += weight; val.sum.weight > val.limits.Weight {
		return refuse(name, diag.TooLarge, "too much for one build (limit: %s)", settingBuild).Suggest(splitIt)
	}
	return nil
}

// checkKustomizationIn finds and checks the one kustomization file of a folder.
func (val *validator) checkKustomizationIn(dir string) error {
	var found string
	for _, name := range kustomizationNames {
		_, err := fs.Stat(val.fsys, path.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("stat %s: %w", path.Join(dir, name), err)
		case found != "":
			return refuse(dir, diag.InvalidKustomization, "holds both %s and %s", found, name)
		default:
			found = name
		}
	}
	if found == "" {
		return refuse(dir, diag.KustomizationNotFound, "holds no kustomization.yaml")
	}
	file := path.Join(dir, found)
	docs, err := val.yamlFile(file)
	if err != nil {
		return err
	}
	if len(docs) != 1 {
		return refuse(file, diag.WrongDocumentCount, "holds %d documents instead of one", len(docs))
	}
	size, _ := checkExpansion(docs)
	val.sum.text += max(size, len(val.Files[file]))
	expanded, errs := strictyaml.Expand(docs[0])
	if len(errs) > 0 {
		return errs[0].In(file)
	}
	if err := val.checkFields(file, expanded); err != nil {
		return err
	}
	return val.rewrite(file, expanded)
}

// rewrite re-encodes the documents of a file without anchors, aliases and tags, so that Kustomize decodes exactly the
// value that was checked.
func (val *validator) rewrite(file string, docs ...*yaml.Node) error {
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	for _, doc := range docs {
		if err := enc.Encode(doc); err != nil {
			return refuse(file, diag.AmbiguousYAML, "cannot be written: %v", err)
		}
	}
	again, syntax := strictyaml.Documents(text.Bytes())
	if syntax != nil || len(again) != len(docs) {
		return refuse(file, diag.AmbiguousYAML, "cannot be written without its aliases").Suggest("write its values in full")
	}
	for i, doc := range docs {
		before, errs := strictyaml.Value(doc)
		after, more := strictyaml.Value(again[i])
		if len(errs) > 0 {
			return errs[0].In(file)
		}
		if len(more) > 0 || !reflect.DeepEqual(before, after) {
			return refuse(file, diag.AmbiguousYAML, "cannot be written without its aliases").Suggest("write its values in full")
		}
	}
	val.rewritten[file] = text.Bytes()
	return nil
}

// read allows a regular file of the tree and returns its content.
func (val *validator) read(name string) ([]byte, error) {
	data, ok := val.Files[name]
	if !ok {
		info, err := fs.Stat(val.fsys, name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", name, err)
		case !info.Mode().IsRegular():
			return nil, refuse(name, diag.UnreadableFile, "%s", cmp.Or(files.Why(info), "is a folder"))
		case info.Size() > val.limits.FileBytes:
			return nil, refuse(name, diag.TooLarge, "larger than %d KiB (limit: %s)", val.limits.FileBytes>>10, settingFile)
		}
		if data, err = fs.ReadFile(val.fsys, name); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		val.Files[name] = data
	}
	return data, val.addWeight(name, len(data))
}

// yamlFile allows a file that Kustomize reads as YAML and returns its documents.
func (val *validator) yamlFile(name string) ([]*yaml.Node, error) {
	data, err := val.read(name)
	if err != nil {
		return nil, err
	}
	docs, err := Documents(name, data)
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		val.collectWords(doc)
	}
	// Kustomize gets the file with its aliases replaced.
	size, _ := checkExpansion(docs)
	if err := val.addWeight(name, max(size-len(data), 0)); err != nil {
		return nil, err
	}
	if !strictyaml.IsPlain(docs...) && val.rewritten[name] == nil && !IsKustomization(path.Base(name)) {
		expanded := make([]*yaml.Node, len(docs))
		for i, doc := range docs {
			var errs []diag.Diagnostic
			if expanded[i], errs = strictyaml.Expand(doc); len(errs) > 0 {
				return nil, errs[0].In(name)
			}
		}
		if err := val.rewrite(name, expanded...); err != nil {
			return nil, err
		}
	}
	return docs, val.addWeight(name, len(docs)*objectWeight)
}

// Documents parses YAML and refuses documents that are too large or too deep once their aliases are expanded.
func Documents(name string, data []byte) (docs []*yaml.Node, err error) {
	defer func() {
		// The parser has panicked on malformed input before.
		if p := recover(); p != nil {
			docs, err = nil, refuse(name, diag.SyntaxError, "cannot be read as YAML: %v", p)
		}
	}()
	docs, syntax := strictyaml.Documents(data)
	if syntax != nil {
		return nil, syntax.In(name)
	}
	if _, d := checkExpansion(docs); d != nil {
		return nil, d.In(name)
	}
	return docs, nil
}
