// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/golden"
)

// TestKAITOExamples: each of KAITO's examples of one file is valid, and renders, or is refused for the reasons that
// docs/kaito-differences.md lists, each with what to do.
func TestKAITOExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/kaito-v0.12.0/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 42 {
		t.Errorf("%d examples, want 42", len(files))
	}
	var table strings.Builder
	table.WriteString("| example | line | reason | message | what to do |\n|---|---|---|---|---|\n")
	valid := 0
	for _, file := range files {
		code, out := runWith(t, "validate", file, "--format", "json")
		var list struct {
			Problems []struct{ Reason, Severity, Field, Message, Hint, Line json.RawMessage }
		}
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		errors := 0
		for _, p := range list.Problems {
			if cell(p.Severity) != "error" {
				continue
			}
			errors++
			if cell(p.Hint) == "" {
				t.Errorf("%s: no hint for: %s", file, p.Message)
			}
			fmt.Fprintf(&table, "| `%s` | %s | %s | `%s` %s | %s |\n", filepath.Base(file), p.Line, cell(p.Reason),
				cell(p.Field), cell(p.Message), cell(p.Hint))
		}
		if (code == 0) != (errors == 0) {
			t.Errorf("%s: exit code %d with %d errors", file, code, errors)
		}
		if errors > 0 {
			continue
		}
		valid++
		if code, out := runWith(t, "render", file); code != 0 {
			t.Errorf("%s is valid, and does not render: %s", file, out)
		}
	}
	fmt.Fprintf(&table, "\nThe other %d are valid.\n", valid)
	golden.Section(t, "../../docs/kaito-differences.md", "examples", table.String())
}

// cell decodes a text of a document for a cell of a table.
func cell(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return strings.ReplaceAll(s, "|", "\\|")
}

// runWith runs a command line, and returns its exit code and standard output.
func runWith(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	std := Stdio{
		In:  strings.NewReader(""),
		Out: &stdout,
		Err: &stderr,
		Env: func(string) (string, bool) { return "", false },
	}
	code = Run(t.Context(), args, std)
	if stdout.Len() == 0 {
		return code, stderr.String()
	}
	return code, stdout.String()
}
