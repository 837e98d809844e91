// SPDX-License-Identifier: Apache-2.0

package folders

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/render/memo"
)

// Folder is a folder of the catalogue with everything it refers to, or the error of its check.
type Folder struct {
	kustomize.Checked
	Err    error  // of the check
	digest string // of the files
	// TemplateFiles are the files with the preset's name replaced by a token: many presets have equal ones.
	TemplateFiles  kustomize.Tree
	TemplateDigest string
	// cacheable reports whether the files treat all texts of a Workspace alike, so that tokens may stand for them.
	cacheable bool
	// Images is the field images, if the kustomization has no other field.
	Images memo.List
}

// Catalog is the folders of one catalogue; each is read and checked once. It is safe for concurrent use.
type Catalog struct {
	FS fs.FS // as it was given to New

	mu    sync.Mutex
	known map[string]Folder // by folder
	sets  map[string]*Set   // by the names of their folders
}

// New returns the folders of a catalogue.
func New(files fs.FS) *Catalog {
	return &Catalog{FS: files, known: map[string]Folder{}, sets: map[string]*Set{}}
}

// ImagesDir is the folder of the catalogue that sets the images. Kustomize applies it last.
const ImagesDir = "components/images"

// Of returns a folder of the catalogue with everything it refers to.
func (c *Catalog) Of(dir string) Folder {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.known[dir]
	if !ok {
		known.Checked, known.Err = kustomize.Check(c.FS, dir)
		known.digest = known.Files.Digest()
		known.cacheable = known.isCacheable()
		known.anonymise(dir)
		known.Images = known.onlyImages()
		c.known[dir] = known
	}
	return known
}

// Set is what several folders of the catalogue say together.
type Set struct {
	Err    error  // of the first folder with one
	Digest string // the SHA-256, in hex, of their files
	// TemplateDigests are those of the folders, in their order.
	TemplateDigests string
	// Words are the words of the folders, if all of them are Cacheable.
	Words memo.Words
	// Cacheable reports whether tokens may stand for the texts of a Workspace. Kustomize applies the images folder after
	// the Workspace has its names, so its patches must not select objects by name, nor test values.
	Cacheable bool
	// Generates reports whether one of the folders generates a ConfigMap.
	Generates bool
}

// Set returns what several folders of the catalogue say. It is read only.
func (c *Catalog) Set(dirs []string) *Set {
	var room [256]byte
	names := room[:0]
	for _, dir := range dirs {
		names = append(append(names, dir...), 0)
	}
	c.mu.Lock()
	set, ok := c.sets[string(names)]
	c.mu.Unlock()
	if ok {
		return set
	}
	set = c.setOf(dirs)
	c.mu.Lock()
	c.sets[string(names)] = set
	c.mu.Unlock()
	return set
}

// Digest returns the SHA-256, in hex, of the files of several folders.
func (c *Catalog) Digest(dirs []string) (string, error) {
	set := c.Set(dirs)
	return set.Digest, set.Err
}

func (c *Catalog) setOf(dirs []string) *Set {
	set := &Set{Cacheable: true}
	h := sha256.New()
	for _, dir := range dirs {
		known := c.Of(dir)
		if known.Err != nil {
			return &Set{Err: known.Err}
		}
		h.Write([]byte(dir + "\x00" + known.digest + "\x00"))
		set.TemplateDigests += known.TemplateDigest
		set.Words = append(set.Words, known.Checked.Words)
		set.Generates = set.Generates || known.Fields["configMapGenerator"]
		if !known.cacheable || dir == ImagesDir && (known.Selects || known.Checked.Words["test"]) {
			set.Cacheable = false
		}
	}
	if !set.Cacheable {
		set.Words = nil
	}
	set.Digest = hex.EncodeToString(h.Sum(nil))
	return set
}

// AnyPreset stands for the folder of the preset in a template, as memo.PresetToken does for its name in its label.
const AnyPreset = "models/this"

// anonymise replaces a preset's name by a token in the line that labels its objects. Most presets do nothing else, so
// their templates become equal.
func (c *Folder) anonymise(dir string) {
	c.TemplateFiles, c.TemplateDigest = c.Files, c.digest
	preset, ok := strings.CutPrefix(dir, "models/")
	if !ok {
		return
	}
	c.TemplateFiles = kustomize.Tree{}
	label := []byte("syncer.dev/preset: " + preset + "\n")
	for file, data := range c.Files {
		if rest, own := strings.CutPrefix(file, dir+"/"); own {
			file = AnyPreset + "/" + rest
		}
		c.TemplateFiles[file] = bytes.Replace(data, label, []byte("syncer.dev/preset: "+memo.PresetToken+"\n"), 1)
	}
	c.TemplateDigest = c.TemplateFiles.Digest()
}

// onlyImages returns the field images of a kustomization that has no other field.
func (c *Folder) onlyImages() memo.List {
	for field := range c.Fields {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "images"}, field) {
			return nil
		}
	}
	var k struct {
		Images memo.List `json:"images"`
	}
	for _, data := range c.Files { // there is one
		if err := yaml.Unmarshal(data, &k); err != nil {
			return nil
		}
	}
	return k.Images
}

// copyingFields are the fields of a kustomization that copy names and values as a whole, or compare them with text of
// the files. Not among them are replacements, which can cut a name into pieces, and prefixes, which join two names.
var copyingFields = map[string]bool{
	"apiVersion": true, "kind": true, "metadata": true,
	"resources": true, "bases": true, "components": true,
	"patches": true, "patchesJson6902": true, "patchesStrategicMerge": true,
	"labels": true, "commonAnnotations": true, "images": true,
	"configMapGenerator": true, "generatorOptions": true,
}

func (c *Folder) isCacheable() bool {
	if c.Words["allowNameChange"] || c.Words["allowKindChange"] {
		return false
	}
	for field := range c.Fields {
		if !copyingFields[field] {
			return false
		}
	}
	for _, data := range c.Files {
		if bytes.Contains(data, []byte(memo.TokenPrefix)) {
			return false
		}
	}
	return true
}
