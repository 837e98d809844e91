// SPDX-License-Identifier: Apache-2.0

package render

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

// dependency is a folder of the catalogue with everything it refers to, or the error of its check.
type dependency struct {
	kustomize.Checked
	err    error
	digest string // of the files
	// templateFiles are the files with the preset's name replaced by a token: many presets have equal ones.
	templateFiles  kustomize.Tree
	templateDigest string
	// cacheable reports whether the files treat all texts of a Workspace alike, so that tokens may stand for them.
	cacheable bool
	// images is the field images, if the kustomization has no other field.
	images memo.List
}

// dependencies are the folders of one catalogue; each is read and checked once.
type dependencies struct {
	files fs.FS

	mu    sync.Mutex
	known map[string]dependency // by folder
}

// of returns a folder of the catalogue with everything it refers to.
func (c *dependencies) of(dir string) dependency {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.known[dir]
	if !ok {
		known.Checked, known.err = kustomize.Check(c.files, dir)
		known.digest = known.Files.Digest()
		known.cacheable = known.isCacheable()
		known.anonymise(dir)
		known.images = known.onlyImages()
		c.known[dir] = known
	}
	return known
}

// digest returns the SHA-256, in hex, of the files of several folders.
func (c *dependencies) digest(dirs []string) (string, error) {
	h := sha256.New()
	for _, dir := range dirs {
		known := c.of(dir)
		if known.err != nil {
			return "", known.err
		}
		h.Write([]byte(dir + "\x00" + known.digest + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// In a template presetToken stands for the preset's name in its label, and anyPreset for its folder.
const (
	presetToken = memo.TokenPrefix + "preset-zz"
	anyPreset   = "models/this"
)

// anonymise replaces a preset's name by a token in the line that labels its objects. Most presets do nothing else, so
// their templates become equal.
func (c *dependency) anonymise(dir string) {
	c.templateFiles, c.templateDigest = c.Files, c.digest
	preset, ok := strings.CutPrefix(dir, "models/")
	if !ok {
		return
	}
	c.templateFiles = kustomize.Tree{}
	label := []byte("syncer.dev/preset: " + preset + "\n")
	for file, data := range c.Files {
		if rest, own := strings.CutPrefix(file, dir+"/"); own {
			file = anyPreset + "/" + rest
		}
		c.templateFiles[file] = bytes.Replace(data, label, []byte("syncer.dev/preset: "+presetToken+"\n"), 1)
	}
	c.templateDigest = c.templateFiles.Digest()
}

// onlyImages returns the field images of a kustomization that has no other field.
func (c *dependency) onlyImages() memo.List {
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

// words returns the words of the overlay's folders, and whether all folders are cacheable. Kustomize applies the
// images folder after the Workspace has its names, so its patches must not select objects by name, nor test values.
func (c *dependencies) words(o overlay) (words memo.Words, cacheable bool) {
	for _, dir := range o.uses() {
		known := c.of(dir)
		if !known.cacheable || dir == imagesDir && (known.Selects || known.Checked.Words["test"]) {
			return nil, false
		}
		words = append(words, known.Checked.Words)
	}
	return words, true
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

func (c *dependency) isCacheable() bool {
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
