// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/strictyaml"
)

// Settings say where a command finds its configuration. A value of Set or Flags wins over the environment, and that
// over the file.
type Settings struct {
	File  string            // of --config; empty for the one that the environment names, else that of the repository
	Set   []string          // of --set: "section.key=value"
	Flags map[string]string // the flags with one value each, by the path of the value
	Env   func(name string) (value string, ok bool)
	Facts []string // of --facts: files and folders with objects of the cluster
	// Warn receives a warning for each value of a found file that only a named file may set. It may be nil.
	Warn func(diag.Diagnostic)
}

// overrides returns the values of --set by path. Of two for one path, the later counts.
func (s Settings) overrides() (map[string]string, error) {
	fields := map[string]config.Field{}
	var paths []string
	for _, f := range config.Fields() {
		fields[f.Path] = f
		paths = append(paths, f.Path)
	}
	values := map[string]string{}
	var problems config.Error
	for _, text := range s.Set {
		key, value, ok := strings.Cut(text, "=")
		f, known := fields[key]
		scratch := config.Default()
		switch {
		case !ok:
			problems = append(problems, diag.Errorf(diag.InvalidValue, "%q is not section.key=value", text).In("--set"))
		case !known:
			d := diag.Errorf(diag.UnknownField, "unknown field %q", key).In("--set")
			problems = append(problems, d.Suggest(suggestField(key, paths)))
		default:
			if err := f.Set(&scratch, value); err != nil {
				problems = append(problems, diag.Errorf(diag.WrongType, "%v", err).On(key).In("--set"))
			}
			values[key] = value
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return values, nil
}

// blame names --set as the place of what is wrong with its values, which for package config are those of flags.
func (s Settings) blame(err error) error {
	var problems config.Error
	if !errors.As(err, &problems) {
		return err
	}
	problems = slices.Clone(problems)
	for i, p := range problems {
		value, _, _ := strings.Cut(p.Field, "[")
		ours := func(text string) bool { return strings.HasPrefix(text, value+"=") }
		if strings.HasPrefix(p.Path, "--") && slices.ContainsFunc(s.Set, ours) {
			problems[i] = p.In("--set")
		}
	}
	return problems
}

// suggestField returns the hint for a path that is not one of a field.
func suggestField(key string, paths []string) string {
	if i := slices.IndexFunc(paths, func(p string) bool { return strings.HasPrefix(p, key+".") }); i >= 0 && key != "" {
		return fmt.Sprintf("%q is a section; set one of its values, such as %s", key, paths[i])
	}
	if near := strictyaml.Suggest(key, paths); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// named returns the configuration file that --config or SYNCER_CONFIG names, or "".
func (s Settings) named() string {
	variable, _ := s.Env("SYNCER_CONFIG")
	return cmp.Or(s.File, variable)
}

// file returns the path of the configuration file, and its content; nil content if no file is named and the root has
// none.
func (s Settings) file(root source.Root) (path string, data []byte, err error) {
	path = cmp.Or(s.named(), root.Config)
	if path == "" {
		return filepath.Join(root.Dir, source.DefaultConfig), nil, nil
	}
	if s.named() != "" {
		data, err = os.ReadFile(path)
	} else {
		data, err = source.ReadFound(path)
	}
	if err != nil {
		err = source.Missing(err, "syncer help config explains the file; without --config and SYNCER_CONFIG it is "+
			source.DefaultConfig+", in the working folder or above")
		return path, nil, fmt.Errorf("read configuration: %w", err)
	}
	return path, data, nil
}

// Here returns the path and the content of the configuration file for the repository that the working folder is in.
func (s Settings) Here() (path string, data []byte, err error) {
	root, err := source.Find(".")
	if err != nil {
		return "", nil, err
	}
	return s.file(root)
}

// Load puts the configuration together, for the repository that the working folder is in.
func (s Settings) Load() (config.Config, error) {
	path, data, err := s.Here()
	if err != nil {
		return config.Config{}, err
	}
	return s.parse(path, data, anyValue)
}

// LoadLocal is Load for a command that reads a repository on this machine and reaches no server.
func (s Settings) LoadLocal() (config.Config, error) {
	path, data, err := s.Here()
	if err != nil {
		return config.Config{}, err
	}
	return s.parse(path, data, usedOffline)
}

// Values returns the values that the command line gives beside the file, as --set takes them.
func (s Settings) Values() []string {
	out := slices.Clone(s.Set)
	for _, path := range slices.Sorted(maps.Keys(s.Flags)) {
		out = append(out, path+"="+s.Flags[path])
	}
	return out
}

// Named reports whether the user has named a configuration file.
func (s Settings) Named() bool { return s.named() != "" }

// Alone puts the configuration together without a file: from the environment and the flags.
func (s Settings) Alone() (config.Config, error) {
	return s.parse(source.DefaultConfig, nil, usedOffline)
}

// LoadTree is Load with the file of a commit, such as that of the target of a pull request, instead of the one that is
// for the working folder, at the same place in the repository. The file is found, not named. dir is an empty folder,
// which gets the files that it refers to; it must last as long as the configuration.
func (s Settings) LoadTree(tree fs.FS, dir string) (config.Config, error) {
	name := inRepository()
	values, err := s.overrides()
	if err != nil {
		return config.Config{}, err
	}
	data, err := fs.ReadFile(tree, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return config.Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, _, err := config.LoadFound(filepath.Join(dir, source.DefaultConfig), data, s.Env, values)
	if err != nil {
		return c, s.blame(err)
	}
	if prices, err := filepath.Rel(dir, c.Capacity.Prices); err == nil && filepath.IsLocal(prices) {
		from := path.Join(path.Dir(name), filepath.ToSlash(prices))
		list, err := fs.ReadFile(tree, from)
		if err == nil {
			_, err = capacity.ParsePrices(list)
		}
		if err != nil {
			return c, fmt.Errorf("capacity.prices: %s: %w", from, err)
		}
		c.Capacity.Prices = filepath.Join(dir, "prices")
		if err := os.WriteFile(c.Capacity.Prices, list, 0o600); err != nil {
			return c, err
		}
	}
	_, err = source.ReadPrices(c.Capacity.Prices)
	return c, err
}

// inRepository returns the path of the configuration for the working folder in its repository.
func inRepository() string {
	root, err := source.Find(".")
	if err != nil || root.Config == "" {
		return source.DefaultConfig
	}
	if _, rel, err := source.RepositoryOf(root.Dir); err == nil {
		return path.Join(rel, source.DefaultConfig)
	}
	return source.DefaultConfig
}

// anyValue stands for all values of the configuration.
func anyValue(string) bool { return true }

// parse puts the configuration together. A file that was found, not named, is not trusted with hosts and credentials:
// see config.LoadFound. used tells which values the command uses, so that a warning about another one would say
// nothing.
func (s Settings) parse(path string, data []byte, used func(field string) bool) (config.Config, error) {
	values, err := s.overrides()
	if err != nil {
		return config.Config{}, err
	}
	for _, f := range config.Fields() {
		if value, given := s.Flags[f.Path]; given {
			if _, both := values[f.Path]; both {
				return config.Config{}, fmt.Errorf("%s is given twice, by --%s and by --set", f.Path, f.Flag)
			}
			values[f.Path] = value
		}
	}
	var c config.Config
	if s.named() != "" {
		c, err = config.Load(path, data, s.Env, values)
	} else {
		var notes []diag.Diagnostic
		c, notes, err = config.LoadFound(path, data, s.Env, values)
		for _, n := range notes {
			if s.Warn != nil && used(n.Field) {
				s.Warn(n)
			}
		}
	}
	if err != nil {
		return c, s.blame(err)
	}
	if s.named() == "" && c.Capacity.Prices != "" && values["capacity.prices"] == "" {
		if err := source.CheckLinks(c.Capacity.Prices); err != nil {
			return c, fmt.Errorf("capacity.prices: %w", err)
		}
	}
	_, err = source.ReadPrices(c.Capacity.Prices)
	return c, err
}

// usedOffline reports whether commands that reach no server use a value that only a named file may set.
func usedOffline(field string) bool { return field == "capacity.prices" }

// Offline returns a reader for commands that work without a configuration. It has the policy of the configuration that
// is for the paths, if there is one; else it allows every namespace.
func (s Settings) Offline(paths []string) (source.Reader, error) {
	var root source.Root
	if s.named() == "" {
		var err error
		if root, err = source.FindAll(paths); err != nil {
			return source.Reader{}, err
		}
	}
	name, data, err := s.file(root)
	if err != nil {
		return source.Reader{}, err
	}
	cfg, err := s.parse(name, data, usedOffline)
	if data == nil && slices.Equal(cfg.Namespaces, config.Default().Namespaces) {
		cfg.Namespaces = nil // no configuration limits the namespaces
	}
	if cfg.Capacity.AKS.Location == "" {
		cfg.Capacity.AKS.Location = source.DefaultRegion
	}
	if cfg.Cluster == "" {
		cfg.Cluster = "example"
	}
	r := access.NewReader(cfg, nil)
	if data != nil {
		r.File = name
	}
	if err != nil {
		return r, err
	}
	return r.WithFacts(s.Facts)
}

// WorkingClone returns the repository that the working folder is in, or "".
func WorkingClone() string {
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return ""
	}
	return root
}
