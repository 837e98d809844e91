// SPDX-License-Identifier: Apache-2.0

package desired_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// read reads a repository and works out what it asks for.
func read(t *testing.T, files fstest.MapFS, o load.Options) (desired.Input, desired.Desired) {
	t.Helper()
	in, err := desired.Read(files, presets.FS, o, workspace.Env{}, render.NewCache())
	if err != nil {
		t.Fatal(err)
	}
	in.Renderer.Show(func(name string) string { return name })
	policy := desired.Policy{Cluster: "demo", Region: "eastus", Prune: true, Pods: o.Pods}
	d, err := desired.Desire(context.Background(), in.Set, in.Catalog, in.Renderer, policy, desired.Observed{})
	if err != nil {
		t.Fatal(err)
	}
	return in, d
}

// archive returns the files of an archive in testdata, without those that say what must happen.
func archive(t *testing.T, name string) (fstest.MapFS, *txtar.Archive) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range a.Files {
		if f.Name != "want" {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return files, a
}

// listed is what is wrong, one Diagnostic a line, and the objects that are made even so.
func listed(d desired.Desired) string {
	var b strings.Builder
	for _, p := range d.Problems {
		if p.Severity == diag.Error {
			fmt.Fprintf(&b, "%s [%s]\n", p, p.Reason)
		}
	}
	for _, o := range d.Objects {
		fmt.Fprintf(&b, "makes %s %s\n", o.Content.GetKind(), o.Content.GetName())
	}
	return b.String()
}

// checkArchives compares what each archive gives with its file "want".
func checkArchives(t *testing.T, pattern string, o load.Options) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			files, a := archive(t, name)
			_, d := read(t, files, o)
			a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(listed(d))})
			golden.Equal(t, name, txtar.Format(a))
		})
	}
}

// TestPolicyNamesTheField: what the policy refuses is reported at the field that asks for it, whether that is in a
// template, a patch, a preset of the repository, a field of KAITO's schema or a plain object; nothing of it is made.
func TestPolicyNamesTheField(t *testing.T) {
	checkArchives(t, "testdata/policy/*.txtar", load.Options{
		Objects: []string{"ConfigMap", "Deployment.apps", "CronJob.batch", "Service", "NetworkPolicy.networking.k8s.io"},
		Pods: podpolicy.Policy{
			ServiceAccounts: []string{"models"}, Secrets: []string{"registry"}, NoLoadBalancers: true,
		},
	})
}

// TestConflicts: two documents that would make the same object are reported at both, and neither makes it.
func TestConflicts(t *testing.T) {
	checkArchives(t, "testdata/conflicts/*.txtar", load.Options{Objects: []string{"ConfigMap", "Service"}})
}

// TestManyFindings: an object with thousands of faults is refused with a list that a reader can use.
func TestManyFindings(t *testing.T) {
	containers := strings.Repeat("{name: c, image: i, securityContext: {privileged: true}}, ", 3000)
	plain := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [" +
		containers + "]}}}\n"
	workspace := "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: w}\n" +
		"resource: {instanceType: Standard_NC24ads_A100_v4}\n" +
		"inference: {template: {spec: {containers: [" + containers + "]}}}\n"
	_, d := read(t, fstest.MapFS{
		"plain.yaml": {Data: []byte(plain)}, "workspace.yaml": {Data: []byte(workspace)},
	}, load.Options{Objects: []string{"Deployment.apps"}})
	counts := map[string]int{}
	for _, p := range d.Problems {
		counts[p.Path]++
	}
	if counts["plain.yaml"] != podpolicy.MaxReported || counts["workspace.yaml"] == 0 ||
		counts["workspace.yaml"] > podpolicy.MaxReported || len(d.Objects) > 0 {
		t.Errorf("%v problems, %d objects", counts, len(d.Objects))
	}
}
