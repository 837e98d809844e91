// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// TestHostile reads files that are broken, foreign or hostile. Load reports each at its place, and reads the Workspace
// beside it as without the file.
func TestHostile(t *testing.T) {
	for _, c := range archivedCases(t, "hostile.txtar") {
		place, want, _ := strings.Cut(c.want, "\n")
		t.Run(c.name, func(t *testing.T) { checkHostile(t, c.text, place, want) })
	}
}

// TestHostileBytes is TestHostile for files that are large, or no plain text.
func TestHostileBytes(t *testing.T) {
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	crlf := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	renamed := func(name string) string { return strings.Replace(served, "phi", name, 1) }
	misspelt := strings.Replace(renamed("misspelt"), "inference:", "infernce:", 1)
	for _, tt := range []struct{ name, text, line, want string }{
		{name: "empty"},
		{name: "alias bomb", text: aliasBomb(), want: "more than 50000 values"},
		{name: "deep", text: configMap + "data: " + nested(3000), line: "4:", want: "levels deep"},
		{name: "very deep", text: strings.Repeat("[", 200_000), line: "1:", want: "exceeded max depth"},
		{name: "long keys, nested", text: longKeys(), want: "more than 50000 values"},
		{name: "huge", text: strings.Repeat("#", 2<<20), line: "1:1", want: "at most 1048576 are supported"},
		{name: "not UTF-8", text: "a: \xff\xfe\n", line: "1:", want: "UTF-8"},
		{name: "latin-1", text: "# f\xfcr\na: 1\n", line: "1:", want: "UTF-8"},
		{name: "binary", text: "\x00\x01\x02", line: "1:", want: "control characters"},
		{name: "BOM", text: "\ufeff" + renamed("bom")},
		{name: "BOM and CRLF", text: "\ufeff" + crlf(renamed("crlf"))},
		{name: "CRLF, misspelt", text: crlf(misspelt), line: "7:1", want: `did you mean "inference"?`},
		{name: "many documents", text: strings.Repeat("---\na: 1\n", 600), want: "more than 500 documents"},
		{name: "many mistakes", text: renamed("many") + "zz:\n" + mistakes(5000), want: "more than 100 errors"},
		{
			name: "merged bomb",
			text: configMap + "x: &x {a: 1}\ndata: {<<: [" + strings.Repeat("*x,", 60_000) + "*x]}\n",
			want: "more than 50000 values",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { checkHostile(t, tt.text, "a.yaml:"+tt.line, tt.want) })
	}
}

// checkHostile loads a file beside a valid Workspace. If want is not empty, one of the problems begins with the place
// and contains want; otherwise there is no problem.
func checkHostile(t *testing.T, text, place, want string) {
	t.Helper()
	set, err := load.Load(fstest.MapFS{
		"a.yaml":    {Data: []byte(text)},
		"good.yaml": {Data: []byte(served)},
		"link.yaml": {Data: []byte("good.yaml"), Mode: fs.ModeSymlink | 0o777},
	}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	link := 0
	set.Problems = slices.DeleteFunc(set.Problems, func(p diag.Diagnostic) bool {
		if p.Path == "link.yaml" {
			link++
		}
		return p.Path == "link.yaml"
	})
	if link != 1 {
		t.Errorf("Load reports the link %d times", link)
	}
	good := workspace.Key{Namespace: "default", Name: "phi"}
	if set.Find(good) == nil || len(set.ErrorsOf(good)) > 0 {
		t.Error("the file affects the Workspace beside it")
	}
	if len(set.Problems) > mostProblems {
		t.Errorf("%d problems", len(set.Problems))
	}
	if want == "" {
		if len(set.Problems) > 0 {
			t.Errorf("%v", set.Problems)
		}
		return
	}
	found := false
	for _, p := range set.Problems {
		found = found || strings.HasPrefix(p.String(), place) && strings.Contains(p.String(), want)
		if len(p.String()) > 3000 {
			t.Errorf("a message of %d characters", len(p.String()))
		}
	}
	if !found {
		t.Errorf("no problem at %s contains %q: %.2000v", place, want, set.Problems)
	}
}

// mostProblems is the most that one file can cause: a problem for each of its documents, and one more.
const mostProblems = 501

// aliasBomb returns a small document that has 10^10 values with its aliases expanded.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: bomb}
inference:
  template:
    a0: &a0 [x, x, x, x, x, x, x, x, x, x]
`)
	for i := range 9 {
		list := strings.Repeat(fmt.Sprintf("*a%d, ", i), 10)
		fmt.Fprintf(&b, "    a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(list, ", "))
	}
	return b.String()
}

// longKeys returns a document of nested mappings with long keys, around a long list.
func longKeys() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: long}\n")
	for i := range 60 {
		indent := strings.Repeat(" ", i)
		fmt.Fprintf(&b, "%s? %s\n%s:\n", indent, strings.Repeat("k", 1000), indent)
	}
	fmt.Fprintf(&b, "%s[%sa]\n", strings.Repeat(" ", 60), strings.Repeat("a,", 100_000))
	return b.String()
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) + "\n" }

// mistakes returns n lines, each with an unknown field.
func mistakes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "z%s%c%c%c: 1\n", strings.Repeat("y", i%7), 'a'+i%26, 'a'+i/26%26, 'a'+i/676)
	}
	return b.String()
}
