// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// options are what the user asks for in the environment.
type options struct {
	kubeconfig string // of the user's cluster, absolute; empty for one of the demo's own
	target     target // what kubeconfig leads to
	keep       bool   // everything keeps running until Ctrl-C
}

// borrowed reports whether the cluster is the user's.
func (o options) borrowed() bool { return o.kubeconfig != "" }

// readOptions reads the options. KUBECONFIG is none of them: many shells export it, and the demo must not run in a
// cluster that the user did not mean.
func readOptions(env func(string) (string, bool)) (options, error) {
	var o options
	keep, _ := env("KEEP")
	o.keep = keep != "" && keep != "0"
	path, _ := env("DEMO_KUBECONFIG")
	if path == "" {
		return o, nil
	}
	var err error
	if o.kubeconfig, err = filepath.Abs(path); err != nil {
		return o, err
	}
	data, err := os.ReadFile(o.kubeconfig)
	if err != nil {
		return o, fmt.Errorf("DEMO_KUBECONFIG: %w", err)
	}
	if o.target, err = targetOf(data); err != nil {
		return o, fmt.Errorf("DEMO_KUBECONFIG: %s: %w", path, err)
	}
	return o, nil
}

// target is the cluster that a kubeconfig leads to.
type target struct {
	context string
	server  string // URL
}

// targetOf returns the cluster of the current context of a kubeconfig.
func targetOf(kubeconfig []byte) (target, error) {
	var file struct {
		Current  string `json:"current-context"`
		Contexts []struct {
			Name    string
			Context struct{ Cluster string }
		}
		Clusters []struct {
			Name    string
			Cluster struct{ Server string }
		}
	}
	if err := yaml.Unmarshal(kubeconfig, &file); err != nil {
		return target{}, err
	}
	for _, c := range file.Contexts {
		if c.Name != file.Current {
			continue
		}
		for _, cluster := range file.Clusters {
			if cluster.Name == c.Context.Cluster {
				return target{context: c.Name, server: cluster.Cluster.Server}, nil
			}
		}
	}
	return target{}, fmt.Errorf("the current context %q names no cluster", file.Current)
}

// environment returns the environment of the programs of the demo: that of the user without what would lead them to
// a cluster, a repository or a configuration that is not the demo's.
func environment(user []string) []string {
	var out []string
	for _, v := range user {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "SYNCER_"), strings.HasPrefix(name, "GIT_"), strings.HasPrefix(name, "AZURE_"):
		case name == "KUBECONFIG", strings.HasPrefix(name, "KUBERNETES_SERVICE_"):
		default:
			out = append(out, v)
		}
	}
	return append(out, "KUBECONFIG="+os.DevNull,
		"CGO_ENABLED=0",
		"GIT_CONFIG_GLOBAL="+os.DevNull, // it may ask for signatures, or run hooks
		"GIT_AUTHOR_NAME=A User", "GIT_AUTHOR_EMAIL=user@example.com",
		"GIT_COMMITTER_NAME=A User", "GIT_COMMITTER_EMAIL=user@example.com")
}
