// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"maps"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/imagespec"
)

// TestTablesHaveTheImage: the image has every parser, template and tokenizer mode that "presets add" may write.
func TestTablesHaveTheImage(t *testing.T) {
	spec := imagespec.Current()
	var templates []string
	for _, v := range chatTemplates.prefixes {
		templates = append(templates, templatesDir+v)
	}
	values := func(t table) []string {
		return slices.Concat(slices.Collect(maps.Values(t.prefixes)), slices.Collect(maps.Values(t.architectures)))
	}
	for _, c := range []struct {
		what      string
		have, all []string
	}{
		{"tool parser", values(toolParsers), spec.ToolParsers},
		{"reasoning parser", values(reasoningParsers), spec.ReasoningParsers},
		{"tokenizer mode", values(tokenizers), spec.TokenizerModes},
		{"chat template", templates, spec.ChatTemplates},
	} {
		if len(c.have) == 0 {
			t.Errorf("no %s", c.what)
		}
		for _, v := range c.have {
			if !slices.Contains(c.all, v) {
				t.Errorf("the image has no %s %s", c.what, v)
			}
		}
	}
}
