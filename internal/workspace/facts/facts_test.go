// SPDX-License-Identifier: Apache-2.0

package facts_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/facts"
)

// TestLoad reads the objects of a cluster out of an archive: each form of a list, and files that are of no use.
func TestLoad(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/facts.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{}
	for _, f := range archive.Files {
		tree[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	live, problems, err := facts.Load(tree, ".")
	if err != nil || len(problems) != 1 || problems[0].Path != "broken.yaml" {
		t.Errorf("%v, %v", problems, err)
	}
	if !live.NodesKnown || len(live.Nodes) != 2 || live.Nodes[0].Labels["a"] != "b" || live.Nodes[1].Name != "n2" {
		t.Errorf("nodes %+v", live.Nodes)
	}
	if live.ConfigMaps[workspace.Key{Namespace: "x", Name: "c"}]["k"] != "v" ||
		!live.Secrets[workspace.Key{Namespace: "default", Name: "s"}] ||
		!live.Claims[workspace.Key{Namespace: "default", Name: "p"}] ||
		strings.Contains(fmt.Sprintf("%+v", live), "read") {
		t.Errorf("%+v", live)
	}
	const noNodes = "apiVersion: v1\nkind: List\nitems: []\n"
	empty, _, err := facts.Load(fstest.MapFS{"nodes.yaml": {Data: []byte(noNodes)}}, ".")
	if err != nil || !empty.NodesKnown || empty.Secrets != nil {
		t.Errorf("no nodes: %+v, %v", empty, err)
	}
	if both := empty.With(live); len(both.Nodes) != 2 || len(both.Secrets) != 1 || len(both.ConfigMaps) != 1 ||
		len(both.Claims) != 1 {
		t.Errorf("%+v", both)
	}
}

// TestNode: a Node that a person wrote has the GPUs of its label and is ready; one of a cluster has what is
// allocatable.
func TestNode(t *testing.T) {
	labels := map[string]any{"labels": map[string]any{"nvidia.com/gpu.count": "8"}, "name": "n"}
	written := facts.Node(map[string]any{"metadata": labels})
	if written.Name != "n" || written.GPUs != 8 || written.NotReady || written.Cordoned {
		t.Errorf("written by a person: %+v", written)
	}
	live := facts.Node(map[string]any{
		"metadata": labels,
		"spec":     map[string]any{"unschedulable": true},
		"status": map[string]any{
			"allocatable": map[string]any{"nvidia.com/gpu": "4", "nvidia.com/mig-1g.10gb": "2", "cpu": "31850m"},
			"conditions":  []any{map[string]any{"type": "Ready", "status": "Unknown"}},
		},
	})
	if live.GPUs != 4 || live.Slices["1g.10gb"] != 2 || len(live.Slices) != 1 || !live.NotReady || !live.Cordoned {
		t.Errorf("of a cluster: %+v", live)
	}
	for _, amount := range []any{"-1", "1Ki", nil, []any{"4"}, "99999999999"} {
		n := facts.Node(map[string]any{"status": map[string]any{"allocatable": map[string]any{"nvidia.com/gpu": amount}}})
		if n.GPUs != 0 {
			t.Errorf("%v counts as %d GPUs", amount, n.GPUs)
		}
	}
}
