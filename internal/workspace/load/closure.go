// SPDX-License-Identifier: Apache-2.0

package load

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"syncer.dev/syncer/internal/files"
)

// builtFolder is what came of a kustomization folder, and of which files.
type builtFolder struct {
	closure []dependency
	id      string
	out     Built
	decoded *decoded
}

// dependency is a file that a build has read, or one that must not be there.
type dependency struct{ name, id string }

// absent is the id of a file that is not there.
const absent = "absent"

// maxBuilds is how many builds of one folder a Memo keeps: the two sides of a comparison, and what comes after them.
const maxBuilds = 4

// rebuilt adds what came of a folder in an earlier call, if all files that the build has read are the same.
func (l *loader) rebuilt(fsys fs.FS, dir string) bool {
	known, _ := remember[[]*builtFolder](l.options.Memo, memoKey{whatItBuilds, dir, "folder"})
	for _, b := range known {
		same := !slices.ContainsFunc(b.closure, func(d dependency) bool { return idOf(fsys, d.name) != d.id })
		if same && l.replay(dir, b.decoded) {
			l.builds, l.ids[dir] = append(l.builds, b.out), b.id
			return true
		}
	}
	return false
}

// learnBuild keeps what came of a folder, unless it is not known which files it came of.
func (l *loader) learnBuild(fsys fs.FS, dir string, out Built, before mark) {
	if l.options.Memo == nil || out.Files == nil {
		return
	}
	b := &builtFolder{out: out}
	sum := sha256.New()
	for _, name := range closureOf(dir, out.Files) {
		d := dependency{name, idOf(fsys, name)}
		if d.id == "" {
			return
		}
		b.closure = append(b.closure, d)
		fmt.Fprintf(sum, "%q %q\n", d.name, d.id)
	}
	if b.decoded = l.since(dir, before); b.decoded == nil {
		return
	}
	b.id = fmt.Sprintf("built %x", sum.Sum(nil))
	l.ids[dir] = b.id
	key := memoKey{whatItBuilds, dir, "folder"}
	known, _ := remember[[]*builtFolder](l.options.Memo, key)
	known = append([]*builtFolder{b}, known...)
	l.options.Memo.put(key, known[:min(len(known), maxBuilds)])
}

// closureOf returns the files that a build has read, and those that would have been others for it: a folder with two
// kustomizations is an error.
func closureOf(dir string, read []string) []string {
	all := slices.Clone(read)
	for _, folder := range append([]string{dir}, read...) {
		if folder != dir {
			folder = path.Dir(folder)
		}
		for _, base := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
			all = append(all, path.Join(folder, base))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// idOf returns the id of a file, absent where there is none, and "" where the tree does not know.
func idOf(fsys fs.FS, name string) string {
	if id := files.ID(fsys, name); id != "" {
		return id
	}
	if _, identified := fsys.(files.Identified); !identified {
		return ""
	}
	if _, err := fs.Stat(fsys, name); err != nil {
		return absent
	}
	return ""
}
