// SPDX-License-Identifier: Apache-2.0

package preset_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

// TestSourceFacts: each built-in preset says which licence holds, whether the model has code of its own, and which
// commit it is; each of these has a source, and what is not certain says so.
func TestSourceFacts(t *testing.T) {
	c := builtin(t)
	var unpinned, uncertain []string
	for _, p := range c.All() {
		l := preset.License{Name: p.License, URL: p.LicenseURL}
		if p.License == "" || !l.SPDX() && p.LicenseURL == "" {
			t.Errorf("%s: %q is neither an SPDX identifier nor a name with a URL", p.Name, p.License)
		}
		for _, field := range p.Uncertain {
			uncertain = append(uncertain, p.Name+" "+field)
		}
		if p.Repo == "" {
			continue
		}
		facts, err := c.Facts(p)
		if err != nil {
			t.Fatal(err)
		}
		stated := map[string]preset.Fact{}
		for _, f := range facts {
			stated[f.Field] = f
		}
		code, known := stated["source.remoteCode"]
		if !known || (code.Value == "true") != p.RemoteCode(preset.VLLM) {
			t.Errorf("%s: remoteCode is %q, the flag is set: %v", p.Name, code.Value, p.RemoteCode(preset.VLLM))
		}
		for _, field := range []string{"source.license", "source.remoteCode", "source.revision", "source.gated"} {
			if f, ok := stated[field]; ok && f.Source == "" {
				t.Errorf("%s: %s has no source", p.Name, field)
			}
		}
		if !p.Pinned() {
			unpinned = append(unpinned, p.Name)
		}
	}
	if diff := cmp.Diff([]string{"qwen3.5-397b-a17b-gptq-int4"}, unpinned); diff != "" {
		t.Errorf("unpinned (-want +got):\n%s", diff)
	}
	for _, name := range []string{"mistral-7b-v0.3 source.gated", "minimax-m2.7 source.license"} {
		if !slices.Contains(uncertain, name) {
			t.Errorf("%s is not marked as uncertain", name)
		}
	}
}

// TestHybrid: no preset whose layers have caches of different kinds lets KAITO's server switch the hybrid cache off.
func TestHybrid(t *testing.T) {
	count := 0
	for _, p := range builtin(t).All() {
		if !p.Model.Hybrid() || p.Deprecated != "" {
			continue
		}
		count++
		if got := p.RunParameters[preset.VLLM][preset.FlagCPUCache]; got != "0" {
			t.Errorf("%s: %s is %q, want 0", p.Name, preset.FlagCPUCache, got)
		}
	}
	if count < 20 {
		t.Errorf("only %d hybrid models", count)
	}
}

func TestCPUCache(t *testing.T) {
	full := preset.Model{Layers: 4}
	window := preset.Model{Layers: 4, FullLayers: 1, WindowLayers: 3, SlidingWindow: 128}
	states := preset.Model{Layers: 4, FullLayers: 1}
	tests := map[string]struct {
		model      preset.Model
		flag, file string
		want       preset.CPUCache
	}{
		"all layers alike":             {full, "", "", preset.CPUCache{}},
		"all alike, own value":         {full, "", "0.5", preset.CPUCache{}},
		"all alike, 0 by the preset":   {full, "0", "0.5", preset.CPUCache{Flag: "0", Ignored: true}},
		"windows":                      {window, "", "", preset.CPUCache{Flag: "0"}},
		"windows, 0 by the preset":     {window, "0", "", preset.CPUCache{Flag: "0"}},
		"windows, own value":           {window, "0", "0.5", preset.CPUCache{Whole: true}},
		"windows, own value 0":         {window, "0", "0", preset.CPUCache{Flag: "0"}},
		"windows, value of the preset": {window, "0.3", "", preset.CPUCache{Flag: "0.3", Whole: true}},
		"both": {
			window, "0.3", "0",
			preset.CPUCache{Flag: "0.3", Whole: true, Ignored: true},
		},
		"windows, a value that is no number":   {window, "0", "many", preset.CPUCache{Flag: "0"}},
		"states":                               {states, "", "", preset.CPUCache{Flag: "0"}},
		"states, own value: cannot be started": {states, "0", "0.5", preset.CPUCache{Flag: "0", Ignored: true}},
	}
	for name, tt := range tests {
		p := preset.Preset{Model: tt.model}
		if tt.flag != "" {
			p.RunParameters = map[preset.Runtime]map[string]string{preset.VLLM: {preset.FlagCPUCache: tt.flag}}
		}
		if diff := cmp.Diff(tt.want, p.CPUCache(tt.file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestSourceProblems: facts about the source that contradict each other, or that a reader cannot follow.
func TestSourceProblems(t *testing.T) {
	start := head + "model: {weights: 1Gi}\nruntimes: [vllm]\n"
	for _, tt := range []struct{ text, want string }{
		{
			start + "source: {repo: a/b, licenseURL: 'http://a.example/license'}\n",
			"models/x/preset.yaml:5:21: source.licenseURL: not an https URL (link to the text of the licence)",
		},
		{
			start + "source: {repo: a/b, remoteCode: false}\nrunParameters: {vllm: {trust_remote_code: ''}}\n",
			"models/x/preset.yaml:5:21: source.remoteCode: is false, but runParameters.vllm has trust-remote-code " +
				"(remove the flag: a model without code of its own needs none)",
		},
		{
			start + "source: {repo: a/b}\nuncertain: [source.gatet]\n",
			"", // a group that exists
		},
		{
			start + "source: {repo: a/b}\nuncertain: [gated]\n",
			"models/x/preset.yaml:6:13: uncertain[0]: unknown field " +
				"(use the path of a field or of a group, such as model.weights or model)",
		},
	} {
		c, err := preset.Load(presets.FS, fstest.MapFS{"models/x/preset.yaml": file(tt.text)})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range c.Problems() {
			got += p.Error()
		}
		if got != tt.want {
			t.Errorf("%q:\nhave %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestLicenseOf(t *testing.T) {
	for tag, want := range map[string]string{
		"apache-2.0": "Apache-2.0", "MIT": "MIT", "gemma": "Gemma Terms of Use", "own": "own", "": "",
	} {
		if got := preset.LicenseOf(tag).Name; got != want {
			t.Errorf("LicenseOf(%q) = %q, want %q", tag, got, want)
		}
	}
	if preset.LicenseOf("own").SPDX() || preset.LicenseOf("gemma").SPDX() || !preset.LicenseOf("mit").SPDX() {
		t.Error("SPDX says yes for a licence without an identifier, or no for MIT")
	}
}
