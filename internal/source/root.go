// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	// DefaultConfig is the name of the configuration file in the root of a repository.
	DefaultConfig = "syncer.yaml"
	// PresetsFolder is the folder in which a repository keeps its own presets.
	PresetsFolder = "presets"

	gitFolder = ".git" // a file in a worktree or a submodule
)

// Root is the repository that a path belongs to. All commands find it through Find. Its paths are relative if the path
// is, so that messages show them as the user would write them.
type Root struct {
	Dir     string // the nearest folder upwards with syncer.yaml or .git; empty outside of a repository
	Config  string // syncer.yaml in Dir; empty when Dir has none
	Presets string // the nearest presets folder from the path up to Dir; empty when there is none
}

// Find returns the root for a file or a folder. It walks upwards to the nearest folder that has syncer.yaml or .git, so
// a repository inside another does not see the outer one. Outside of a repository only a presets folder beside the
// path counts. An empty name, or "-" for standard input, means the working folder.
func Find(name string) (Root, error) {
	if name == "" || name == "-" {
		name = "."
	}
	dir := folderOf(name)
	full, err := filepath.Abs(dir)
	if err != nil {
		return Root{}, fmt.Errorf("find the repository of %s: %w", name, err)
	}
	var r Root
	beside := presetsIn(dir)
	for {
		if r.Presets == "" {
			r.Presets = presetsIn(dir)
		}
		config := filepath.Join(dir, DefaultConfig)
		switch {
		case Exists(config):
			r.Dir, r.Config = dir, config
			return r, nil
		case Exists(filepath.Join(dir, gitFolder)):
			r.Dir = dir
			return r, nil
		case full == filepath.Dir(full): // the root of the file system
			return Root{Presets: beside}, nil
		}
		dir, full = filepath.Join(dir, ".."), filepath.Dir(full)
	}
}

// FindAll returns the one root for all paths: that of the first path with a configuration, else that of the working
// folder if it has one, else that of the first path in a repository. Paths with different configurations are an error.
func FindAll(paths []string) (Root, error) {
	var found, first Root
	configured := ""
	for _, name := range paths {
		r, err := Find(name)
		if err != nil {
			return Root{}, err
		}
		switch {
		case r.Config != "" && found.Config == "":
			found, configured = r, name
		case r.Config != "" && !sameFile(r.Config, found.Config):
			return Root{}, fmt.Errorf(
				"%s has the configuration %s and %s has %s: run a command for each, or select one with --config",
				configured, found.Config, name, r.Config)
		case first.Dir == "":
			first = r
		}
	}
	if found.Config != "" {
		return found, nil
	}
	here, err := Find(".")
	if err != nil || here.Config != "" || first.Dir == "" {
		return here, err
	}
	return first, nil
}

// WithPath returns the root with the presets that "syncer run" reads for this source.path: those of that folder, else
// those of the root. They count for every file of the repository.
func (r Root) WithPath(sourcePath string) Root {
	if r.Dir == "" {
		return r
	}
	r.Presets = presetsIn(filepath.Join(r.Dir, filepath.FromSlash(sourcePath)))
	if r.Presets == "" {
		r.Presets = presetsIn(r.Dir)
	}
	return r
}

// presetsIn returns the presets folder in a folder, or "".
func presetsIn(dir string) string {
	presets := filepath.Join(dir, PresetsFolder)
	if info, err := os.Lstat(presets); err == nil && info.IsDir() { // as in a commit, where a link is no folder
		return presets
	}
	return ""
}

// folderOf returns a folder itself, and the folder of any other path.
func folderOf(name string) string {
	if isFolder(name) {
		return name
	}
	return filepath.Dir(name)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// sameFile reports whether two paths are those of one file.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// Exists reports whether a file or folder exists.
func Exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// maxConfig bounds a configuration that was found, in bytes.
const maxConfig = 1 << 20

// ReadFound reads a configuration that Find has found. It follows no link, which could lead to any file of this
// machine.
func ReadFound(name string) ([]byte, error) {
	if err := CheckLinks(name); err != nil {
		return nil, err
	}
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file; name it with --config", name)
	case info.Size() > maxConfig:
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxConfig)
	}
	return os.ReadFile(name)
}
