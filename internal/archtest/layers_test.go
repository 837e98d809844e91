// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"syncer.dev/syncer/internal/golden"
)

const (
	layersDocument = "../../ARCHITECTURE.md"
	layersBegin    = "<!-- layers: generated from internal/archtest by \"make generate\" -->\n"
	layersEnd      = "<!-- end of layers -->\n"
)

// TestArchitectureListsLayers says that ARCHITECTURE.md shows the layers that the tests enforce.
func TestArchitectureListsLayers(t *testing.T) {
	text, err := os.ReadFile(layersDocument)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), layersBegin)
	_, after, ends := strings.Cut(rest, layersEnd)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines %q and %q", layersDocument, layersBegin, layersEnd)
	}
	golden.Equal(t, layersDocument, before+layersBegin+formatLayers()+layersEnd+after)
}

// TestPictureFitsOnAScreen says that ARCHITECTURE.md begins with a picture of at most 80 columns and 40 lines.
func TestPictureFitsOnAScreen(t *testing.T) {
	text, err := os.ReadFile(layersDocument)
	if err != nil {
		t.Fatal(err)
	}
	picture, found := strings.CutPrefix(string(text), "# Architecture\n\n```\n")
	picture, _, _ = strings.Cut(picture, "```\n")
	lines := strings.Split(picture, "\n")
	if !found || len(lines) > 40 {
		t.Errorf("%s begins with a picture of %d lines, want at most 40: %v", layersDocument, len(lines), found)
	}
	for _, line := range lines {
		if width := utf8.RuneCountInString(line); width > 80 {
			t.Errorf("%d columns, want at most 80: %s", width, line)
		}
	}
}

// formatLayers lists the layers from the top down, as calls go, and the packages beside them.
func formatLayers() string {
	var b strings.Builder
	b.WriteString("| layer | packages |\n|---|---|\n")
	for i, layer := range slices.Backward(layers) {
		fmt.Fprintf(&b, "| %d | %s |\n", i+1, formatNames(layer))
	}
	fmt.Fprintf(&b, "\nAdapters, imported by %s only: %s.\n", formatNames(composers), formatNames(adapters))
	fmt.Fprintf(&b, "\nHelpers of tests, the demo and releases: %s.\n", formatNames(helpers))
	return b.String()
}

func formatNames(names []string) string {
	return "`" + strings.Join(slices.Sorted(slices.Values(names)), "`, `") + "`"
}
