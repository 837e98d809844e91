// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
)

const twoClusters = `apiVersion: syncer.dev/v1alpha1
kind: Config
source: {url: /srv/git/models.git, path: workspaces}
kubeconfig: /etc/all
namespaces: [models]
capacity: {mode: aks, limits: {nodes: 20, hourlyCost: 50}, aks: {location: westeurope}}
clusters:
- {name: north, context: north, path: north, capacity: {limits: {nodes: 5}, aks: {cluster: aks-north}}}
- name: south
  kubeconfig: /etc/south
  namespaces: [a, b]
  capacity: {mode: byo}
`

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}

// TestClusters: what a cluster does not set is as for all, the environment included.
func TestClusters(t *testing.T) {
	env := environment(map[string]string{"SYNCER_CAPACITY_AKS_LOCATION": "eastus"})
	c, err := Load("syncer.yaml", []byte(twoClusters), env, nil)
	if err != nil {
		t.Fatal(err)
	}
	each := c.Each()
	if len(each) != 2 {
		t.Fatalf("%d clusters", len(each))
	}
	north, south := each[0], each[1]
	type seen struct {
		Name, Kubeconfig, Context, Path, Mode, AKS, Location string
		Nodes                                                int
		Cost                                                 float64
		Namespaces                                           []string
	}
	of := func(c Config) seen {
		return seen{
			c.Cluster, c.Kubeconfig, c.Context, c.Source.Path, c.Capacity.Mode, c.Capacity.AKS.Cluster,
			c.Capacity.AKS.Location, c.Capacity.Limits.Nodes, c.Capacity.Limits.HourlyCost, c.Namespaces,
		}
	}
	want := []seen{
		{"north", "/etc/all", "north", "north", "aks", "aks-north", "eastus", 5, 50, []string{"models"}},
		{"south", "/etc/south", "", "workspaces", "byo", "", "eastus", 20, 50, []string{"a", "b"}},
	}
	if d := cmp.Diff(want, []seen{of(north), of(south)}); d != "" {
		t.Error(d)
	}
	if north.Clusters != nil || north.Source.URL != "/srv/git/models.git" {
		t.Errorf("%+v", north)
	}
	err = c.Need("cluster")
	if err == nil || !strings.Contains(err.Error(), "choose one of the clusters with --cluster: north, south") {
		t.Errorf("without a choice: %v", err)
	}
}

// TestChooseCluster: --cluster makes the configuration that of one of the clusters.
func TestChooseCluster(t *testing.T) {
	none := environment(nil)
	c, err := Load("syncer.yaml", []byte(twoClusters), none, map[string]string{"cluster": "south"})
	if err != nil || c.Cluster != "south" || c.Capacity.Mode != ModeBYO || len(c.Each()) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = Load("syncer.yaml", []byte(twoClusters), none, map[string]string{"cluster": "west"})
	if err == nil || !strings.Contains(err.Error(), `"west" is none of the clusters (name one of north`) {
		t.Errorf("another one: %v", err)
	}
}

// TestClustersAreChecked: each mistake is reported once, at its place.
func TestClustersAreChecked(t *testing.T) {
	const head = "apiVersion: syncer.dev/v1alpha1\nkind: Config\n"
	for text, want := range map[string]string{
		"clusters: [{name: a}, {name: a}]":                        `syncer.yaml:3:24: clusters[1].name: "a" is there twice`,
		"clusters: [{path: a}]":                                   `clusters[0].name: is required`,
		"clusters: [{name: A_}]":                                  `syncer.yaml:3:13: clusters[0].name: "A_" is not`,
		"clusters: [{name: a, path: ../b}]":                       `clusters[0].path: "../b" is not a path`,
		"clusters: [{name: a, capacity: {limits: {nodes: -1}}}]":  `clusters[0].capacity.limits: must not be negative`,
		"clusters: [{name: a, capacity: {limits: {node: 1}}}]":    `clusters[0].capacity.limits.node: unknown field "node"`,
		"clusters: {name: a}":                                     `syncer.yaml:3:11: clusters: must be a list`,
		"cluster: a\nclusters: [{name: a}]":                       `syncer.yaml:3:1: cluster: excludes clusters`,
		"lease: {renewDeadline: 14s}":                             `lease.renewDeadline: must end, with a retry of 2s, a`,
		"lease: {duration: 1500ms}":                               `lease.duration: must be a number of seconds`,
		"lease: {enabled: maybe}":                                 `use auto or always or never`,
		"lease: {name: A_}":                                       `"A_" is not a valid name of a Lease`,
		"lease: {shards: 65}":                                     `lease.shards: must be between 1 and 64, not 65`,
		"lease: {shards: 0}":                                      `lease.shards: must be between 1 and 64, not 0`,
		"lease: {shards: 2, enabled: never}":                      `needs an election for each shard`,
		"capacity: {mode: x}\nclusters: [{name: a}, {name: b}]\n": `capacity.mode: "x" is not a valid value`,
	} {
		_, err := Load("syncer.yaml", []byte(head+text+"\n"), environment(nil), nil)
		if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestFoundClusters: a file that was found, not named, does not say whom to talk to, for no cluster.
func TestFoundClusters(t *testing.T) {
	c, notes, err := LoadFound("syncer.yaml", []byte(twoClusters), environment(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range c.Each() {
		if one.Kubeconfig != "" || one.Context != "" || one.Capacity.AKS.Cluster != "" {
			t.Errorf("%s: %q, %q, %q", one.Cluster, one.Kubeconfig, one.Context, one.Capacity.AKS.Cluster)
		}
	}
	if north := c.Each()[0]; north.Capacity.Limits.Nodes != 5 || north.Source.Path != "north" {
		t.Errorf("what is wanted: %+v", north)
	}
	var fields []string
	for _, n := range notes {
		if n.Reason == diag.ConfigNotTrusted {
			fields = append(fields, n.Field)
		}
	}
	want := []string{
		"source.url", "kubeconfig", "clusters[0].context", "clusters[0].capacity.aks.cluster", "clusters[1].kubeconfig",
	}
	if d := cmp.Diff(want, fields); d != "" {
		t.Errorf("warnings:\n%s", d)
	}
}
