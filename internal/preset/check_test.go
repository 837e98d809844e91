// SPDX-License-Identifier: Apache-2.0

package preset_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

// TestSources checks that every fact of the catalogue names its source.
func TestSources(t *testing.T) {
	for _, p := range builtin(t).All() {
		fields := []string{"disk"}
		if p.Deprecated == "" {
			fields = append(
				fields,
				"source.repo",
				"source.license",
				"model.weights",
				"model.kvBytesPerToken",
				"model.dtype",
				"runtimes",
				"runParameters.vllm.dtype",
			)
		}
		for field, there := range map[string]bool{
			"source.revision":     p.Revision != "",
			"source.gated":        p.Gated,
			"model.vocabSize":     p.Model.VocabSize > 0,
			"model.parameters":    p.Model.Parameters > 0,
			"model.fullLayers":    p.Model.FullLayers > 0,
			"tuning.disk":         p.Tuning != nil,
			"history.image":       p.History != nil,
			"cudaToolkit":         p.CUDAToolkit,
			"noAdapters":          len(p.NoAdapters) > 0,
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
		// Facts that KAITO does not state must not name it as their source.
		for _, field := range []string{
			"model.parameters",
			"model.vocabSize",
			"model.intermediateSize",
			"model.fullLayers",
			"model.experts",
		} {
			if s := p.Sources[field]; strings.Contains(s, "KAITO") {
				t.Errorf("%s: %s is from %q", p.Name, field, s)
			}
		}
	}
	p, _ := builtin(t).Lookup("phi-4")
	if a, b := p.SourceOf("model.vocabSize"), p.SourceOf("model.heads"); a == "" || strings.Contains(a, "KAITO") ||
		!strings.HasPrefix(b, "KAITO v0.12.0") ||
		p.SourceOf("none") != "" {
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
		// Some figures are rounded to ten million parameters, which is a quarter of a percent of two billion.
		if ratio := float64(2*m.Parameters) / float64(m.WeightBytes); ratio < 0.9975 || ratio > 1.0025 {
			t.Errorf("%s: %d parameters take %.4f of %d bytes", p.Name, m.Parameters, ratio, m.WeightBytes)
		}
	}
	if counted < 20 {
		t.Errorf("only %d models say how many parameters they have", counted)
	}
}

// TestLoaded: weights that a repository holds twice count once, but for KAITO; and they take what a start of vLLM says.
func TestLoaded(t *testing.T) {
	c := builtin(t)
	for name, want := range map[string][3]float64{ // files, loaded, as KAITO counts
		"gpt-oss-20b":           {12.82, 12.82, 25.63},
		"gpt-oss-120b":          {60.77, 61.29, 121.54},
		"phi-4":                 {27.31, 27.39, 27.31},
		"phi-3.5-mini-instruct": {7.12, 7.12, 7.12},
	} {
		p, _ := c.Lookup(name)
		for i, bytes := range []int64{p.Model.WeightBytes, p.Model.Loaded(), p.Model.Counted()} {
			if got := float64(bytes) / gib; got < want[i]-0.001 || got > want[i]+0.001 {
				t.Errorf("%s: figure %d is %.3f GiB, want %v", name, i, got, want[i])
			}
		}
	}
}

func TestHostile(t *testing.T) {
	const ok = small
	tests := []struct{ text, want string }{
		{
			text: ok + "runParameters: {vllm: {api-key: abc}}\n",
			want: `6:24: runParameters.vllm.api-key: secrets must not be in Git`,
		},
		{
			text: ok + "runParameters: {vllm: {served_model_name: x}}\n",
			want: `6:24: runParameters.vllm.served_model_name: syncer sets this flag for each Workspace`,
		},
		{
			text: ok + "runParameters: {vllm: {middleware: evil.py}}\n",
			want: `6:24: runParameters.vllm.middleware: would load code into the server`,
		},
		{
			text: ok + "runParameters: {vllm: {middlew: evil.py}}\n",
			want: `6:24: runParameters.vllm.middlew: would load code into the server`,
		},
		{
			text: ok + "runParameters: {vllm: {kv-transfer-config.kv_connector_module_path: evil}}\n",
			want: `6:24: runParameters.vllm.kv-transfer-config.kv_connector_module_path: would load code into the server`,
		},
		{
			text: ok + "runParameters: {vllm: {host.a: x}}\n",
			want: `6:24: runParameters.vllm.host.a: syncer sets this flag for each Workspace`,
		},
		{
			text: ok + "runParameters: {vllm: {\"x; reboot\": y}}\n",
			want: `6:24: runParameters.vllm.x; reboot: not the name of a flag`,
		},
		{
			text: ok + "runParameters: {vllm: {dtype: \"$(reboot)\"}}\n",
			want: `6:24: runParameters.vllm.dtype: has a character that is not allowed in a flag`,
		},
		{
			text: ok + "runParameters: {vllm: {dtype: \"a\\nb\"}}\n",
			want: `6:24: runParameters.vllm.dtype: has a character that is not allowed in a flag`,
		},
		{
			text: ok + "runParameters: {vllm: {dtype: '`x`'}}\n",
			want: `6:24: runParameters.vllm.dtype: has a character that is not allowed in a flag`,
		},
		{
			text: ok + "runParameters: {vllm: {x: " + strings.Repeat(
				"a",
				501,
			) + "}}\n",
			want: `6:24: runParameters.vllm.x: the value is too long`,
		},
		{ok + "tuning: {env: {\"A B\": x}}\n", `6:16: tuning.env.A B: not the name of a variable`},
		{ok + "aliases: [\"a\\u001b[31m\"]\n", `6:11: aliases[0]: not one line of at most 500 characters`},
		{ok + "sources: {modle: me}\n", `6:11: sources.modle: unknown field`},
		{ok + "sources: {model.wieghts: me}\n", ``}, // below a group that there is
		{
			text: head + "source: {repo: ../../etc}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n",
			want: `3:10: source.repo: not a Hugging Face repository`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 1099511627776}\nruntimes: [vllm]\n",
			want: `4:23: model.layers: more than 1073741824`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, loadedWeights: 2Gi}\nruntimes: [vllm]\n",
			want: `4:23: model.loadedWeights: more than 1.25 times model.weights`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 131Gi, loadedWeights: 10Gi}\nruntimes: [vllm]\n",
			want: `4:25: model.loadedWeights: less than a quarter of model.weights`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 131Gi, loadedWeightsMarlin: 0Gi}\nruntimes: [vllm]\n",
			want: `4:25: model.loadedWeightsMarlin: less than a quarter of model.weights`,
		},
		{head + "source: {repo: a/b}\nmodel: {weights: 16Gi, loadedWeights: 4Gi}\nruntimes: [vllm]\n", ``},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 2, fullLayers: 3}\nruntimes: [vllm]\n",
			want: `4:34: model.fullLayers: 3 and 0 windowLayers are more than 2 layers`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 4, fullLayers: 3, kvSharedLayers: 2}\n" +
				"runtimes: [vllm]\n",
			want: `4:49: model.kvSharedLayers: 2 and 3 layers of other kinds are more than 4 layers`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 4, csaLayers: 3, hcaLayers: 2}\nruntimes: [vllm]\n",
			want: `4:34: model.csaLayers: 3 and 2 layers of other kinds are more than 4 layers`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, layers: 4, stateLayers: 3}\nruntimes: [vllm]\n",
			want: `4:1: model.stateBytesPerLayer: is missing`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 2Gi, kaitoWeights: 1Gi}\nruntimes: [vllm]\n",
			want: `4:23: model.kaitoWeights: less than model.weights`,
		},
		{
			text: head + "source: {repo: a/b}\nmodel: {weights: 1Gi, windowLayers: 3}\nruntimes: [vllm]\n",
			want: `4:1: model.slidingWindow: is missing`,
		},
		{
			text: head + "source: {repo: a/b, revision: main}\nmodel: {weights: 1Gi}\nruntimes: [vllm]\n",
			want: `3:21: source.revision: not a commit`,
		},
		{ok + "runParameters: {vllm: {limit-mm-per-prompt: '{\"image\":2}'}}\n", ``},
	}
	for _, tt := range tests {
		c, err := preset.Load(presets.FS, fstest.MapFS{"models/x/preset.yaml": file(tt.text)})
		if err != nil {
			t.Fatal(err)
		}
		if tt.want == "" {
			if _, ok := c.Lookup("x"); !ok || len(c.Problems()) > 0 {
				t.Errorf("%s: %v", tt.text, c.Problems())
			}
			continue
		}
		if len(c.Problems()) != 1 || !strings.HasPrefix(c.Problems()[0].Error(), "models/x/preset.yaml:"+tt.want) {
			t.Errorf("%.200s: %v\nwant %s", tt.text, c.Problems(), tt.want)
		}
	}
}

// TestHijack: no file may change the preset of a name in use, unless the name of its folder shows that.
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
		"presets/models/evil/preset.yaml:1:17: aliases[1]: Phi-4 is a name of preset phi-4 (remove the alias, or " +
			"rename the folder to models/phi-4 to override that preset)",
		"presets/models/uncle/preset.yaml:1:11: aliases[0]: our is a name of preset twice (remove the alias, or " +
			"rename the folder to models/twice to override that preset)",
		"presets/models/worse/preset.yaml:1:11: aliases[0]: MICROSOFT/phi-4 is a name of preset phi-4 (remove the " +
			"alias, or rename the folder to models/phi-4 to override that preset)",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	want = []string{
		"presets/components/images:1:1: overrides the built-in components/images",
		"presets/models/mistral-7b/preset.yaml:1:1: takes over the name mistral-7b, an alias of mistral-7b-v0.3",
		"presets/models/phi-2/preset.yaml:1:1: overrides the built-in models/phi-2",
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	for name, repo := range map[string]string{
		"phi-4":                     "microsoft/phi-4",
		"Microsoft/Phi-4":           "microsoft/phi-4",
		"evil":                      "",
		"fine":                      "",
		"worse":                     "",
		"our":                       "team/model",
		"phi-2":                     "team/model",
		"mistral-7b":                "team/model",
		"mistralai/Mistral-7B-v0.3": "mistralai/Mistral-7B-v0.3",
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
