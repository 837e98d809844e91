// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/files/filestest"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// counted is a tree as that of a commit, and counts the files that are read.
type counted struct {
	filestest.Tree
	read map[string]int
}

func newCounted(files map[string]string) counted {
	return counted{filestest.New(files), map[string]int{}}
}

func (c counted) Open(name string) (fs.File, error) {
	if _, ok := c.MapFS[name]; ok {
		c.read[name]++
	}
	return c.MapFS.Open(name)
}

func (c counted) ReadFile(name string) ([]byte, error) {
	c.read[name]++
	return fs.ReadFile(c.MapFS, name)
}

func (c counted) Stat(name string) (fs.FileInfo, error) { return fs.Stat(c.MapFS, name) }

func workspaceText(name string) string {
	return strings.Replace(served, "{name: phi}", "{name: "+name+"}", 1)
}

// TestOneFileOfTenThousand: a commit that changes one file costs the reading of that file; of all others, what came of
// them is the very same.
func TestOneFileOfTenThousand(t *testing.T) {
	const n = 10_000
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("t%d/w%d.yaml", i%100, i)] = workspaceText(fmt.Sprintf("w%d", i))
	}
	memo := load.NewMemo()
	options := load.Options{Memo: memo, Limits: load.Limits{Workspaces: n, Manifests: n, Values: 10_000_000}}
	before, err := load.Load(newCounted(files), options)
	if err != nil || len(before.Workspaces) != n || len(before.Problems) > 0 {
		t.Fatal(err, len(before.Workspaces), before.Problems)
	}
	if s := memo.Stats(); s != (load.Stats{Files: n}) {
		t.Errorf("the first reading: %+v", s)
	}
	files["t42/w42.yaml"] = strings.Replace(files["t42/w42.yaml"], "resource:", "resource:\n  count: 2", 1)
	tree := newCounted(files)
	after, err := load.Load(tree, options)
	if err != nil {
		t.Fatal(err)
	}
	if s := memo.Stats(); s != (load.Stats{Files: n + 1, Again: 1}) {
		t.Errorf("the second reading: %+v", s)
	}
	if want := map[string]int{"t42/w42.yaml": 1}; !maps.Equal(tree.read, want) {
		t.Errorf("files that were read: %v", tree.read)
	}
	for i := range after.Workspaces {
		w, was := &after.Workspaces[i], &before.Workspaces[i]
		same := w.Origin == was.Origin && w.Inference == was.Inference
		if changed := w.Name == "w42"; same == changed || w.Origin == nil {
			t.Fatalf("%s: the same is %t", w.Name, same)
		}
	}
}

// tree is a repository that edits change at random.
type tree struct {
	rnd   *rand.Rand
	files map[string]string
	few   bool // edits of what is there already, as most commits are
}

func (r *tree) edit() {
	name := fmt.Sprintf("w%d", r.rnd.IntN(6))
	at := fmt.Sprintf("t%d/%s.yaml", r.rnd.IntN(3), name)
	named := func(s string) string { return s + workspaceText(name) }
	edit := r.rnd.IntN(13)
	if r.few {
		at = "t/" + name + ".yaml" // none is in two folders
		edit = []int{12, 4, 12, 4, 12, 4, 12, 12, 12, 12, 12, 12, 3, 1, 2, 5, 6, 10, 11}[r.rnd.IntN(19)]
	}
	switch edit {
	case 0:
		delete(r.files, at)
	case 1:
		r.files[at] = named("") + "---\n" + workspaceText(name+"b")
	case 2:
		r.files[at] = "kind: Workspace\napiVersion: kaito.sh/v1beta1\nmetadata: {name: [" // unreadable
	case 3:
		r.files[at] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"+
			"data: {inference_config.yaml: 'vllm: {max-num-seqs: %d}'}\n", r.rnd.IntN(3))
	case 4:
		r.files[at] = strings.Replace(named(""), "inference:", "inference:\n  config: c", 1)
	case 5:
		r.files[path.Dir(at)+"/"+name+".patch.yaml"] = fmt.Sprintf("spec: {replicas: %d}\n", r.rnd.IntN(2))
	case 6:
		delete(r.files, path.Dir(at)+"/"+name+".patch.yaml")
	case 7:
		r.files["k/kustomization.yaml"] = "resources: [../base" +
			[]string{"", ", more.yaml"}[r.rnd.IntN(2)] + "]\nnameSuffix: -" + []string{"x", "y"}[r.rnd.IntN(2)] + "\n"
		r.files["k/more.yaml"] = workspaceText("more")
		r.files["base/kustomization.yaml"] = "resources: [w.yaml]\n"
		r.files["base/w.yaml"] = workspaceText("based")
	case 8:
		r.files["base/w.yaml"] = workspaceText(fmt.Sprint("based", r.rnd.IntN(2)))
	case 9:
		if r.rnd.IntN(2) == 0 {
			r.files["base/Kustomization"] = "resources: [w.yaml]\n" // a second one
		} else {
			delete(r.files, "base/Kustomization")
		}
	case 10:
		r.files["other/values.yaml"] = fmt.Sprintf("image: {tag: %d}\n", r.rnd.IntN(3))
	case 11:
		r.files["sets/s.yaml"] = fmt.Sprintf("apiVersion: kaito.sh/v1alpha1\nkind: InferenceSet\n"+
			"metadata: {name: s}\nspec:\n  replicas: %d\n  template:\n    resource: {instanceType: Standard_NC24ads_A100_v4}\n"+
			"    inference: {preset: {name: phi-4}}\n", r.rnd.IntN(4)-1)
	default:
		r.files[at] = named(fmt.Sprintf("# comment %d\n", r.rnd.IntN(3)))
	}
}

// TestReadingByChangesIsReading: over random edits, what is read with a Memo is what is read without one: Workspaces
// with their digests, objects, Problems and all else. With ids and without, and on both sides of a comparison.
func TestReadingByChangesIsReading(t *testing.T) {
	build := desired.Builder(load.Limits{}.WithDefaults())
	all := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".edition" }, cmp.Ignore()),
	}
	for seed := range uint64(12) {
		r := &tree{
			rnd: rand.New(rand.NewPCG(seed, 7)), files: map[string]string{"t0/w0.yaml": workspaceText("w0")},
			few: seed >= 6,
		}
		memo := load.NewMemo()
		var base map[string]string
		var last *workspace.Set
		for round := range 40 {
			for range 1 + r.rnd.IntN(3) {
				r.edit()
			}
			if round%5 == 0 {
				base = maps.Clone(r.files)
			}
			sides := []map[string]string{r.files, base}
			if r.few {
				sides = sides[:1]
			}
			for side, files := range sides {
				var fsys fs.FS = newCounted(files)
				if seed%3 == 2 {
					fsys = fsys.(counted).MapFS // without ids
				}
				want, err := load.Load(newCounted(files), load.Options{Build: build})
				if err != nil {
					t.Fatal(err)
				}
				got, err := load.Load(fsys, load.Options{Build: build, Memo: memo})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, all, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("seed %d, round %d, side %d (-without +with):\n%s\nfiles %v", seed, round, side, diff,
						slices.Sorted(maps.Keys(files)))
				}
				checkChanges(t, last, got, all)
				last = got
			}
		}
		if s := memo.Stats(); s.Files > 600 || s.Builds > 150 || r.few && seed%3 != 2 && s.Again < 5 {
			t.Errorf("seed %d: %+v", seed, s)
		}
	}
}

// checkChanges: two Sets are equal where the later one says so, and nowhere else are their Workspaces the same.
func checkChanges(t *testing.T, before, after *workspace.Set, all cmp.Option) {
	t.Helper()
	at, known := after.ChangedSince(before)
	if !known {
		return
	}
	for i := range after.Workspaces {
		w, was := &after.Workspaces[i], &before.Workspaces[i]
		if same := w.Origin == was.Origin; same == slices.Contains(at, i) || same && !cmp.Equal(was, w, all) {
			t.Errorf("%s: changed at %v", w.Key, at)
		}
	}
}

// TestBuildByClosure: a kustomization is built again only if a file that it reads changed, or one came to be that would
// have changed it.
func TestBuildByClosure(t *testing.T) {
	files := map[string]string{
		"k/kustomization.yaml":    "resources: [../base]\nnameSuffix: -x\n",
		"base/kustomization.yaml": "resources: [w.yaml]\n",
		"base/w.yaml":             workspaceText("based"),
		"alone.yaml":              workspaceText("alone"),
	}
	memo := load.NewMemo()
	build := desired.Builder(load.Limits{}.WithDefaults())
	var last *workspace.Set
	builds := func() int {
		t.Helper()
		before := memo.Stats().Builds
		set, err := load.Load(newCounted(files), load.Options{Build: build, Memo: memo})
		if err != nil {
			t.Fatal(err)
		}
		last = set
		return memo.Stats().Builds - before
	}
	if n := builds(); n != 1 || len(last.Workspaces) != 2 {
		t.Errorf("first: %d builds, %d Workspaces", n, len(last.Workspaces))
	}
	origin := last.Workspaces[1].Origin
	files["alone.yaml"] = "# changed\n" + files["alone.yaml"]
	files["k/notes.txt"] = "not read"
	if n := builds(); n != 0 || last.Workspaces[1].Origin != origin {
		t.Errorf("something else changed: %d builds, %v", n, last.Workspaces[1].Source)
	}
	files["base/w.yaml"] = "# changed\n" + files["base/w.yaml"]
	if n := builds(); n != 1 {
		t.Errorf("the base changed: %d builds", n)
	}
	files["base/Kustomization"] = "resources: [w.yaml]\n"
	if n := builds(); n != 1 || len(last.Problems) == 0 {
		t.Errorf("a second kustomization: %d builds, %v", n, last.Problems)
	}
	delete(files, "base/Kustomization")
	if n := builds(); n != 0 || len(last.Problems) != 0 {
		t.Errorf("as before: %d builds, %v", n, last.Problems)
	}
}

// TestFilesThatComeBack: a file that is what it was before the last change is not decoded again, however long it had
// stayed the same before.
func TestFilesThatComeBack(t *testing.T) {
	files := map[string]string{"a.yaml": workspaceText("a"), "b.yaml": workspaceText("b"), "c.yaml": workspaceText("c")}
	memo := load.NewMemo()
	reads := func() int {
		t.Helper()
		before := memo.Stats().Files
		if _, err := load.Load(newCounted(files), load.Options{Memo: memo}); err != nil {
			t.Fatal(err)
		}
		return memo.Stats().Files - before
	}
	if n := reads(); n != 3 {
		t.Errorf("at first: %d", n)
	}
	for range 20 {
		if n := reads(); n != 0 {
			t.Fatalf("nothing changed: %d", n)
		}
	}
	was := files["b.yaml"]
	files["b.yaml"] = "# changed\n" + was
	delete(files, "a.yaml")
	if n := reads(); n != 1 {
		t.Errorf("one has changed, and one has gone: %d", n)
	}
	files["a.yaml"], files["b.yaml"] = workspaceText("a"), was
	if n := reads(); n != 0 {
		t.Errorf("both are back: %d", n)
	}
}
