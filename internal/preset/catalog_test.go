// SPDX-License-Identifier: Apache-2.0

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
	checkNames(t, all)
	usable, tuned, pinned := 0, 0, 0
	for _, p := range all {
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
		checkFacts(t, p)
	}
	if len(all) != 71 || usable != 63 || tuned != 12 || pinned != 62 {
		t.Errorf("%d presets, %d usable, %d can be tuned, %d pinned", len(all), usable, tuned, pinned)
	}
	if !slices.IsSortedFunc(all, func(a, b preset.Preset) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted")
	}
}

// checkNames reports names and aliases that two presets share.
func checkNames(t *testing.T, all []preset.Preset) {
	t.Helper()
	seen := map[string]string{}
	for _, p := range all {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			name = strings.ToLower(name)
			if other, taken := seen[name]; taken {
				t.Errorf("%s and %s are both called %s", other, p.Name, name)
			}
			seen[name] = p.Name
		}
	}
}

// checkFacts reports facts that a usable preset lacks, and a cache size that contradicts heads and layers.
func checkFacts(t *testing.T, p preset.Preset) {
	t.Helper()
	m := p.Model
	for fact, known := range map[string]bool{
		"architecture":    m.Architecture != "",
		"weights":         m.WeightBytes > 0,
		"contextLength":   m.ContextLength > 0,
		"layers":          m.Layers > 0,
		"heads":           m.Heads > 0,
		"hiddenSize":      m.HiddenSize > 0,
		"headDim":         m.HeadDim > 0,
		"kvHeads":         m.KVHeads > 0,
		"kvBytesPerToken": m.KVBytesPerToken > 0,
		"disk":            p.DiskGiB > 0,
		"license":         p.License != "",
		"runtimes":        p.Runtimes[0] == preset.VLLM,
	} {
		if !known {
			t.Errorf("%s lacks %s: %+v", p.Name, fact, p)
		}
	}
	// Keys and values take two bytes each. Latent attention keeps less, and these figures do not show how much.
	if cache := int64(2 * 2 * m.KVHeads * m.HeadDim * m.Layers); m.Attention != "mla" && cache != m.KVBytesPerToken {
		t.Errorf("%s: heads and layers give a cache of %d bytes a token, its file says %d", p.Name, cache, m.KVBytesPerToken)
	}
}

func TestLookup(t *testing.T) {
	c := builtin(t)
	for name, want := range map[string]string{
		"phi-4-mini-instruct":           "phi-4-mini-instruct",
		"Phi-4-Mini-Instruct":           "phi-4-mini-instruct",
		"microsoft/Phi-4-mini-instruct": "phi-4-mini-instruct",
		"MICROSOFT/phi-4-mini-instruct": "phi-4-mini-instruct",
		"mistral-7b":                    "mistral-7b-v0.3",
		"mistral-7b-instruct":           "mistral-7b-instruct-v0.3",
		"gemma-3-4b-instruct":           "gemma-3-4b-it",
		"ministral-3-8b-instruct":       "ministral-3-8b-instruct-2512",
		"tiiuae/falcon-7b":              "falcon-7b",
		"falcon-7b":                     "falcon-7b",
		"nope":                          "",
		"":                              "",
		"phi-4-mini":                    "",
	} {
		p, ok := c.Lookup(name)
		if p.Name != want || ok != (want != "") {
			t.Errorf("Lookup(%q) = %q, %v; want %q", name, p.Name, ok, want)
		}
	}
	for name, want := range map[string]string{
		"phi-4-mini-instrct":       "phi-4-mini-instruct",
		"falcon7b":                 "falcon-7b",
		"falcon-7b-instrct":        "falcon-7b-instruct",
		"falcon-7binstruct":        "falcon-7b-instruct",
		"qwen3-8b":                 "qwen3-8b-awq",
		"phi4-mini":                "phi-4-mini-instruct",
		"xyzzy":                    "",
		strings.Repeat("a", 1<<20): "",
	} {
		if got := c.Suggest(name); got != want {
			t.Errorf("Suggest(%.20q) = %q, want %q", name, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	c := builtin(t)
	falcon, _ := c.Lookup("falcon-7b")
	if m := falcon.Model; m.WeightBytes != 14431090115 || m.Heads != 71 || m.KVHeads != 1 || m.TensorParallel ||
		m.KVBytesPerToken != 8192 {
		t.Errorf("falcon-7b: %+v", m)
	}
	if falcon.Tuning.MethodGiB[preset.QLoRA] != 16 || !slices.Contains(falcon.NoAdapters, preset.VLLM) ||
		falcon.Revision != "898df1396f35e447d5fe44e0a3ccaaaa69f30d36" {
		t.Errorf("falcon-7b: %+v", falcon)
	}
	phi, _ := c.Lookup("phi-3-mini-128k-instruct")
	if phi.Tuning.GPUMemoryGiB != 72 || phi.Tuning.Env["DEFAULT_TARGET_MODULES"] == "" ||
		!phi.Supports(preset.Transformers) ||
		phi.DiskGiB != 87 {
		t.Errorf("phi-3-mini-128k-instruct: %+v", phi)
	}
	llama, _ := c.Lookup("llama-3.1-8b-instruct")
	if !llama.Gated || llama.RunParameters[preset.VLLM]["tool-call-parser"] != "llama3_json" {
		t.Errorf("llama-3.1-8b-instruct: %+v", llama)
	}
	deepseek, _ := c.Lookup("deepseek-v3.2")
	if !deepseek.CUDAToolkit || deepseek.Supports(preset.Transformers) ||
		deepseek.RunParameters[preset.VLLM]["kaito-kv-cache-cpu-memory-utilization"] != "0" {
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
		"mine":       "team/model",
		"falcon-7b":  "team/model",
		"our-model":  "team/model",
		"team/model": "team/model",
		"phi-4":      "microsoft/phi-4",
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
		"models/falcon-7b/kustomization.yaml":  false,
		"components/images/kustomization.yaml": false,
		"components/images/only-ours.yaml":     true,
		"base/tuning/job.yaml":                 true,
		"README.md":                            false,
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
	tests := []struct{ text, want string }{
		{
			text: head + "surce: {}\n",
			want: `models/x/preset.yaml:3:1: surce: unknown field "surce" (did you mean "source"?)`,
		},
		{
			text: small + "disk: 10GB\n",
			want: `models/x/preset.yaml:6:1: disk: "10GB" is not a size in Gi, such as 7.15Gi`,
		},
		{
			text: small + "disk: NaNGi\n",
			want: `models/x/preset.yaml:6:1: disk: "NaNGi" is not a size in Gi, such as 7.15Gi`,
		},
		{
			text: "apiVersion: v1\nkind: Preset\nsource: {repo: a/b}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n",
			want: "models/x/preset.yaml:1:1: apiVersion: not a preset (write apiVersion: syncer.dev/v1alpha1 " +
				"and kind: Preset)",
		},
		{
			text: head + "source: {repo: nowhere}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n",
			want: "models/x/preset.yaml:3:10: source.repo: not a Hugging Face repository (use owner/name)",
		},
		{
			text: head + "source: {repo: a/b, revision: main}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n",
			want: "models/x/preset.yaml:3:21: source.revision: not a commit " +
				"(use 40 hexadecimal digits; a branch or tag could move)",
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {layers: -1, weights: 1Gi}\nruntimes: [vllm]\n",
			want: "models/x/preset.yaml:4:9: model.layers: must not be negative",
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {attention: none, weights: 1Gi}\nruntimes: [vllm]\n",
			want: `models/x/preset.yaml:4:9: model.attention: unknown kind of attention "none" (use mha, gqa, mqa, mla or csa)`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {layers: 1}\nruntimes: [vllm]\n",
			want: "models/x/preset.yaml:4:1: model.weights: is missing (add the size of the weight files, such as 7.15Gi)",
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi}\nruntimes: [tgi]\n",
			want: `models/x/preset.yaml:5:12: runtimes[0]: unknown runtime "tgi" (use vllm or transformers)`,
		},
		{
			text: small + "runParameters: {tgi: {}}\n",
			want: `models/x/preset.yaml:6:17: runParameters.tgi: unknown runtime "tgi" (use vllm or transformers)`,
		},
		{
			text: small + "tuning: {methods: {full: 1Gi}}\n",
			want: `models/x/preset.yaml:6:20: tuning.methods.full: unknown method "full" (use lora or qlora)`,
		},
		{small + "aliases: ['']\n", "models/x/preset.yaml:6:11: aliases[0]: not a name"},
		{small + "---\na: b\n", "models/x/preset.yaml:1:1: 2 documents instead of one"},
		{
			text: "a: [\n",
			want: "models/x/preset.yaml:2:1: did not find expected node content (check the " +
				"indentation, quotes and brackets up to here)",
		},
		{"", "models/x/preset.yaml:1:1: 0 documents instead of one"},
		{
			text: strings.Repeat("#", 70<<10),
			want: "models/x/preset.yaml:1:1: larger than 64 KiB (add preset.yaml to the folder of the model)",
		},
	}
	for _, tt := range tests {
		c, err := preset.Load(presets.FS, fstest.MapFS{"models/x/preset.yaml": file(tt.text)})
		if err != nil {
			t.Fatal(err)
		}
		problems := c.Problems()
		if len(problems) != 1 || problems[0].Error() != tt.want {
			t.Errorf("%.200q: problems %v\nwant %s", tt.text, problems, tt.want)
		}
		if _, ok := c.Lookup("x"); ok {
			t.Errorf("%.200q: can be used", tt.text)
		}
		if _, ok := c.Lookup("falcon-7b"); !ok {
			t.Error("a broken preset takes others with it")
		}
	}

	// A broken preset is not replaced by the built-in one of its name: that would not be what the repository asked for.
	c, problems, err := preset.LoadLayers(
		preset.Layer{FS: presets.FS},
		preset.Layer{Path: "team/presets", FS: fstest.MapFS{
			"models/falcon-7b/preset.yaml": file("x"),
			"models/UPPER/preset.yaml":     file(small),
			"models/empty/x":               file(""),
		}},
	)
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

// breaks counts the characters that YAML takes for line breaks.
func breaks(text string) int {
	n := 0
	for _, r := range text {
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) {
			n++
		}
	}
	return n
}

// FuzzPreset: no file makes the catalogue panic or lose other models. Each problem has a place in the file. What is
// accepted has figures that can be calculated with: nothing negative, nothing above a limit, and weights.
func FuzzPreset(f *testing.F) {
	f.Add(small)
	f.Add(head + "tuning: {methods: {qlora: 16Gi}, env: {A: b}}\n")
	for _, weights := range []string{"0Gi", "-1Gi", "NaNGi", "1e400Gi", "0.0000000001Gi", "9e18", "1Ei", "\"\"", "[]"} {
		f.Add(head + "source: {repo: team/model}\nmodel: {weights: " + weights + "}\nruntimes: [vllm]\n")
	}
	f.Add(small + "disk: 80Gi\nhistory: {weights: 1Gi, gpus: 99999999}\nmodel: *a\n")
	const large = "weights: 1Gi, loadedWeights: 0.25Gi, layers: 1073741824, heads: 1073741824"
	f.Add(strings.Replace(small, "weights: 1Gi", large, 1))
	f.Add(head + "deprecated: use another\nsource: {repo: team/model}\naliases: [\"a\\nb\", x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := preset.Load(fstest.MapFS{"models/good/preset.yaml": file(small), "models/x/preset.yaml": file(text)})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Lookup("good"); !ok {
			t.Error("lost a model")
		}
		p, ok := c.Lookup("x")
		if ok == (len(c.Problems()) > 0) {
			t.Errorf("usable: %v, with problems %v", ok, c.Problems())
		}
		for _, d := range c.Problems() {
			if d.Path != "models/x/preset.yaml" || d.Line < 1 || d.Line > breaks(text)+2 || d.Column < 1 ||
				d.Message == "" || d.Reason == "" {
				t.Errorf("%q: incomplete problem %+v", text, d)
			}
		}
		if !ok {
			return
		}
		const most = 1 << 50
		m := p.Model
		for _, n := range []int64{
			m.WeightBytes, m.LoadBytes, m.Parameters, m.KVBytesPerToken, int64(m.ContextLength), int64(m.HiddenSize),
			int64(m.Layers), int64(m.Heads), int64(m.KVHeads), int64(m.HeadDim), int64(m.VocabSize), int64(m.IntermediateSize),
			int64(m.Experts), int64(m.QuantBits), int64(p.DiskGiB),
		} {
			if n < 0 || n > most {
				t.Errorf("%q: a figure of %d in %+v", text, n, p)
			}
		}
		if p.Deprecated == "" && m.WeightBytes == 0 || m.LoadBytes > m.WeightBytes {
			t.Errorf("%q: weights of %d bytes, of which %d are loaded", text, m.WeightBytes, m.LoadBytes)
		}
	})
}
