// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// oneFile is a file system with a single file of another file system, and the patches of the Workspaces in it.
type oneFile struct {
	dir     fs.FS
	name    string
	patches []string
}

func newOneFile(dir fs.FS, name string) oneFile {
	o := oneFile{dir: dir, name: name}
	text, err := fs.ReadFile(dir, name)
	if err != nil {
		return o
	}
	for _, pattern := range []string{"*.patch.yaml", "*.patch.yml"} {
		found, _ := fs.Glob(dir, pattern) // the only error is a bad pattern
		for _, patch := range found {
			of, _, _ := strings.Cut(patch, ".patch.")
			if regexp.MustCompile(`(?m)\bname:\s*["']?` + regexp.QuoteMeta(of) + `["']?\s*(#.*|[,}].*)?$`).Match(text) {
				o.patches = append(o.patches, patch)
			}
		}
	}
	return o
}

// Open opens one of the files, or their folder.
func (o oneFile) Open(name string) (fs.File, error) {
	if name == "." || name == o.name || slices.Contains(o.patches, name) {
		return o.dir.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the files.
func (o oneFile) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var out []fs.DirEntry
	for _, name := range append([]string{o.name}, o.patches...) {
		info, err := fs.Stat(o.dir, name)
		if err != nil {
			return nil, err
		}
		out = append(out, fs.FileInfoToDirEntry(info))
	}
	return out, nil
}

// DefaultRegion is the region of prices if the configuration has none.
const DefaultRegion = "eastus"

// Reader reads trees of Workspaces by the configuration. Trees share what is decoded and rendered.
type Reader struct {
	Config   config.Config
	File     string // of the configuration; empty for commits, which the Reader reads at source.path
	Rendered *render.Cache
	Decoded  *load.Memo // files decoded before, of the same Config; nil for none
	Git      Git
	// Offline means that the Reader looks at no cluster, and Facts are the objects of the cluster that the user has given
	// instead: what Workspaces name must be in the tree or among them.
	Offline bool
	Facts   workspace.Facts
	notes   []diag.Diagnostic // mistakes in the files with facts
	// Open returns what opens encrypted Secrets, for one reading; nil if there are no keys.
	Open func() func(namespace string, d *sops.Document) (locked string, err error)
}

// NewReader returns a Reader with an empty cache.
func NewReader(c config.Config) Reader {
	return Reader{Config: c, Rendered: render.NewCache(), Decoded: load.NewMemo()}
}

// AsRead returns the path in the tree unchanged.
func AsRead(name string) string { return name }

// Read loads and checks the Workspaces of a tree; display turns its paths into those for the user.
func (r Reader) Read(fsys fs.FS, display func(string) string) (desired.Input, error) {
	return r.ReadTree(Tree{Files: fsys, Root: ".", Display: display})
}

// Revision reads a commit. Paths in the result are relative to the root of the repository.
func (r Reader) Revision(rev engine.Revision) (desired.Input, error) {
	in, err := r.ReadTree(Tree{Files: rev.Files, Root: rev.Root})
	if err != nil {
		return in, fmt.Errorf("read %s: %w", rev.Commit, err)
	}
	return in, nil
}

// LoadOptions are what the configuration says about the files to read.
func (r Reader) LoadOptions() load.Options {
	c := r.Config
	limits := limitsOf(c)
	options := load.Options{
		Limits:     limits,
		Namespaces: c.Namespaces,
		Objects:    c.Objects,
		Pods:       PodsOf(c),
		Patterns:   r.Git.Patterns,
		Build:      desired.Builder(limits),
		Memo:       r.Decoded,
	}
	if r.Open != nil {
		options.Open = r.Open()
	}
	options.Skip = OwnFolders(c)
	return options
}

// OwnFolders lists the folders in source.path that syncer writes: that of status, and that of reviews where source and
// status are on one branch.
func OwnFolders(c config.Config) []string {
	dirs := []string{c.Status.Path}
	if c.Status.Branch == c.Source.Branch {
		dirs = append(dirs, reviewed.Folder)
	}
	var out []string
	for _, dir := range dirs {
		if _, inside := Below(c.Source.Path, dir); inside {
			out = append(out, path.Clean(dir))
		}
	}
	return out
}

// Below returns the path of dir relative to root, when it lies in it.
func Below(root, dir string) (string, bool) {
	rel, err := filepath.Rel(filepath.FromSlash(path.Clean(root)), filepath.FromSlash(path.Clean(dir)))
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// ReadPaths reads several PATH arguments one after another, and makes their paths those that the user wrote. A PATH
// that holds nothing is an error.
func (r Reader) ReadPaths(paths []string) ([]desired.Input, error) {
	var out []desired.Input
	for _, p := range r.SourceFolders(paths) {
		t, err := r.OpenPath(p)
		if err != nil {
			return nil, err
		}
		in, err := r.ReadTree(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		if err := Empty(p, in); err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}

// env returns the environment for the rules of admission.
func (r Reader) env() workspace.Env {
	env := NodeSourceOf(r.Config).Admission()
	if env.Pool != nil {
		policy := PolicyOf(r.Config)
		env.Pool = &workspace.PoolFacts{Cluster: policy.Cluster, Region: policy.Region, Zones: policy.Limits.Zones}
	}
	env.ClosedWorld, env.Facts = r.Offline, r.Facts
	env.UnpinnedRevision = diag.Verdict(r.Config.Policy.UnpinnedRevision)
	return env
}
