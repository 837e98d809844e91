// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFields(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		want                []Field
	}{
		{"value", "a: {b: 1}", "a: {b: 2}", []Field{{"a.b", []string{"-1", "+2"}}}},
		{"type", "a: 1", "a: \"1\"", []Field{{"a", []string{"-1", "+1"}}}},
		{"added", "a: {}", "a: {b: {c: [1, 2]}}", []Field{{"a", []string{"+b:", "+  c:", "+    - 1", "+    - 2"}}}},
		{"removed", "a: 1\nb: x", "a: 1", []Field{{"", []string{"-b: x"}}}},
		{"empty", "a: \"\"", "a: x", []Field{{"a", []string{"-\"\"", "+x"}}}},
		{
			name:   "entry with a name",
			before: "containers: [{name: a, image: x:1}, {name: server, image: y:1}]",
			after:  "containers: [{name: server, image: y:2}, {name: a, image: x:1}]",
			want: []Field{
				{"containers", []string{orderChanged}}, {"containers[server].image", []string{"-y:1", "+y:2"}},
			},
		},
		{
			name:   "entry without a name",
			before: "args: [--one, --max-model-len=8192]",
			after:  "args: [--one, --max-model-len=32768]",
			want:   []Field{{"args", []string{"---max-model-len=8192", "+--max-model-len=32768"}}},
		},
		{
			name:   "odd key",
			before: "metadata: {labels: {a.b/c: d}}",
			after:  "metadata: {labels: {a.b/c: e}}",
			want:   []Field{{"metadata.labels[a.b/c]", []string{"-d", "+e"}}},
		},
		{
			name:   "several lines",
			before: "data:\n  f: |\n    one\n    --- \n    two\n",
			after:  "data:\n  f: |\n    one\n    --- \n    three\n",
			want:   []Field{{"data.f", []string{" one", " --- ", "-two", "+three"}}},
		},
		{"secret", "kind: Secret\ndata: {a: b25l}", "kind: Secret\ndata: {a: dHdv}", []Field{
			{"data.a", []string{"-[redacted] (before)", "+[redacted] (after)"}},
		}},
		{"same", "a: 1", "a: 1", nil},
		{"noise", "metadata: {annotations: {noise: a}, labels: {noise: a}}", "metadata: {annotations: {noise: b}}", nil},
		{
			name:   "noise of pods",
			before: "spec: {template: {metadata: {annotations: {noise: a}}}, x: 1}",
			after:  "spec: {template: {metadata: {annotations: {noise: b}}}, x: 2}",
			want:   []Field{{"spec.x", []string{"-1", "+2"}}},
		},
		{
			name:   "noise of pods alone",
			before: "spec: {template: {metadata: {annotations: {noise: a}}}}",
			after:  "spec: {template: {metadata: {annotations: {noise: b}}}}",
			want:   []Field{{"spec.template.metadata.annotations.noise", []string{"-a", "+b"}}},
		},
		{"created", "", "a: 1", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Objects(object(t, tt.before), object(t, tt.after), "noise")
			if diff := cmp.Diff(tt.want, d.Fields); diff != "" {
				t.Error(diff)
			}
			if tt.name == "noise" && (len(d.Paths) > 0 || d.Unified != "") {
				t.Errorf("paths %q, diff:\n%s", d.Paths, d.Unified)
			}
		})
	}
}

// FuzzFields: every difference of two objects is listed, and no object makes it fail.
func FuzzFields(f *testing.F) {
	for _, s := range []string{
		"a: 1", "a: [1, 2, 2]", "a: [{name: x, b: 1}, {name: x, b: 2}]", "kind: Secret\ndata: {a: b25l}", "a: null", "a: .nan",
		"a: 2026-01-02", "a: \"\\n\"", "a: [[1], [2]]", "a: [null]", "a: \"--- \\n@@ x\"", "a: !!binary aGk=",
	} {
		f.Add("a: {b: 1}", s)
		f.Add(s, "a: [2, 1]")
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		a, okA := parsed(before)
		b, okB := parsed(after)
		if !okA || !okB {
			return
		}
		d := Objects(a, b)
		if (len(d.Paths) == 0) != (len(d.Fields) == 0) {
			t.Errorf("paths %q, fields %q", d.Paths, d.Fields)
		}
		for _, field := range d.Fields {
			for _, line := range field.Lines {
				if strings.Contains(line, "\n") || line == "" || !strings.ContainsRune("+- ", rune(line[0])) {
					t.Errorf("%s: %q", field.Path, line)
				}
			}
		}
	})
}
