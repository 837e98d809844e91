// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Cluster is one of several clusters that a process serves from one repository. What it does not set is as for all.
type Cluster struct {
	Name       string   `yaml:"name" usage:"name of the cluster in status paths, labels and tags"`
	Kubeconfig string   `yaml:"kubeconfig" usage:"kubeconfig of the cluster"`
	Context    string   `yaml:"context" usage:"context of the kubeconfig"`
	Path       string   `yaml:"path" usage:"folder that holds its Workspaces, instead of source.path"`
	Namespaces []string `yaml:"namespaces" usage:"namespaces that its Workspaces may use, instead of namespaces"`
	Capacity   Capacity `yaml:"capacity" usage:"what differs from capacity"`
}

// Each returns the configuration of each cluster. Without clusters that is the configuration itself.
func (c Config) Each() []Config {
	if len(c.Clusters) == 0 {
		return []Config{c}
	}
	out := make([]Config, len(c.Clusters))
	for i, one := range c.Clusters {
		out[i] = c.of(one)
	}
	return out
}

// of returns the configuration of one cluster.
func (c Config) of(one Cluster) Config {
	c.Cluster, c.Kubeconfig, c.Context = one.Name, one.Kubeconfig, one.Context
	c.Source.Path, c.Namespaces, c.Capacity = one.Path, one.Namespaces, one.Capacity
	c.Clusters = nil
	return c
}

func (c *Config) clusterNames() []string {
	var names []string
	for _, one := range c.Clusters {
		names = append(names, one.Name)
	}
	return names
}

// decodeClusters reads the list over the values that are for all clusters, the environment and flags included. A file
// that was found, not named, does not say whom to talk to here either.
func (c *Config) decodeClusters(
	path string, list *yaml.Node, found bool, positions strictyaml.Positions,
) (notes []diag.Diagnostic, problems Error) {
	if list == nil {
		return nil, nil
	}
	const field = "clusters"
	if list.Kind != yaml.SequenceNode {
		d := diag.Errorf(diag.WrongType, "must be a list").On(field).In(path).At(list.Line, list.Column)
		return nil, append(problems, d.Suggest(`start each cluster with "- name: NAME"`))
	}
	for i, item := range list.Content {
		at := fmt.Sprintf("%s[%d]", field, i)
		one := Cluster{
			Kubeconfig: c.Kubeconfig, Context: c.Context,
			Path: c.Source.Path, Namespaces: slices.Clone(c.Namespaces), Capacity: c.Capacity,
		}
		read, wrong := strictyaml.Decode(item, &one)
		for key, place := range read {
			positions[join(at, key)] = place
		}
		for _, d := range wrong {
			problems = append(problems, d.On(join(at, d.Field)).In(path))
		}
		if found {
			for _, key := range slices.Sorted(maps.Keys(read)) {
				if listed(key, namedOnly) || listed(key, foundFiles) {
					notes = append(notes, untrusted(join(at, key), path, read[key]))
				}
			}
			own := *c
			own.Capacity = one.Capacity
			own.restoreNamedOnly(c, "capacity.")
			one.Kubeconfig, one.Context, one.Capacity = c.Kubeconfig, c.Context, own.Capacity
		}
		c.Clusters = append(c.Clusters, one)
	}
	slices.SortFunc(notes, diag.Diagnostic.Compare)
	return notes, problems
}

// restoreNamedOnly takes the values below a prefix that only a named file may set from another configuration, and so
// those that name files.
func (c *Config) restoreNamedOnly(from *Config, prefix string) {
	for _, f := range Fields() {
		if strings.HasPrefix(f.Path, prefix) && (listed(f.Path, namedOnly) || listed(f.Path, foundFiles)) {
			reflect.ValueOf(c).Elem().FieldByIndex(f.index).Set(reflect.ValueOf(from).Elem().FieldByIndex(f.index))
		}
	}
}

func join(at, key string) string {
	if key == "" {
		return at
	}
	return at + "." + key
}

// choose makes the configuration that of the one cluster that "cluster" names, as --cluster does.
func (c *Config) choose(inFile bool) Error {
	if c.Cluster == "" || len(c.Clusters) == 0 {
		return nil
	}
	if inFile {
		return Error{diag.Errorf(diag.ConflictingFields, "excludes clusters").On("cluster").
			Suggest("remove it; --cluster NAME chooses one of the clusters")}
	}
	i := slices.IndexFunc(c.Clusters, func(one Cluster) bool { return one.Name == c.Cluster })
	if i < 0 {
		return Error{diag.Errorf(diag.InvalidValue, "%q is none of the clusters", c.Cluster).On("cluster").
			Suggest("name one of " + strings.Join(c.clusterNames(), ", "))}
	}
	*c = c.of(c.Clusters[i])
	return nil
}

// checkClusters applies the rules to the configuration of each cluster. A mistake for all clusters counts once.
func (c *Config) checkClusters(common Error) Error {
	var problems Error
	seen := map[string]bool{}
	fields := map[string]string{
		"cluster": "name", "kubeconfig": "kubeconfig", "context": "context",
		"source.path": "path", "namespaces": "namespaces",
	}
	for i, one := range c.Clusters {
		at := fmt.Sprintf("clusters[%d]", i)
		switch {
		case one.Name == "":
			problems = append(problems, diag.Errorf(diag.RequiredField, "is required").On(at+".name"))
		case seen[one.Name]:
			problems = append(problems, diag.Errorf(diag.ConflictingFields, "%q is there twice", one.Name).On(at+".name"))
		}
		seen[one.Name] = true
		own := c.of(one)
		for _, d := range own.check() {
			same := func(other diag.Diagnostic) bool { return other.Field == d.Field && other.Message == d.Message }
			if slices.ContainsFunc(common, same) {
				continue
			}
			name, known := fields[d.Field]
			switch {
			case known:
				d = d.On(at + "." + name)
			case strings.HasPrefix(d.Field, "capacity."):
				d = d.On(at + "." + d.Field)
			}
			problems = append(problems, d)
		}
	}
	return problems
}
