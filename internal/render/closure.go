package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

// closure is a folder of the catalogue with all that it refers to, or why that was refused.
type closure struct {
	passed
	err    error
	digest string // of the files
	// general are the files of a preset without its name: many presets have the same.
	general       tree
	generalDigest string
	// plain says that nothing in it can look into text: it does what it does whatever Workspaces are called.
	plain bool
	// images is the field of that name, if the folder's kustomization has no other.
	images list
}

// closures are those of one catalogue, each read once.
type closures struct {
	files fs.FS

	mu    sync.Mutex
	known map[string]closure // by folder
}

// of returns the files of a folder of the catalogue and of all that it refers to.
func (c *closures) of(dir string) closure {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.known[dir]
	if !ok {
		known.passed, known.err = gate(c.files, dir)
		known.digest = known.files.digest()
		known.plain = known.isPlain()
		known.generalise(dir)
		known.images = known.onlyImages()
		c.known[dir] = known
	}
	return known
}

// digest returns the SHA-256, in hex, of what several folders consist of.
func (c *closures) digest(dirs []string) (string, error) {
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

// vocabulary is what is written in several folders.
type vocabulary []map[string]bool

func (v vocabulary) has(word string) bool {
	for _, words := range v {
		if words[word] {
			return true
		}
	}
	return false
}

// presetToken stands for the name of a preset in its label, and thisPreset for its folder.
const (
	presetToken = tokenPrefix + "preset-zz"
	thisPreset  = "models/this"
)

// generalise takes a preset's name out of the line by which it labels its objects. That is all that most presets do, and so
// they come down to the same.
func (c *closure) generalise(dir string) {
	c.general, c.generalDigest = c.files, c.digest
	preset, ok := strings.CutPrefix(dir, "models/")
	if !ok {
		return
	}
	c.general = tree{}
	label := []byte("syncer.dev/preset: " + preset + "\n")
	for file, data := range c.files {
		if rest, own := strings.CutPrefix(file, dir+"/"); own {
			file = thisPreset + "/" + rest
		}
		c.general[file] = bytes.Replace(data, label, []byte("syncer.dev/preset: "+presetToken+"\n"), 1)
	}
	c.generalDigest = c.general.digest()
}

// onlyImages returns the images that a kustomization names, when it does nothing else.
func (c *closure) onlyImages() list {
	for field := range c.fields {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "images"}, field) {
			return nil
		}
	}
	var k struct {
		Images list `json:"images"`
	}
	for _, data := range c.files { // there is one
		if err := yaml.Unmarshal(data, &k); err != nil {
			return nil
		}
	}
	return k.Images
}

// words returns what is written in the folders, and whether all of them are plain. Of those that are applied to the Workspace's
// own names, and not before it has any, patches must not choose objects by name, nor test values.
func (c *closures) words(o overlay) (words vocabulary, plain bool) {
	for _, dir := range o.uses() {
		known := c.of(dir)
		if !known.plain || dir == imagesDir && (known.selects || known.passed.words["test"]) {
			return nil, false
		}
		words = append(words, known.passed.words)
	}
	return words, true
}

// plainFields are those fields of a kustomization that treat names and values as text that is only ever copied as a whole, or
// compared with what is written in the files. Replacements can cut a name into pieces, for example, and a prefix can make one
// name of two.
var plainFields = map[string]bool{
	"apiVersion": true, "kind": true, "metadata": true, "resources": true, "bases": true, "components": true, "patches": true,
	"patchesJson6902": true, "patchesStrategicMerge": true, "labels": true, "commonAnnotations": true, "images": true,
	"configMapGenerator": true, "generatorOptions": true,
}

func (c *closure) isPlain() bool {
	if c.words["allowNameChange"] || c.words["allowKindChange"] {
		return false
	}
	for field := range c.fields {
		if !plainFields[field] {
			return false
		}
	}
	for _, data := range c.files {
		if bytes.Contains(data, []byte(tokenPrefix)) {
			return false
		}
	}
	return true
}

// digest returns the SHA-256, in hex, of the names and contents of all files.
func (t tree) digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(t)) {
		for _, part := range [][]byte{[]byte(name), t[name]} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
