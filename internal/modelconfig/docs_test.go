// SPDX-License-Identifier: Apache-2.0

package modelconfig_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/modelconfig"
)

// TestDocs writes docs/settings.md from what the image takes.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("testdata/settings.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	spec := imagespec.Current()
	var sources, flags, retired, tuning strings.Builder
	sources.WriteString("| in the image | release | read at commit |\n|---|---|---|\n")
	fmt.Fprintf(&sources, "| kaito-base | %s | |\n", spec.Image)
	for _, project := range slices.Sorted(maps.Keys(spec.Sources)) {
		s := spec.Sources[project]
		version := s.Version
		if s.AtLeast != "" {
			version = fmt.Sprintf("at least %s; read: %s", s.AtLeast, version)
		}
		fmt.Fprintf(&sources, "| %s | %s | `%.12s` |\n", project, version, s.Commit)
	}
	table := func(to *strings.Builder, section string, args map[string]imagespec.Arg) {
		to.WriteString("| key | value |\n|---|---|\n")
		for _, name := range slices.Sorted(maps.Keys(args)) {
			takes := words(args[name])
			if limit := modelconfig.TrainingRange(section, name); limit != "" {
				takes += ", " + limit
			}
			fmt.Fprintf(to, "| `%s` | %s |\n", name, takes)
		}
	}
	table(&flags, "", spec.Flags)
	retired.WriteString("| flag | last release with it |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(spec.Retired)) {
		fmt.Fprintf(&retired, "| `%s` | %s |\n", name, spec.Retired[name])
	}
	for i, section := range slices.Sorted(maps.Keys(spec.Tuning)) {
		if i > 0 {
			tuning.WriteString("\n")
		}
		fmt.Fprintf(&tuning, "### %s\n\n", section)
		table(&tuning, section, spec.Tuning[section])
	}
	page := strings.NewReplacer(
		"{{sources}}\n", sources.String(), "{{flags}}\n", flags.String(), "{{retired}}\n", retired.String(),
		"{{tuning}}\n", tuning.String(), "{{vllm}}", spec.Sources["vllm"].Version,
	).Replace(string(text))
	golden.Equal(t, "../../docs/settings.md", page)
}

// words says what an argument takes.
func words(a imagespec.Arg) string {
	var out string
	switch a.Kind {
	case imagespec.Bool:
		out = "true or false"
		if a.Negative {
			out = "a switch; also with `no-`"
		}
	case imagespec.Int:
		out = "whole number"
	case imagespec.Size:
		out = "whole number, `8k` or `8K`"
	case imagespec.Length:
		out = "whole number, `8k`, `8K` or `auto`"
	case imagespec.Float:
		out = "number"
	case imagespec.Choice:
		out = "`" + strings.Join(a.Choices, "`, `") + "`"
	case imagespec.JSON:
		out = "JSON"
	case imagespec.List:
		out = "text, or several"
		if a.Elem == imagespec.Int {
			out = "whole number, or several"
		}
	case imagespec.Unset:
		out = "cannot be set here"
	default:
		out = "text"
	}
	if r := a.Range(); r != "" {
		out += ", " + r
	}
	if len(a.Known) > 0 {
		out += ": `" + strings.Join(a.Known, "`, `") + "`, or a plugin's"
	}
	return out
}
