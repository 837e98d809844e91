package workspace

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// Limits on the whole tree.
const (
	maxFileSize = 1 << 20
	maxFiles    = 10_000
)

// find lists the YAML files to read one by one, those of patches, and the kustomization folders to build.
func find(fsys fs.FS, o Options) (files, patches, folders []string, err error) {
	kustomizations := map[string]string{} // folder -> file
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch base := path.Base(name); {
		case d.IsDir():
			if name != "." && (strings.HasPrefix(base, ".") || name == "presets" || slices.Contains(o.Skip, name)) {
				return fs.SkipDir
			}
		case !d.Type().IsRegular(): // symbolic links and the like are never followed
		case base == "kustomization.yaml", base == "kustomization.yml", base == "Kustomization":
			kustomizations[path.Dir(name)] = name
		case strings.HasSuffix(base, ".yaml"), strings.HasSuffix(base, ".yml"):
			if files = append(files, name); len(files) > maxFiles {
				return fmt.Errorf("more than %d YAML files", maxFiles)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	bases, uses := map[string]bool{}, map[string][]string{}
	for dir, name := range kustomizations {
		uses[dir] = references(fsys, dir, name)
		for _, base := range uses[dir] {
			bases[base] = true
		}
	}
	folders = entries(kustomizations, bases, uses)
	files = slices.DeleteFunc(files, func(name string) bool {
		for dir := range kustomizations {
			if dir == "." || strings.HasPrefix(name, dir+"/") {
				return true
			}
		}
		if !bases[name] && patched(name) != "" {
			patches = append(patches, name)
			return true
		}
		return bases[name]
	})
	return files, patches, folders, nil
}

// entries returns the kustomizations to build: those that no other uses, and those in a cycle, which building will complain
// about; they must not just vanish.
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
func references(fsys fs.FS, dir, name string) []string {
	data, err := readFile(fsys, name, maxFileSize)
	if err != nil {
		return nil
	}
	docs, _ := strictyaml.Documents(data)
	var out []string
	for _, doc := range docs {
		for _, key := range []string{"resources", "bases", "components"} {
			if list := child(doc, key); list != nil {
				for _, item := range list.Content {
					out = append(out, path.Join(dir, item.Value))
				}
			}
		}
	}
	return out
}

func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("the file has %d bytes; at most %d are read", info.Size(), limit)
	}
	return fs.ReadFile(fsys, name)
}
