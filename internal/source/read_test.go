// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
)

// archive returns the files of a txtar archive in testdata.
func archive(t *testing.T, name string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// problems returns the problems of a Set, one a line.
func problems(set *workspace.Set) []string {
	var out []string
	for _, p := range set.Problems {
		out = append(out, p.Path+": "+p.Message)
	}
	return out
}

func configured(sourcePath string) source.Reader {
	c := config.Default()
	c.Source.Path = sourcePath
	r := source.NewReader(c)
	r.File = "syncer.yaml"
	return r
}

// TestReadPaths reads a repository, a folder and a file of it: each has the Workspace with its paths as the user wrote
// them, and the preset of the repository.
func TestReadPaths(t *testing.T) {
	t.Chdir(tree(t, archive(t, "repository.txtar")))
	r := configured("workspaces")
	for _, path := range []string{"repo", "repo/workspaces", "repo/workspaces/team", "repo/workspaces/team/a.yaml"} {
		inputs, err := r.ReadPaths([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		set := inputs[0].Set
		if len(set.Workspaces) != 1 || len(set.Problems) > 0 {
			t.Fatalf("%s: %d Workspaces, problems %q", path, len(set.Workspaces), problems(set))
		}
		if got, want := set.Workspaces[0].Source.Path, "repo/workspaces/team/a.yaml"; got != want {
			t.Errorf("%s: source is %s, want %s", path, got, want)
		}
		if from := inputs[0].Catalog.From("ours"); from != "presets" {
			t.Errorf("%s: the preset is from %q", path, from)
		}
	}
	if _, err := r.ReadPaths([]string{"nowhere"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a path that does not exist: %v", err)
	}
}

// TestPatchesOfOneFile reads a file with the patches of its Workspaces, and without other patches.
func TestPatchesOfOneFile(t *testing.T) {
	t.Chdir(tree(t, archive(t, "repository.txtar")))
	tree, err := source.Reader{Config: config.Default()}.OpenPath("patched/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	fsys, display := tree.Files, tree.Display
	var names []string
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, display(e.Name()))
	}
	if diff := cmp.Diff([]string{"patched/a.yaml", "patched/phi.patch.yaml"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"other.patch.yaml", "b.yaml"} {
		if _, err := fsys.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fs.ReadDir(fsys, "team"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder beside the file: %v", err)
	}
}

// TestRevision reads a commit in which the presets are in the root of the repository, and one in which they are in the
// folder of the Workspaces.
func TestRevision(t *testing.T) {
	root := fstest.MapFS{}
	inner := fstest.MapFS{}
	for name, text := range archive(t, "repository.txtar") {
		name, ok := strings.CutPrefix(name, "repo/")
		if !ok {
			continue
		}
		root[name] = &fstest.MapFile{Data: []byte(text)}
		if strings.HasPrefix(name, "presets/") {
			name = "workspaces/" + name
		}
		inner[name] = &fstest.MapFile{Data: []byte(text)}
	}
	r := configured("workspaces")
	for _, test := range []struct {
		name   string
		commit fs.FS
	}{{"in the root", root}, {"in source.path", inner}} {
		part, err := source.CommitTree(test.commit, nil, "workspaces")
		if err != nil {
			t.Fatal(err)
		}
		in, err := r.Revision(engine.Revision{Commit: "c0ffee", Files: part.Files, Root: part.Root})
		if err != nil || len(in.Set.Problems) > 0 || len(in.Set.Workspaces) != 1 {
			t.Fatalf("%s: %v, problems %q", test.name, err, problems(in.Set))
		}
		if got := in.Set.Workspaces[0].Source.Path; got != "workspaces/team/a.yaml" {
			t.Errorf("%s: the source is %s", test.name, got)
		}
	}
	if _, err := source.CommitTree(root, nil, "nowhere"); err == nil || !strings.Contains(err.Error(), "source.path") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestCommitTree covers both sides of a comparison, and a source.path that is no folder of the commit.
func TestCommitTree(t *testing.T) {
	has := fstest.MapFS{"models/phi.yaml": {}}
	hasNot := fstest.MapFS{"README.md": {}, "models.txt": {}}
	link := fstest.MapFS{"models": {Mode: fs.ModeIrregular, Sys: files.Link}}
	for _, test := range []struct {
		name          string
		commit, other fs.FS
		err           string
		empty         bool
	}{
		{"the commit that begins the folder", has, hasNot, "", false},
		{"the commit before", hasNot, has, "", true},
		{"before the first commit", has, source.Nothing(), "", false},
		{"neither has it", hasNot, hasNot, `the commit has no folder "models"`, false},
		{"a single commit", hasNot, nil, `the commit has no folder "models"`, false},
		{
			"a link", link, has, "models is a symbolic link, which is not followed " +
				"(configuration: source.path; name a folder that is in the commit)", false,
		},
	} {
		got, err := source.CommitTree(test.commit, test.other, "models")
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v, want %s", test.name, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := len(contents(t, got.Files)) == 0; got != test.empty {
			t.Errorf("%s: empty %t", test.name, got)
		}
	}
}

// TestPresetProblemsHaveTheirPath says that a message about a preset in the root names its file in the repository.
func TestPresetProblemsHaveTheirPath(t *testing.T) {
	part, err := source.CommitTree(fstest.MapFS{
		"workspaces/empty.yaml":          {Data: []byte("")},
		"presets/models/bad/preset.yaml": {Data: []byte("kind: [")},
	}, nil, "workspaces")
	if err != nil {
		t.Fatal(err)
	}
	in, err := configured("workspaces").Revision(engine.Revision{Files: part.Files, Root: part.Root})
	if err != nil || len(in.Set.Problems) == 0 {
		t.Fatalf("%v, problems %q", err, problems(in.Set))
	}
	if got, want := in.Set.Problems[0].Path, "presets/models/bad/preset.yaml"; got != want {
		t.Errorf("path %q, want %q", got, want)
	}
}

// TestAt returns a folder, a file, and nothing where the commit has neither.
func TestAt(t *testing.T) {
	commit := fstest.MapFS{"a/b.yaml": {Data: []byte("b")}, "a/c.yaml": {Data: []byte("c")}}
	for _, test := range []struct {
		path string
		want []string
	}{
		{"a", []string{"a/b.yaml", "a/c.yaml"}},
		{"a/b.yaml", []string{"b.yaml"}},
		{"nowhere", nil},
	} {
		part, err := source.At(commit, test.path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = fs.WalkDir(part.Files, part.Root, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				got = append(got, name)
			}
			return err
		})
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.path, err, diff)
		}
	}
}

// contents returns the text of all files of a file system.
func contents(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStdinFile(t *testing.T) {
	fsys, err := source.StdinFile(strings.NewReader("kind: Workspace\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"stdin.yaml": "kind: Workspace\n"}, contents(t, fsys)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := source.StdinFile(nil); err == nil {
		t.Error("no standard input is accepted")
	}
}

// TestSplit gives files with equal names to one file system.
func TestSplit(t *testing.T) {
	t.Chdir(tree(t, map[string]string{"a/x.yaml": "one", "b/x.yaml": "two"}))
	files, others := source.Split([]string{"a/x.yaml", "b", "-", "b/x.yaml", "./a/x.yaml"})
	if diff := cmp.Diff([]string{"b", "-"}, others); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"0/x.yaml": "one", "1/x.yaml": "two"}, contents(t, files)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"0/x.yaml": "a/x.yaml", "1": "b/x.yaml", "7/x.yaml": "7/x.yaml"} {
		if got := files.Named(name); got != want {
			t.Errorf("Named(%s) is %s, want %s", name, got, want)
		}
	}
}

// TestFacts reads what a cluster has from files, and places Workspaces on its nodes.
func TestFacts(t *testing.T) {
	t.Chdir(tree(t, archive(t, "facts.txtar")))
	c := config.Default()
	c.Capacity.Mode = config.ModeBYO
	bare := source.NewReader(c)
	read := func(r source.Reader) desired.Input {
		t.Helper()
		in, err := r.Read(fstest.MapFS{}, source.AsRead)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	if in := read(bare); in.Placeable() || in.Offline().NodesKnown {
		t.Error("nodes are known without facts")
	}
	r, err := bare.WithFacts([]string{"nodes.yaml", "more"})
	if err != nil {
		t.Fatal(err)
	}
	in := read(r)
	var names []string
	for _, n := range in.Offline().State.Nodes {
		names = append(names, n.Name+" "+n.InstanceType)
	}
	want := []string{"n1 Standard_NC24ads_A100_v4", "n2 NVIDIA-A100"}
	slices.Sort(names)
	if diff := cmp.Diff(want, names); !in.Placeable() || diff != "" || len(in.Set.Problems) > 0 {
		t.Errorf("placeable %t, %v, nodes (-want +got):\n%s", in.Placeable(), in.Set.Problems, diff)
	}
	if r, err = bare.WithFacts([]string{"broken.yaml"}); err != nil {
		t.Fatal(err)
	}
	if found := read(r).Set.Problems; len(found) != 1 || found[0].Path != "broken.yaml" {
		t.Errorf("a file with a syntax error: %v", found)
	}
	if _, err := bare.WithFacts([]string{"nowhere"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestPolicyOf(t *testing.T) {
	c := config.Default()
	c.Cluster, c.Capacity.Mode, c.Capacity.Limits.Spot = "demo", config.ModeBYO, false
	if p := source.PolicyOf(c); p.Cluster != "demo" || p.Source != (desired.ExistingNodes{}) || !p.Limits.NoSpot {
		t.Errorf("mode byo: %+v", p)
	}
	c.Capacity.Mode = config.ModeKarpenter
	c.Capacity.Karpenter.Sizes = []string{"a2-highgpu-1g=1x40"}
	c.Capacity.Karpenter.Requirements = []string{"topology.kubernetes.io/zone=a|b"}
	if k, ok := source.PolicyOf(c).Source.(desired.NodePools); !ok || len(k.Sizes) != 1 || len(k.Requirements) != 1 {
		t.Errorf("mode karpenter: %+v", k)
	}
	c.Pods.Registries, c.Pods.HuggingFaceEndpoint = []string{"docker.io=r.example/hub"}, "https://hub.example.com"
	c.Pods.Proxy = config.Proxy{HTTP: "http://a", HTTPS: "http://b", No: []string{".example.com"}}
	want := reach.Settings{
		Registries:  []reach.Mirror{{From: "docker.io", To: "r.example/hub"}},
		HuggingFace: "https://hub.example.com",
		Proxy:       reach.Proxy{HTTP: "http://a", HTTPS: "http://b", No: []string{".example.com"}},
	}
	if diff := cmp.Diff(want, source.PolicyOf(c).Reach); diff != "" {
		t.Errorf("how pods reach what they need (-want +got)\n%s", diff)
	}
	// A price list that is gone after the configuration was loaded leaves prices unknown, not those of the binary.
	c.Capacity.Prices = filepath.Join(t.TempDir(), "prices.json")
	if p := source.PolicyOf(c); p.Prices.Knows(source.DefaultRegion) {
		t.Error("prices of a list that does not exist are known")
	}
	if err := os.WriteFile(c.Capacity.Prices, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := source.ReadPrices(c.Capacity.Prices); err == nil || !strings.HasPrefix(err.Error(), "capacity.prices: ") {
		t.Errorf("a list that is not JSON: %v", err)
	}
}

func TestBelow(t *testing.T) {
	for _, test := range []struct {
		root, dir, want string
		ok              bool
	}{
		{".", "status", "status", true},
		{"a", "a/status/", "status", true},
		{"a", "a", "", false},
		{"a", "b", "", false},
		{"a", ".", "", false},
	} {
		if got, ok := source.Below(test.root, test.dir); got != test.want || ok != test.ok {
			t.Errorf("Below(%s, %s) is %q, %t", test.root, test.dir, got, ok)
		}
	}
	c := config.Default()
	if diff := cmp.Diff([]string{"status"}, source.NewReader(c).LoadOptions().Skip); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// safetensors is a file with one tensor of 1000 parameters.
const safetensors = "\x2c\x00\x00\x00\x00\x00\x00\x00" + `{"a": {"dtype": "BF16", "shape": [10, 100]}}`

func TestReadModelFolder(t *testing.T) {
	files := archive(t, "model.txtar")
	files["model-1.safetensors"] = safetensors
	dir := tree(t, files)
	var in derive.Input
	if err := source.ReadModelFolder(dir, &in); err != nil {
		t.Fatal(err)
	}
	want := []derive.File{
		{Path: "config.json", Size: int64(len(files["config.json"]))},
		{Path: "model-1.safetensors", Size: 52, Parameters: 1000},
		{Path: "model-2.safetensors", Size: 4976698672}, // of the file that the pointer stands for
	}
	if diff := cmp.Diff(want, in.Files); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if in.Config.Name != filepath.Join(dir, "config.json") || !strings.Contains(string(in.Config.Data), "architectures") {
		t.Errorf("config is %s: %s", in.Config.Name, in.Config.Data)
	}
	if err := source.ReadModelFolder(t.TempDir(), &derive.Input{}); err == nil ||
		!strings.Contains(err.Error(), "neither config.json nor params.json") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestReadModelFiles(t *testing.T) {
	t.Chdir(tree(t, archive(t, "model_files.txtar")))
	tests := []struct{ config, index, err string }{
		{"config.json", "index.json", ""},
		{"config.json", "list.json", ""},
		{"config.json", "bad.json", "bad.json: not a list of files with path and size"},
		{"nowhere.json", "index.json", "no such file"},
		{"config.json", "nowhere.json", "no such file"},
	}
	for _, test := range tests {
		var in derive.Input
		err := source.ReadModelFiles(test.config, test.index, &in)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %q", test.index, err, test.err)
			}
		case err != nil || (in.Index.Data == nil) == (in.Files == nil):
			t.Errorf("%s: index %q, files %v, %v", test.index, in.Index.Data, in.Files, err)
		}
	}
	if err := os.Truncate("config.json", derive.MaxConfig+1); err != nil {
		t.Fatal(err)
	}
	if err := source.ReadModelFiles("config.json", "index.json", &derive.Input{}); err == nil ||
		!strings.Contains(err.Error(), "is larger than") {
		t.Errorf("a large file: %v", err)
	}
}
