package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sourceFolders leads PATH arguments that are whole repositories to the folder that "run" reads: one with a configuration in it, whose
// source.path is another folder of it. Other folders of such a repository hold what is not for this cluster.
func (r reader) sourceFolders(paths []string) []string {
	out := make([]string, len(paths))
	for i, name := range paths {
		out[i] = name
		if r.file == "" || filepath.Clean(r.config.Source.Path) == "." || !exists(filepath.Join(name, filepath.Base(r.file))) {
			continue
		}
		inner := filepath.Join(name, filepath.FromSlash(r.config.Source.Path))
		if info, err := os.Stat(inner); err == nil && info.IsDir() {
			out[i] = inner
		}
	}
	return out
}

// openPath returns a PATH argument as a file system, and how paths in it are written for the user. The presets of the repository that
// it is in count as well.
func (r reader) openPath(name string) (fsys fs.FS, display func(string) string, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		fsys = os.DirFS(name)
		display = func(p string) string { return filepath.Join(name, filepath.FromSlash(p)) }
	} else {
		dir := filepath.Dir(name)
		file := newOneFile(os.DirFS(dir), filepath.Base(name))
		fsys = file
		display = func(p string) string {
			if p == file.name {
				return name
			}
			return filepath.Join(dir, filepath.FromSlash(p))
		}
	}
	fsys, display = r.withPresets(name, fsys, display)
	return fsys, display, nil
}

// borrowed is a file system with the presets of a repository in it, of which it is only a part.
type borrowed struct {
	fs.FS
	presets fs.FS
}

// withPresets lends what is at PATH the presets of its repository, unless it has presets of its own.
func (r reader) withPresets(name string, fsys fs.FS, display func(string) string) (fs.FS, func(string) string) {
	dir := r.presetsOf(name)
	if _, err := fs.Stat(fsys, presetsFolder); err == nil || dir == "" {
		return fsys, display
	}
	return borrowed{fsys, os.DirFS(dir)}, func(p string) string {
		if rest, ok := strings.CutPrefix(p, presetsFolder+"/"); ok {
			return filepath.Join(dir, filepath.FromSlash(rest))
		}
		return display(p)
	}
}

// Open opens a file or a folder.
func (b borrowed) Open(name string) (fs.File, error) {
	if rest, ok := b.within(name); ok {
		return b.presets.Open(rest)
	}
	return b.FS.Open(name)
}

// ReadDir lists a folder. The presets are not among the files of the root: they are only found by who looks for them.
func (b borrowed) ReadDir(name string) ([]fs.DirEntry, error) {
	if rest, ok := b.within(name); ok {
		return fs.ReadDir(b.presets, rest)
	}
	return fs.ReadDir(b.FS, name)
}

func (b borrowed) within(name string) (rest string, ok bool) {
	if name == presetsFolder {
		return ".", true
	}
	return strings.CutPrefix(name, presetsFolder+"/")
}

// presetsOf returns the presets folder that counts for a PATH, or "": the one beside it, or of the closest folder above that has
// one. It looks no further than the folder that source.path of the configuration names, a configuration, and the root of the Git
// repository; outside of all these it looks only beside.
func (r reader) presetsOf(name string) string {
	dir := name
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		dir = filepath.Dir(name)
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	configured, source := "", ""
	if r.file != "" {
		if configured, err = filepath.Abs(filepath.Dir(r.file)); err != nil {
			return ""
		}
		source = filepath.Join(configured, filepath.FromSlash(r.config.Source.Path))
	}
	found := ""
	for beside := true; ; beside = false {
		candidate := filepath.Join(dir, presetsFolder)
		info, err := os.Stat(candidate)
		has := err == nil && info.IsDir()
		switch {
		case has && beside:
			return candidate
		case has && found == "" && (full != configured || full == source):
			found = candidate
		}
		parent := filepath.Dir(full)
		switch {
		case full == source, full == configured, exists(filepath.Join(full, ".git")), exists(filepath.Join(full, defaultConfig)):
			return found
		case parent == full:
			return ""
		}
		dir, full = filepath.Join(dir, ".."), parent
	}
}
