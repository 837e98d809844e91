package main

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// oneFile is a file system that holds a single file of another, with the patches of the Workspaces in it, so that a command can
// look at just that one.
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
		found, _ := fs.Glob(dir, pattern) // the pattern is right, and nothing else is an error
		for _, patch := range found {
			of, _, _ := strings.Cut(patch, ".patch.")
			if regexp.MustCompile(`(?m)\bname:\s*["']?` + regexp.QuoteMeta(of) + `["']?\s*(#.*|[,}].*)?$`).Match(text) {
				o.patches = append(o.patches, patch)
			}
		}
	}
	return o
}

// Open opens one of the files, or the folder that seems to hold only these.
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

// offline is a reader for commands that need no configuration: it has what the default file, or the one beside the input, says
// about policy, and otherwise a lenient default.
func (s *settings) offline(paths []string) (reader, error) {
	if s.path == "" && !exists(defaultConfig) {
		for _, p := range paths {
			if beside := filepath.Join(p, defaultConfig); exists(beside) {
				s.path = beside
			}
		}
	}
	name, data, err := s.file()
	if err != nil {
		return reader{}, err
	}
	cfg, err := s.parse(name, data)
	if data == nil && slices.Equal(cfg.Namespaces, config.Default().Namespaces) {
		cfg.Namespaces = nil // nothing says what is allowed
	}
	if cfg.Capacity.AKS.Location == "" {
		cfg.Capacity.AKS.Location = defaultRegion
	}
	if cfg.Cluster == "" {
		cfg.Cluster = "example"
	}
	r := newReader(cfg)
	if data != nil {
		r.file = name
	}
	return r, err
}

// defaultRegion is where commands look prices up when nothing says where the cluster is.
const defaultRegion = "eastus"

// policyOf returns the part of the configuration that decides what Workspaces get.
func policyOf(c config.Config) plan.Policy {
	p := plan.Policy{
		Cluster: c.Cluster, Brought: c.Capacity.Mode == config.ModeBYO, Region: c.Capacity.AKS.Location,
		RetiredSizes: c.Capacity.RetiredSizes, Prune: c.Prune, Karpenter: karpenterOf(c), NVMeStorageClass: c.Capacity.NVMeStorageClass,
	}
	p.Prices = pricesOr(unknownPrices, c.Capacity.Prices)
	l := c.Capacity.Limits
	p.Limits = capacity.Limits{HourlyCost: l.HourlyCost, Nodes: l.Nodes, AllowedSizes: l.AllowedSizes, Zones: l.Zones, NoSpot: !l.Spot}
	return p
}

// reader reads trees of Workspaces, as the configuration says. What has been rendered of one tree need not be rendered again for the next.
type reader struct {
	config   config.Config
	file     string // that the configuration is from; none for commits, which are read at source.path
	rendered *render.Cache
}

func newReader(c config.Config) reader { return reader{config: c, rendered: render.NewCache()} }

// read loads and checks the Workspaces of a tree.
func (r reader) read(fsys fs.FS) (plan.Input, error) { return r.readWith(fsys, envOf(r.config)) }

// readWith reads a tree by the rules of admission for another environment.
func (r reader) readWith(fsys fs.FS, env workspace.Env) (plan.Input, error) {
	return plan.Read(fsys, presets.FS, loadOptions(r.config), env, r.rendered)
}

// loadOptions are what the configuration says about the files to read.
func loadOptions(c config.Config) workspace.Options {
	options := workspace.Options{Namespaces: c.Namespaces, Objects: c.Objects}
	if rel, inside := below(c.Source.Path, c.Status.Path); inside {
		options.Skip = []string{rel}
	}
	return options
}

// below returns the path of dir relative to root, when it lies in it.
func below(root, dir string) (string, bool) {
	rel, err := filepath.Rel(filepath.FromSlash(path.Clean(root)), filepath.FromSlash(path.Clean(dir)))
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// readPaths reads several PATH arguments one after another, and makes their paths those that the user wrote.
func (r reader) readPaths(paths []string) ([]plan.Input, error) {
	var out []plan.Input
	for _, p := range r.sourceFolders(paths) {
		fsys, display, err := r.openPath(p)
		if err != nil {
			return nil, err
		}
		in, err := r.read(fsys)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		in.Set.Rename(display)
		out = append(out, in)
	}
	return out, nil
}

// envOf returns what the rules of admission depend on, as far as the configuration says.
func envOf(c config.Config) workspace.Env {
	return workspace.Env{Brought: c.Capacity.Mode == config.ModeBYO, AnySize: c.Capacity.Mode == config.ModeKarpenter}
}
