// SPDX-License-Identifier: Apache-2.0

package source

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// SourceFolders replaces each PATH that is the root of a repository by its folder source.path: "syncer run" reads only
// that folder, and others may be for other clusters.
func (r Reader) SourceFolders(paths []string) []string {
	out := make([]string, len(paths))
	for i, name := range paths {
		out[i] = name
		if r.File == "" || filepath.Clean(r.Config.Source.Path) == "." || !isRoot(name) {
			continue
		}
		if inner := filepath.Join(name, filepath.FromSlash(r.Config.Source.Path)); isFolder(inner) {
			out[i] = inner
		}
	}
	return out
}

// isRoot reports whether a path is the root folder of a repository.
func isRoot(name string) bool {
	r, err := Find(name)
	return err == nil && r.Dir != "" && isFolder(name) && filepath.Clean(r.Dir) == filepath.Clean(name)
}

// withPresets is a part of a repository, with the presets folder from elsewhere in the repository.
type withPresets struct {
	fs.FS
	presets fs.FS
}

// WithPresets adds the presets of the repository to the files at PATH, unless PATH has its own.
func (r Reader) WithPresets(name string, fsys fs.FS, display func(string) string) (fs.FS, func(string) string) {
	dir := r.PresetsOf(name)
	if _, err := fs.Stat(fsys, PresetsFolder); err == nil || dir == "" {
		return fsys, display
	}
	return WithPresetsIn(dir, fsys), func(p string) string {
		if rest, ok := strings.CutPrefix(p, PresetsFolder+"/"); ok {
			return filepath.Join(dir, filepath.FromSlash(rest))
		}
		return display(p)
	}
}

// WithPresetsIn adds a presets folder of the disk to files; none when dir is empty.
func WithPresetsIn(dir string, fsys fs.FS) fs.FS {
	if dir == "" {
		return fsys
	}
	return withPresets{fsys, Folder(dir)}
}

// Open opens a file or a folder.
func (w withPresets) Open(name string) (fs.File, error) {
	if rest, ok := w.within(name); ok {
		return w.presets.Open(rest)
	}
	return w.FS.Open(name)
}

// ReadDir lists a folder. The root does not list the presets, so only a reader of presets finds them.
func (w withPresets) ReadDir(name string) ([]fs.DirEntry, error) {
	if rest, ok := w.within(name); ok {
		return fs.ReadDir(w.presets, rest)
	}
	return fs.ReadDir(w.FS, name)
}

func (w withPresets) within(name string) (rest string, ok bool) {
	if name == PresetsFolder {
		return ".", true
	}
	return strings.CutPrefix(name, PresetsFolder+"/")
}

// PresetsOf returns the presets folder of the repository that a PATH is in, or "".
func (r Reader) PresetsOf(name string) string {
	root, err := Find(name)
	if err != nil {
		return ""
	}
	if r.File != "" {
		root = root.WithPath(r.Config.Source.Path)
	}
	return root.Presets
}
