// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/workspace/load"
)

// TestLimitsOfARepository: 75 KB of YAML that ask for more than memory holds are an error at the document that goes too
// far, before syncer makes what they ask for. The test counts allocations, not time.
func TestLimitsOfARepository(t *testing.T) {
	const set = "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: s%d}\nspec: {replicas: %d, " +
		"labelSelector: {matchLabels: {a: b}}, " +
		"template: {resource: {instanceType: Standard_NC24ads_A100_v4}, inference: {preset: {name: phi-4}}}}\n"
	sets := func(n, replicas int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "---\n"+set, i, replicas)
		}
		return b.String()
	}
	labels := "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata:\n  name: wide\nspec:\n  replicas: 1000\n" +
		"  template:\n    metadata:\n      labels:\n"
	for i := range 3000 {
		labels += fmt.Sprintf("        l%d: a\n", i)
	}
	alias := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata:\n  a: &a " + strings.Repeat("x", 3000) + "\n"
	for i := range 2000 {
		alias += fmt.Sprintf("  k%d: *a\n", i)
	}
	configs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i)
		}
		return b.String()
	}
	wide := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\nx: &a [" + strings.Repeat("a,", 200) + "a]\ny: &b [" +
		strings.Repeat("*a,", 200) + "*a]\n"
	built := fstest.MapFS{
		"team/kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")},
		"team/a.yaml":             {Data: []byte(fmt.Sprintf(alias, 1))},
	}
	many := fstest.MapFS{}
	for i := range 25 {
		many[fmt.Sprintf("f%02d.yaml", i)] = &fstest.MapFile{Data: []byte(configs(499))}
	}
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  string
		most  int // MiB that reading may allocate
	}{
		"replicas": {
			fstest.MapFS{"a.yaml": {Data: []byte(sets(300, 1000))}},
			"spec.replicas: the repository asks for more than 5000 Workspaces and replicas", 200,
		},
		"replicas with many labels": {
			fstest.MapFS{"a.yaml": {Data: []byte(labels)}}, "more than 500000 values, with aliases replaced", 50,
		},
		"a text of many aliases": {
			fstest.MapFS{"a.yaml": {Data: []byte(fmt.Sprintf(alias, 1))}},
			"more than 2 MiB once aliases are replaced",
			50,
		},
		"documents of many aliases": {
			fstest.MapFS{"a.yaml": {Data: []byte(strings.Repeat("---\n"+wide, 60))}}, "more than 500000 values", 400,
		},
		"many objects":            {many, "f20.yaml:82:1: error: the repository asks for more than 10000 plain objects", 400},
		"a build of many aliases": {built, "too much for one build", 50},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, err := load.Load(tt.files, load.Options{Build: builder()})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if got := int(after.TotalAlloc-before.TotalAlloc) >> 20; got > tt.most {
				t.Errorf("reading allocates %d MiB, more than %d", got, tt.most)
			}
			var found []string
			for _, p := range s.Problems {
				if p.Reason == diag.TooLarge {
					found = append(found, p.String())
				}
			}
			if len(found) == 0 || len(found) > 2 || !strings.Contains(strings.Join(found, "\n"), tt.want) {
				t.Errorf("problems %q, want %q", found, tt.want)
			}
			if most := (load.Limits{}).WithDefaults(); len(s.Workspaces) > most.Workspaces || len(s.Objects) > most.Objects {
				t.Errorf("%d Workspaces, %d objects", len(s.Workspaces), len(s.Objects))
			}
			if s.MayHold("anything") == "" && strings.Contains(tt.want, "the repository") {
				t.Error("what was not read counts as removed")
			}
		})
	}
}

// TestManyPatches: reading patches does not compare each with each Workspace.
func TestManyPatches(t *testing.T) {
	const set = "---\napiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: s%d}\nspec: {replicas: 1000, " +
		"template: {inference: {preset: {name: phi-4}}}}\n"
	files, sets := fstest.MapFS{}, ""
	for i := range 5 {
		sets += fmt.Sprintf(set, i)
	}
	files["d/a.yaml"] = &fstest.MapFile{Data: []byte(sets)}
	for i := range 4000 {
		files[fmt.Sprintf("d/p%d.patch.yaml", i)] = &fstest.MapFile{Data: []byte("a: 1\n")}
	}
	files["d/s1.patch.yaml"] = &fstest.MapFile{Data: []byte("a: 1\n")}
	files["d/s2-7.patch.yaml"] = &fstest.MapFile{Data: []byte("a: 1\n")}
	files["s3.patch.yaml"] = &fstest.MapFile{Data: []byte("a: 1\n")}
	start := time.Now()
	s, err := load.Load(files, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	patched, alone := 0, 0
	for _, w := range s.Workspaces {
		if w.Patch != nil {
			patched++
		}
	}
	for _, p := range s.Problems {
		if p.Reason == diag.PatchWithoutWorkspace {
			alone++
		}
	}
	if patched != 1001 || alone != 4001 {
		t.Errorf("%d Workspaces are patched, %d patches are alone", patched, alone)
	}
	t.Log(time.Since(start))
}

// builder returns what builds the kustomization folders of one tree.
func builder() func(fsys fs.FS, dir string) (load.Built, error) {
	var b kustomize.Builder
	return func(fsys fs.FS, dir string) (load.Built, error) {
		built, err := b.BuildFolder(fsys, dir)
		return load.Built(built), err
	}
}

// TestLimitsHaveSettings: a limit that is met names the setting that raises it, and a higher one lets the same files
// pass.
func TestLimitsHaveSettings(t *testing.T) {
	const set = "---\napiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: s}\nspec: {replicas: 30, " +
		"labelSelector: {matchLabels: {a: b}}, template: {inference: {preset: {name: phi-4}}}}\n"
	long := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: %s}\n", strings.Repeat("x", 2000))
	built := fstest.MapFS{
		"d/kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")}, "d/a.yaml": {Data: []byte(long)},
	}
	one := func(text string) fstest.MapFS { return fstest.MapFS{"a.yaml": {Data: []byte(text)}} }
	for setting, tt := range map[string]struct {
		files     fstest.MapFS
		low, high load.Limits
	}{
		"fileSize":   {one(long), load.Limits{FileBytes: 1000}, load.Limits{FileBytes: 3 << 20}},
		"workspaces": {one(set), load.Limits{Workspaces: 20}, load.Limits{Workspaces: 40}},
		"replicas":   {one(set), load.Limits{Replicas: 29}, load.Limits{Replicas: 30}},
		"objects": {
			one(long + "---\n" + strings.Replace(long, "name: c", "name: d", 1)),
			load.Limits{Objects: 1},
			load.Limits{Objects: 2},
		},
		"values":   {one(set), load.Limits{Values: 100}, load.Limits{Values: 10_000}},
		"textSize": {one(long), load.Limits{Bytes: 1000}, load.Limits{Bytes: 4000}},
		"manifests": {
			fstest.MapFS{"a.yaml": {Data: []byte(long)}, "b.json": {Data: []byte("{}")}},
			load.Limits{Manifests: 1},
			load.Limits{Manifests: 2},
		},
		"buildSize": {built, load.Limits{BuildBytes: 3000}, load.Limits{BuildBytes: 1 << 20}},
	} {
		t.Run(setting, func(t *testing.T) {
			read := func(l load.Limits) string {
				b := kustomize.Builder{Limits: kustomize.Limits{FileBytes: l.FileBytes, Weight: int(l.BuildBytes)}}
				s, err := load.Load(tt.files, load.Options{Limits: l, Build: func(fsys fs.FS, dir string) (load.Built, error) {
					built, err := b.BuildFolder(fsys, dir)
					return load.Built(built), err
				}})
				if err != nil {
					return err.Error()
				}
				for _, p := range s.Problems {
					if p.Severity == diag.Error {
						return p.String()
					}
				}
				return ""
			}
			if got := read(tt.low); !strings.Contains(got, "(limit: source.limits."+setting+")") {
				t.Errorf("%q does not name the setting", got)
			}
			if got := read(tt.high); got != "" {
				t.Errorf("with a higher limit: %s", got)
			}
		})
	}
}

// TestLargeFile: source.limits.fileSize counts for YAML of any kind: manifests, patches and files of kustomizations.
func TestLargeFile(t *testing.T) {
	var many strings.Builder
	for i := range 200 {
		fmt.Fprintf(&many, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {a: %s}\n", i,
			strings.Repeat("x", 10_000))
	}
	files := fstest.MapFS{
		"a.yaml":               {Data: []byte(many.String())},
		"d/kustomization.yaml": {Data: []byte("resources: [b.yaml]\nnamePrefix: d-\n")},
		"d/b.yaml":             {Data: []byte(many.String())},
	}
	read := func(l load.Limits) (int, []diag.Diagnostic) {
		b := kustomize.Builder{Limits: kustomize.Limits{FileBytes: l.FileBytes}}
		s, err := load.Load(files, load.Options{Limits: l, Build: func(fsys fs.FS, dir string) (load.Built, error) {
			built, err := b.BuildFolder(fsys, dir)
			return load.Built(built), err
		}})
		if err != nil {
			t.Fatal(err)
		}
		return len(s.Objects), s.Problems
	}
	if n, problems := read(load.Limits{}); n != 0 || len(problems) != 2 {
		t.Errorf("with the default: %d objects, %v", n, problems)
	}
	if n, problems := read(load.Limits{FileBytes: 4 << 20}); n != 400 || len(problems) != 0 {
		t.Errorf("with 4 MiB: %d objects, %v", n, problems)
	}
}
