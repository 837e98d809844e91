package preset_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

func builtin(t *testing.T) *preset.Catalog {
	t.Helper()
	c, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Problems() {
		t.Error(p)
	}
	return c
}

func TestBuiltin(t *testing.T) {
	c := builtin(t)
	all := c.All()
	usable, tuned, pinned := 0, 0, 0
	seen := map[string]string{}
	for _, p := range all {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			name = strings.ToLower(name)
			if other, taken := seen[name]; taken {
				t.Errorf("%s and %s are both called %s", other, p.Name, name)
			}
			seen[name] = p.Name
		}
		if _, err := fs.Stat(c.FS(), "models/"+p.Name+"/kustomization.yaml"); err != nil {
			t.Error(err)
		}
		if p.Deprecated != "" {
			if len(p.Deprecated) < 20 || !strings.Contains(p.Deprecated, "; take ") {
				t.Errorf("%s: %q does not say what to take instead", p.Name, p.Deprecated)
			}
			continue
		}
		usable++
		if p.Tuning != nil {
			tuned++
		}
		if p.Revision != "" {
			pinned++
		}
		m := p.Model
		if m.Architecture == "" || m.WeightBytes == 0 || m.ContextLength == 0 || m.Layers == 0 || m.Heads == 0 || m.HiddenSize == 0 ||
			m.HeadDim == 0 || m.KVHeads == 0 || m.KVBytesPerToken == 0 || p.DiskGiB == 0 || p.License == "" || p.Runtimes[0] != preset.VLLM {
			t.Errorf("%s is not complete: %+v", p.Name, p)
		}
		// Two bytes for each key and value; latent attention keeps something smaller, of which these figures say nothing.
		if cache := int64(2 * 2 * m.KVHeads * m.HeadDim * m.Layers); m.Attention != "mla" && cache != m.KVBytesPerToken {
			t.Errorf("%s: the cache of a token takes %d bytes by its heads and layers, and %d by its file", p.Name, cache, m.KVBytesPerToken)
		}
	}
	if len(all) != 71 || usable != 63 || tuned != 12 || pinned != 28 {
		t.Errorf("%d presets, %d usable, %d can be tuned, %d pinned", len(all), usable, tuned, pinned)
	}
	if !slices.IsSortedFunc(all, func(a, b preset.Preset) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted")
	}
}

func TestLookup(t *testing.T) {
	c := builtin(t)
	for name, want := range map[string]string{
		"phi-4-mini-instruct": "phi-4-mini-instruct", "Phi-4-Mini-Instruct": "phi-4-mini-instruct",
		"microsoft/Phi-4-mini-instruct": "phi-4-mini-instruct", "MICROSOFT/phi-4-mini-instruct": "phi-4-mini-instruct",
		"mistral-7b": "mistral-7b-v0.3", "mistral-7b-instruct": "mistral-7b-instruct-v0.3", "gemma-3-4b-instruct": "gemma-3-4b-it",
		"ministral-3-8b-instruct": "ministral-3-8b-instruct-2512", "tiiuae/falcon-7b": "falcon-7b", "falcon-7b": "falcon-7b",
		"nope": "", "": "", "phi-4-mini": "",
	} {
		p, ok := c.Lookup(name)
		if p.Name != want || ok != (want != "") {
			t.Errorf("Lookup(%q) = %q, %v; want %q", name, p.Name, ok, want)
		}
	}
	for name, want := range map[string]string{
		"phi-4-mini-instrct": "phi-4-mini-instruct", "falcon7b": "falcon-7b", "xyzzy": "", strings.Repeat("a", 1<<20): "",
	} {
		if got := c.Suggest(name); got != want {
			t.Errorf("Suggest(%.20q) = %q, want %q", name, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	c := builtin(t)
	falcon, _ := c.Lookup("falcon-7b")
	if m := falcon.Model; m.WeightBytes != 14431090115 || m.Heads != 71 || m.KVHeads != 1 || m.TensorParallel || m.KVBytesPerToken != 8192 {
		t.Errorf("falcon-7b: %+v", m)
	}
	if falcon.Tuning.MethodGiB[preset.QLoRA] != 16 || !slices.Contains(falcon.NoAdapters, preset.VLLM) || falcon.Revision != "898df1396f35e447d5fe44e0a3ccaaaa69f30d36" {
		t.Errorf("falcon-7b: %+v", falcon)
	}
	phi, _ := c.Lookup("phi-3-mini-128k-instruct")
	if phi.Tuning.GPUMemoryGiB != 72 || phi.Tuning.Env["DEFAULT_TARGET_MODULES"] == "" || !phi.Supports(preset.Transformers) || phi.DiskGiB != 87 {
		t.Errorf("phi-3-mini-128k-instruct: %+v", phi)
	}
	llama, _ := c.Lookup("llama-3.1-8b-instruct")
	if !llama.Gated || llama.RunParameters[preset.VLLM]["tool-call-parser"] != "llama3_json" {
		t.Errorf("llama-3.1-8b-instruct: %+v", llama)
	}
	deepseek, _ := c.Lookup("deepseek-v3.2")
	if !deepseek.CUDAToolkit || deepseek.Supports(preset.Transformers) || deepseek.RunParameters[preset.VLLM]["kaito-kv-cache-cpu-memory-utilization"] != "0" {
		t.Errorf("deepseek-v3.2: %+v", deepseek)
	}
}

const head = "apiVersion: syncer.dev/v1alpha1\nkind: Preset\n"

const small = head + "source: {repo: team/model}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n"

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// TestOwnPresets: a repository adds a model, and replaces one with all its files.
func TestOwnPresets(t *testing.T) {
	c, err := preset.Load(presets.FS, fstest.MapFS{
		"models/mine/preset.yaml":           file("aliases: [Our-Model]\n" + small),
		"models/falcon-7b/preset.yaml":      file(small),
		"components/images/only-ours.yaml":  file("x"),
		"README.md":                         file("not a preset"),
		"models/not-a-folder":               file("x"),
		"elsewhere/models/deep/preset.yaml": file(small),
	})
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	if got := len(c.All()); got != 72 {
		t.Errorf("%d presets", got)
	}
	for name, repo := range map[string]string{
		"mine": "team/model", "falcon-7b": "team/model", "our-model": "team/model", "team/model": "team/model", "phi-4": "microsoft/phi-4",
	} {
		if p, _ := c.Lookup(name); p.Repo != repo {
			t.Errorf("Lookup(%q).Repo = %q, want %q", name, p.Repo, repo)
		}
	}
	if _, ok := c.Lookup("tiiuae/falcon-7b"); ok {
		t.Error("the alias of a replaced preset is still there")
	}
	// Folders are taken whole.
	for name, there := range map[string]bool{
		"models/falcon-7b/kustomization.yaml": false, "components/images/kustomization.yaml": false, "components/images/only-ours.yaml": true,
		"base/tuning/job.yaml": true, "README.md": false,
	} {
		if _, err := fs.ReadFile(c.FS(), name); (err == nil) != there || (err != nil && !errors.Is(err, fs.ErrNotExist)) {
			t.Errorf("read %s: %v", name, err)
		}
	}
	if err := fstest.TestFS(c.FS(), "models/mine/preset.yaml", "base/tuning/job.yaml"); err != nil {
		t.Error(err)
	}
}

func TestProblems(t *testing.T) {
	tests := map[string]string{
		head + "surce: {}\n":    `models/x/preset.yaml:3:1: surce: unknown field "surce" (did you mean "source"?)`,
		small + "disk: 10GB\n":  `models/x/preset.yaml:6:1: disk: "10GB" is not a size in Gi, such as 7.15Gi`,
		small + "disk: NaNGi\n": `models/x/preset.yaml:6:1: disk: "NaNGi" is not a size in Gi, such as 7.15Gi`,
		"apiVersion: v1\nkind: Preset\nsource: {repo: a/b}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n": "models/x/preset.yaml:1:1: apiVersion: not a preset (it starts with apiVersion: syncer.dev/v1alpha1 and kind: Preset)",
		head + "source: {repo: nowhere}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n":                    "models/x/preset.yaml:3:10: source.repo: not a Hugging Face repository (owner/name)",
		head + "source: {repo: a/b, revision: main}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n":        "models/x/preset.yaml:3:21: source.revision: not a commit (40 hexadecimal digits; a branch or tag could move)",
		head + "source: {repo: a/b}\nmodel: {layers: -1, weights: 1Gi}\nruntimes: [vllm]\n":            "models/x/preset.yaml:4:9: model.layers: must not be negative",
		head + "source: {repo: a/b}\nmodel: {attention: none, weights: 1Gi}\nruntimes: [vllm]\n":       `models/x/preset.yaml:4:9: model.attention: unknown kind of attention "none" (mha, gqa, mqa or mla)`,
		head + "source: {repo: a/b}\nmodel: {layers: 1}\nruntimes: [vllm]\n":                           "models/x/preset.yaml:4:1: model.weights: is missing (the size of the weight files, such as 7.15Gi)",
		head + "source: {repo: a/b}\nmodel: {weights: 1Gi}\nruntimes: [tgi]\n":                         `models/x/preset.yaml:5:12: runtimes[0]: unknown runtime "tgi" (vllm or transformers)`,
		small + "runParameters: {tgi: {}}\n":                                                           `models/x/preset.yaml:6:17: runParameters.tgi: unknown runtime "tgi" (vllm or transformers)`,
		small + "tuning: {methods: {full: 1Gi}}\n":                                                     `models/x/preset.yaml:6:20: tuning.methods.full: unknown method "full" (lora or qlora)`,
		small + "aliases: ['']\n":   "models/x/preset.yaml:6:11: aliases[0]: not a name",
		small + "---\na: b\n":       "models/x/preset.yaml:1:1: 2 documents instead of one",
		"a: [\n":                    "models/x/preset.yaml:2:1: did not find expected node content (check the indentation, quotes and brackets up to here)",
		"":                          "models/x/preset.yaml:1:1: 0 documents instead of one",
		strings.Repeat("#", 70<<10): "models/x/preset.yaml:1:1: larger than 64 KiB (a model's folder needs a preset.yaml)",
	}
	for text, want := range tests {
		c, err := preset.Load(presets.FS, fstest.MapFS{"models/x/preset.yaml": file(text)})
		if err != nil {
			t.Fatal(err)
		}
		problems := c.Problems()
		if len(problems) != 1 || problems[0].Error() != want {
			t.Errorf("%.200q: problems %v\nwant %s", text, problems, want)
		}
		if _, ok := c.Lookup("x"); ok {
			t.Errorf("%.200q: can be used", text)
		}
		if _, ok := c.Lookup("falcon-7b"); !ok {
			t.Error("a broken preset takes others with it")
		}
	}

	// A broken preset is not replaced by the built-in one of its name: that would not be what the repository asked for.
	c, problems, err := preset.LoadLayers(preset.Layer{FS: presets.FS}, preset.Layer{Path: "team/presets", FS: fstest.MapFS{
		"models/falcon-7b/preset.yaml": file("x"), "models/UPPER/preset.yaml": file(small), "models/empty/x": file(""),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !strings.HasPrefix(p.Path, "team/presets/models/") {
			t.Errorf("%v is not where the file is", p)
		}
	}
	if _, ok := c.Lookup("falcon-7b"); ok || len(problems) != 3 {
		t.Errorf("found: %v; problems: %v", ok, c.Problems())
	}
}

// FuzzPreset: no file makes the catalogue panic or lose other models.
func FuzzPreset(f *testing.F) {
	f.Add(small)
	f.Add(head + "tuning: {methods: {qlora: 16Gi}, env: {A: b}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := preset.Load(fstest.MapFS{"models/good/preset.yaml": file(small), "models/x/preset.yaml": file(text)})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Lookup("good"); !ok {
			t.Error("lost a model")
		}
		if _, ok := c.Lookup("x"); ok == (len(c.Problems()) > 0) {
			t.Errorf("usable: %v, with problems %v", ok, c.Problems())
		}
	})
}
