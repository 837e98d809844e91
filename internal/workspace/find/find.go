// SPDX-License-Identifier: Apache-2.0

package find

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// Options say which files of a tree count.
type Options struct {
	// Root is the folder of the tree to read, as path.Clean writes it. Kustomizations in it may refer to all of the tree.
	Root string
	// Skip are folders of the tree that are not input, such as the one that status is written to.
	Skip []string
	// Presets is a folder of the tree with presets, which are not input either. A folder presets in Root, or in the root
	// of the tree, always counts as one.
	Presets string
	// Patterns returns patterns without any line, to read files named IgnoreFile with. Without it, such a file is an
	// error in Found.Skipped.
	Patterns func() Patterns
	// Manifests is how many YAML and JSON files Root may have. One more is an error.
	Manifests int
	// FileBytes is how many bytes the file of a kustomization may have. What a larger one refers to is not known.
	FileBytes int64
	// References returns what read finds in the file of a kustomization, or what it found when the file had the same
	// content; nil to read each.
	References func(name string, read func() []string) []string
}

// Found are the files of a tree, sorted by how they are read. All names are those in the tree.
type Found struct {
	Files   []string // read one by one
	Patches []string // named after the Workspace or InferenceSet beside them, as workspace.PatchTarget says
	Folders []string // kustomizations to build
	Beside  []string // manifests in or below the folder of a kustomization, which are read only through it
	// Skipped are warnings about what the tree lists but does not hold, and errors about files named IgnoreFile.
	Skipped diag.List
}

// Files lists the files to read below Options.Root, in the order of their paths. An error means that the tree cannot be
// listed, or asks for too much.
func Files(fsys fs.FS, o Options) (Found, error) {
	var out Found
	kustomizations := map[string]string{} // folder -> file
	ignore, err := newIgnore(fsys, o)
	if err != nil {
		return out, err
	}
	var manifests []string
	err = fs.WalkDir(fsys, o.Root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ignore.err(); err != nil {
			return err
		}
		base := path.Base(name)
		switch {
		case d.IsDir():
			return ignore.enter(name, o)
		case ignore.ignored(name, false):
		case !d.Type().IsRegular():
			return out.skip(name, d)
		case base == "kustomization.yaml", base == "kustomization.yml", base == "Kustomization":
			kustomizations[path.Dir(name)] = name
		case isManifest(base):
			if manifests = append(manifests, name); len(manifests) > o.Manifests {
				return tooMany(o.Manifests)
			}
		}
		return nil
	})
	out.Skipped = append(out.Skipped, ignore.problems...)
	if err == nil {
		err = ignore.err()
	}
	if err == nil {
		err = out.skipPresets(fsys, o)
	}
	if err != nil {
		return out, err
	}
	bases, uses := map[string]bool{}, map[string][]string{}
	for dir, name := range kustomizations {
		read := func() []string { return references(fsys, dir, name, o.FileBytes) }
		if o.References == nil {
			uses[dir] = read()
		} else {
			uses[dir] = o.References(name, read)
		}
		for _, base := range uses[dir] {
			bases[base] = true
		}
	}
	out.Folders = entries(kustomizations, bases, uses)
	for _, name := range manifests {
		switch {
		case within(kustomizations, name):
			out.Beside = append(out.Beside, name)
		case bases[name]:
		case workspace.PatchTarget(name) != "":
			out.Patches = append(out.Patches, name)
		default:
			out.Files = append(out.Files, name)
		}
	}
	return out, nil
}

// settingManifests is the setting that raises Options.Manifests.
const settingManifests = "source.limits.manifests"

func tooMany(most int) diag.Diagnostic {
	return diag.Errorf(diag.TooLarge, "the tree has more than %d YAML and JSON files (limit: %s)", most, settingManifests).
		Suggest("set source.path to the folder of the Workspaces, or list other folders in " + IgnoreFile)
}

// skipPresets reports what is not read of the presets. Their files are for another reader.
func (f *Found) skipPresets(fsys fs.FS, o Options) error {
	dirs := []string{path.Join(o.Root, "presets"), "presets"}
	if o.Presets != "" {
		dirs = []string{o.Presets}
	}
	for _, dir := range slices.Compact(dirs) {
		err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
			switch {
			case name == dir && (errors.Is(err, fs.ErrNotExist) || err == nil && !d.IsDir()):
				return fs.SkipDir
			case err != nil || d.IsDir() || d.Type().IsRegular():
				return err
			}
			return f.skip(name, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isManifest reports whether a file of this name may hold objects.
func isManifest(base string) bool {
	switch path.Ext(base) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// isPresets reports whether a folder holds presets: the one that Options name, or that of the root.
func isPresets(name string, o Options) bool {
	return name == path.Join(o.Root, "presets") || name == "presets" || o.Presets != "" && name == o.Presets
}

// within reports whether a file lies in or below the folder of a kustomization.
func within(kustomizations map[string]string, name string) bool {
	if len(kustomizations) == 0 {
		return false
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if kustomizations[dir] != "" {
			return true
		}
		if dir == "." {
			return false
		}
	}
}

// skip reports an entry that the tree lists but does not hold, if it could be input: a folder or a manifest.
func (f *Found) skip(name string, d fs.DirEntry) error {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") {
		return nil
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	why := files.Why(info)
	folder := path.Ext(base) == "" && why != files.Special
	if !folder && why != files.Submodule && why != files.Ignored && !isManifest(base) {
		return nil
	}
	hint := ""
	switch why {
	case files.Link:
		hint = "copy what it points to, or list it in " + IgnoreFile
	case files.Submodule:
		hint = "copy its files into the repository, or list it in " + IgnoreFile
	case files.Ignored:
		hint = "add it with git add --force, or list it in " + IgnoreFile
	}
	f.Skipped = append(f.Skipped, diag.Warningf(diag.NotRead, "%s", why).In(name).Suggest(hint))
	return nil
}

// entries returns the kustomizations to build: those that no other uses, and those in a cycle, which building will
// complain about; they must not just vanish.
func entries(kustomizations map[string]string, bases map[string]bool, uses map[string][]string) []string {
	reached := map[string]bool{}
	var reach func(dir string)
	reach = func(dir string) {
		if !reached[dir] {
			reached[dir] = true
			for _, base := range uses[dir] {
				reach(base)
			}
		}
	}
	var out []string
	dirs := slices.Sorted(maps.Keys(kustomizations))
	for _, dir := range dirs {
		if !bases[dir] {
			out = append(out, dir)
			reach(dir)
		}
	}
	for _, dir := range dirs {
		if !reached[dir] {
			out = append(out, dir)
		}
	}
	return out
}

// references returns the folders and files of the tree that a kustomization builds on.
func references(fsys fs.FS, dir, name string, limit int64) []string {
	data, err := files.Read(fsys, name, limit)
	if err != nil {
		return nil
	}
	docs, _ := strictyaml.Documents(data)
	var out []string
	for _, doc := range docs {
		for _, key := range []string{"resources", "bases", "components"} {
			if list := strictyaml.Field(doc, key); list != nil {
				for _, item := range strictyaml.Items(list) {
					out = append(out, path.Join(dir, item.Value))
				}
			}
		}
	}
	return out
}
