// SPDX-License-Identifier: Apache-2.0

package modelconfig_test

import (
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/modelconfig"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/presets"
)

// TestPresets holds the run parameters of every preset against the image. When the image is raised, it shows which
// flags, templates and parsers are no longer there.
func TestPresets(t *testing.T) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	spec := imagespec.Current()
	checked := 0
	for _, p := range catalog.All() {
		if p.OwnImage {
			t.Errorf("%s: the built-in presets do not use the image %s that is known", p.Name, imagespec.Image)
		}
		for _, d := range modelconfig.CommandLine(p.RunParameters[preset.VLLM]) {
			t.Errorf("%s: vllm: %s", p.Name, d.Text())
		}
		for name, value := range p.RunParameters[preset.Transformers] {
			if _, ok := spec.TransformersFlags[name]; !ok {
				t.Errorf("%s: transformers: %s is no flag of KAITO's server", p.Name, name)
			}
			if name == "chat_template" && !slices.Contains(spec.ChatTemplates, value) {
				t.Errorf("%s: transformers: the image has no %s", p.Name, value)
			}
		}
		checked += len(p.RunParameters[preset.VLLM])
	}
	if checked < 200 {
		t.Errorf("only %d flags", checked)
	}
}

// TestDefaultTraining holds the training configurations that syncer renders by default against the image.
func TestDefaultTraining(t *testing.T) {
	for _, file := range []string{"base/lora-params/configmap.yaml", "base/qlora-params/configmap.yaml"} {
		data, err := presets.FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		docs, syntax := strictyaml.Documents(data)
		if syntax != nil || len(docs) != 1 {
			t.Fatal(file, syntax)
		}
		text := strictyaml.Text(strictyaml.Field(strictyaml.Field(docs[0], "data"), modelconfig.TrainingKey))
		if !strings.Contains(text, "LoraConfig") {
			t.Errorf("%s: no configuration: %s", file, text)
		}
		for _, d := range modelconfig.Training(text, modelconfig.Server{}) {
			t.Errorf("%s: %v", file, d)
		}
	}
}

// TestParserAndTemplate: a preset with a template for tools names the parser that reads what the template makes.
func TestParserAndTemplate(t *testing.T) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range catalog.All() {
		flags := p.RunParameters[preset.VLLM]
		_, auto := flags["enable-auto-tool-choice"]
		parser := flags["tool-call-parser"]
		if auto != (parser != "") || strings.Contains(flags["chat-template"], "/tool-chat-") && parser == "" {
			t.Errorf("%s: template %q, parser %q, enable-auto-tool-choice %t", p.Name, flags["chat-template"], parser, auto)
		}
	}
}
