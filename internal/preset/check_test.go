package preset_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

// TestSources: whoever doubts a fact of the catalogue can see where it is from.
func TestSources(t *testing.T) {
	for _, p := range builtin(t).All() {
		fields := []string{"disk"}
		if p.Deprecated == "" {
			fields = append(fields, "source.repo", "source.license", "model.weights", "model.kvBytesPerToken", "model.dtype", "runtimes", "runParameters.vllm.dtype")
		}
		for field, there := range map[string]bool{
			"source.revision": p.Revision != "", "source.gated": p.Gated, "model.vocabSize": p.Model.VocabSize > 0,
			"model.parameters": p.Model.Parameters > 0, "model.fullLayers": p.Model.FullLayers > 0, "tuning.disk": p.Tuning != nil,
			"history.image": p.History != nil, "cudaToolkit": p.CUDAToolkit, "noAdapters": len(p.NoAdapters) > 0,
			"model.loadedWeights": p.Model.LoadBytes > 0,
		} {
			if there {
				fields = append(fields, field)
			}
		}
		for _, field := range fields {
			if p.SourceOf(field) == "" {
				t.Errorf("%s does not say where %s is from", p.Name, field)
			}
		}
		// What KAITO does not know must not be attributed to it.
		for _, field := range []string{"model.parameters", "model.vocabSize", "model.intermediateSize", "model.fullLayers", "model.experts"} {
			if s := p.Sources[field]; strings.Contains(s, "KAITO") {
				t.Errorf("%s: %s is from %q", p.Name, field, s)
			}
		}
	}
	p, _ := builtin(t).Lookup("phi-4")
	if a, b := p.SourceOf("model.vocabSize"), p.SourceOf("model.heads"); a == "" || strings.Contains(a, "KAITO") || !strings.HasPrefix(b, "KAITO v0.12.0") || p.SourceOf("none") != "" {
		t.Errorf("sources %q and %q", a, b)
	}
}

// TestParameters: where nothing is quantized, each parameter takes two bytes of the weights.
func TestParameters(t *testing.T) {
	counted := 0
	for _, p := range builtin(t).All() {
		m := p.Model
		if m.Parameters == 0 || m.Quantization != "" {
			continue
		}
		counted++
		if ratio := float64(2*m.Parameters) / float64(m.WeightBytes); ratio < 0.9985 || ratio > 1.0015 {
			t.Errorf("%s: %d parameters take %.4f of %d bytes", p.Name, m.Parameters, ratio, m.WeightBytes)
		}
	}
	if counted < 20 {
		t.Errorf("only %d models say how many parameters they have", counted)
	}
}

// TestLoaded: repositories that hold weights twice are loaded once.
func TestLoaded(t *testing.T) {
	c := builtin(t)
	for name, want := range map[string]float64{"gpt-oss-20b": 12.82, "gpt-oss-120b": 60.77, "phi-4": 27.31} {
		p, _ := c.Lookup(name)
		if got := float64(p.Model.Loaded()) / gib; got < want-0.001 || got > want+0.001 {
			t.Errorf("%s loads %.3f GiB, want %v", name, got, want)
		}
	}
}

func TestHostile(t *testing.T) {
	const ok = small
	tests := map[string]string{
		ok + "runParameters: {vllm: {api-key: abc}}\n":                                                    `6:24: runParameters.vllm.api-key: a secret does not belong into Git`,
		ok + "runParameters: {vllm: {served_model_name: x}}\n":                                            `6:24: runParameters.vllm.served_model_name: is set for each Workspace`,
		ok + "runParameters: {vllm: {middleware: evil.py}}\n":                                             `6:24: runParameters.vllm.middleware: would load code into the server`,
		ok + "runParameters: {vllm: {\"x; reboot\": y}}\n":                                                `6:24: runParameters.vllm.x; reboot: not the name of a flag`,
		ok + "runParameters: {vllm: {dtype: \"$(reboot)\"}}\n":                                            `6:24: runParameters.vllm.dtype: holds a character that no flag needs`,
		ok + "runParameters: {vllm: {dtype: \"a\\nb\"}}\n":                                                `6:24: runParameters.vllm.dtype: holds a character that no flag needs`,
		ok + "runParameters: {vllm: {dtype: '`x`'}}\n":                                                    `6:24: runParameters.vllm.dtype: holds a character that no flag needs`,
		ok + "runParameters: {vllm: {x: " + strings.Repeat("a", 501) + "}}\n":                             `6:24: runParameters.vllm.x: longer than the value of any flag`,
		ok + "tuning: {env: {\"A B\": x}}\n":                                                              `6:16: tuning.env.A B: not the name of a variable`,
		ok + "aliases: [\"a\\u001b[31m\"]\n":                                                              `6:11: aliases[0]: not one line of at most 500 characters`,
		ok + "sources: {modle: me}\n":                                                                     `6:11: sources.modle: there is no such field`,
		ok + "sources: {model.wieghts: me}\n":                                                             ``, // below a group that there is
		head + "source: {repo: ../../etc}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n":                     `3:10: source.repo: not a Hugging Face repository`,
		head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 1099511627776}\nruntimes: [vllm]\n":    `4:23: model.layers: more than 1073741824`,
		head + "source: {repo: a/b}\nmodel: {weights: 1Gi, loadedWeights: 2Gi}\nruntimes: [vllm]\n":       `4:23: model.loadedWeights: more than model.weights`,
		head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 2, fullLayers: 3}\nruntimes: [vllm]\n": `4:34: model.fullLayers: 3 and 0 windowLayers are more than 2 layers`,
		head + "source: {repo: a/b}\nmodel: {weights: 1Gi, windowLayers: 3}\nruntimes: [vllm]\n":          `4:1: model.slidingWindow: is missing`,
		head + "source: {repo: a/b, revision: main}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n":           `3:21: source.revision: not a commit`,
		ok + "runParameters: {vllm: {limit-mm-per-prompt: '{\"image\":2}'}}\n":                            ``,
	}
	for text, want := range tests {
		c, err := preset.Load(presets.FS, fstest.MapFS{"models/x/preset.yaml": file(text)})
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			if _, ok := c.Lookup("x"); !ok || len(c.Problems()) > 0 {
				t.Errorf("%s: %v", text, c.Problems())
			}
			continue
		}
		if len(c.Problems()) != 1 || !strings.HasPrefix(c.Problems()[0].Error(), "models/x/preset.yaml:"+want) {
			t.Errorf("%.200s: %v\nwant %s", text, c.Problems(), want)
		}
	}
}

// TestHijack: no file may change what a name means that is in use, unless its folder says so.
func TestHijack(t *testing.T) {
	load := func(files fstest.MapFS) (*preset.Catalog, []string, []string) {
		c, problems, err := preset.LoadLayers(preset.Layer{FS: presets.FS}, preset.Layer{FS: files, Path: "presets"})
		if err != nil {
			t.Fatal(err)
		}
		var p, n []string
		for _, e := range problems {
			p = append(p, e.Error())
		}
		for _, e := range c.Notes() {
			n = append(n, e.Error())
		}
		return c, p, n
	}
	c, problems, notes := load(fstest.MapFS{
		"models/evil/preset.yaml":       file("aliases: [fine, Phi-4]\n" + small),
		"models/worse/preset.yaml":      file("aliases: [MICROSOFT/phi-4]\n" + small),
		"models/twice/preset.yaml":      file("aliases: [twice, twice, Our]\n" + small),
		"models/uncle/preset.yaml":      file("aliases: [our]\n" + small),
		"models/phi-2/preset.yaml":      file(small),
		"models/mistral-7b/preset.yaml": file(small),
		"components/images/x.yaml":      file("x"),
	})
	want := []string{
		"presets/models/evil/preset.yaml:1:17: aliases[1]: Phi-4 is a name of preset phi-4 (leave it out, or call the folder models/phi-4 to put this preset in its place)",
		"presets/models/uncle/preset.yaml:1:11: aliases[0]: our is a name of preset twice (leave it out, or call the folder models/twice to put this preset in its place)",
		"presets/models/worse/preset.yaml:1:11: aliases[0]: MICROSOFT/phi-4 is a name of preset phi-4 (leave it out, or call the folder models/phi-4 to put this preset in its place)",
	}
	if strings.Join(problems, "\n") != strings.Join(want, "\n") {
		t.Errorf("problems:\n%s", strings.Join(problems, "\n"))
	}
	want = []string{
		"presets/components/images:1:1: takes the place of the built-in components/images",
		"presets/models/mistral-7b/preset.yaml:1:1: takes the name mistral-7b, by which mistral-7b-v0.3 was known",
		"presets/models/phi-2/preset.yaml:1:1: takes the place of the built-in models/phi-2",
	}
	if strings.Join(notes, "\n") != strings.Join(want, "\n") {
		t.Errorf("notes:\n%s", strings.Join(notes, "\n"))
	}
	for name, repo := range map[string]string{
		"phi-4": "microsoft/phi-4", "Microsoft/Phi-4": "microsoft/phi-4", "evil": "", "fine": "", "worse": "", "our": "team/model",
		"phi-2": "team/model", "mistral-7b": "team/model", "mistralai/Mistral-7B-v0.3": "mistralai/Mistral-7B-v0.3",
	} {
		if p, _ := c.Lookup(name); p.Repo != repo {
			t.Errorf("Lookup(%q).Repo = %q, want %q", name, p.Repo, repo)
		}
	}
	if c.From("phi-2") != "presets" || c.From("phi-4") != "" {
		t.Errorf("phi-2 is from %q, phi-4 from %q", c.From("phi-2"), c.From("phi-4"))
	}

	// A file that is too large is not read.
	c, problems, _ = load(fstest.MapFS{"models/huge/preset.yaml": file(small + strings.Repeat("# x\n", 1<<15))})
	if _, ok := c.Lookup("huge"); ok || len(problems) != 1 || !strings.Contains(problems[0], "larger than 64 KiB") {
		t.Errorf("a huge file: %v", problems)
	}
}
