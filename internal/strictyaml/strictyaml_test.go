// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/diag"
)

type inner struct {
	Name  string   `yaml:"name"`
	URLs  []string `yaml:"urls"`
	Count *int     `yaml:"count"`
}

type outer struct {
	Kind     string            `yaml:"kind"`
	Labels   map[string]string `yaml:"labels"`
	Inner    *inner            `yaml:"inner"`
	Any      any               `yaml:"any"`
	Interval time.Duration     `yaml:"interval"`
	On       bool              `yaml:"on"`
}

func decode(t *testing.T, text string) (outer, Positions, []diag.Diagnostic) {
	t.Helper()
	docs, err := Documents([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 1 {
		t.Fatalf("%d documents", len(docs))
	}
	var o outer
	p, errs := Decode(docs[0], &o)
	return o, p, errs
}

func TestDecode(t *testing.T) {
	o, _, errs := decode(t, "base: 1\nx: 1\n")
	if len(errs) != 2 {
		t.Fatalf("errors %v, want one for each unknown field (%v)", errs, o)
	}
	o, pos, errs := decode(t, `kind: A
labels: {a: b}
inner:
  name: n
  urls: [x, "y"]
  count: 3
any: {when: 2020-01-01, n: 1, f: 1.5, b: true, nothing: null, list: [1]}
interval: 90s
on: true
`)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if o.Kind != "A" || o.Labels["a"] != "b" || *o.Inner.Count != 3 || o.Interval != 90*time.Second || !o.On ||
		len(o.Inner.URLs) != 2 {
		t.Errorf("decoded %+v", o)
	}
	m := o.Any.(map[string]any)
	if m["when"] != "2020-01-01" || m["n"] != int64(1) || m["f"] != 1.5 || m["b"] != true || m["nothing"] != nil {
		t.Errorf("free-form %#v", m)
	}
	if p := pos["inner.urls[1]"]; p != (Position{5, 13}) {
		t.Errorf("position of inner.urls[1] is %v", p)
	}
	if p := pos["inner.count"]; p != (Position{6, 3}) {
		t.Errorf("position of inner.count is %v", p)
	}
}

func TestDecodeErrors(t *testing.T) {
	const unit = "(write a number with a unit, such as 30s, 5m or 1h30m)"
	for _, tt := range []struct{ text, want string }{
		{"kind: 1", `1:7: kind: must be text, not a number (quote it: "1")`},
		{"knid: A", `1:1: knid: unknown field "knid" (did you mean "kind"?)`},
		{"kind: A\nkind: B", `2:1: kind: field "kind" is given twice, first in line 1 (remove one of them)`},
		{"inner:\n  urls: x", `2:9: inner.urls: must be a list, not text (put it in a list: start the line with "- ")`},
		{"inner:\n  count: \"3\"", `2:10: inner.count: must be a whole number, not text (remove the quotes)`},
		{"inner: [1]", `1:8: inner: must be a mapping, not a list`},
		{"interval: 5", `1:11: interval: must be a duration, not a number ` + unit},
		{"interval: 99999999999h", `1:11: interval: must be a duration, not text ` + unit},
		{"on: yes", `1:5: on: must be true or false, not text`},
		{"labels: {a: true}", `1:13: labels.a: must be text, not true or false (quote it: "true")`},
	} {
		_, _, errs := decode(t, tt.text)
		if len(errs) != 1 || errs[0].Error() != tt.want {
			t.Errorf("%q:\n got %v\nwant %s", tt.text, errs, tt.want)
		}
	}
}

func TestMergeKey(t *testing.T) {
	o, _, errs := decode(t, "labels: &l {a: b, c: d}\nany:\n  <<: *l\n  a: z\n")
	m, _ := o.Any.(map[string]any)
	if len(errs) > 0 || m["a"] != "z" || m["c"] != "d" {
		t.Errorf("merged %v, errors %v", o.Any, errs)
	}
}

func TestSyntaxErrors(t *testing.T) {
	docs, err := Documents([]byte("kind: A\n---\nkind: B\n\tx: 1\n"))
	if err == nil || err.Line != 4 && err.Line != 3 || !strings.Contains(err.Hint, "spaces") {
		t.Errorf("tab: %v", err)
	}
	if len(docs) != 1 {
		t.Errorf("%d documents before the error, want 1", len(docs))
	}
	for text, line := range map[string]int{
		"a: 1\nb: [x\n":       2,
		"a: 1\nb: {x\n":       2,
		"a: [x\n":             2,
		"a: 1\nb: 2\n c: 3\n": 3,
		"a: 1\nb: \"x\n":      2,
	} {
		if _, err := Documents([]byte(text)); err == nil || err.Line != line {
			t.Errorf("%q: %v, want line %d", text, err, line)
		}
	}
	if _, err := Documents([]byte("a: b: c")); err == nil || err.Line != 1 || err.Hint == "" {
		t.Errorf("two colons: %v", err)
	}
}

func TestLimits(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("any:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 8 {
		list := strings.Repeat(fmt.Sprintf("*a%d, ", i), 9)
		fmt.Fprintf(&bomb, "  a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(list, ", "))
	}
	if _, _, errs := decode(t, bomb.String()); len(errs) != 1 || !strings.Contains(errs[0].Message, "values") {
		t.Errorf("billion laughs: %v", errs)
	}
	deep := "any: " + strings.Repeat("[", 500) + strings.Repeat("]", 500)
	if _, _, errs := decode(t, deep); len(errs) != 1 || !strings.Contains(errs[0].Message, "levels") {
		t.Errorf("deep: %v", errs)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"inference", "tuning", "resource", "qwen3-4b", "qwen3-8b-awq", "max-model-len", "max-num-seqs"}
	for name, want := range map[string]string{
		"infernce":   "inference",
		"infer":      "inference",
		"qwen3-8b":   "qwen3-8b-awq", // begins it, although another name is fewer edits away
		"qwen38b":    "qwen3-8b-awq",
		"maxModelLn": "max-model-len",
		"QWEN3_4B":   "qwen3-4b",
		"max-m":      "max-model-len",
		"maxn":       "max-num-seqs",
		"max-":       "",
		"-.":         "",
		"Tuning":     "tuning",
		"tunign":     "tuning",
		"completely": "",
		"x":          "",
		"res":        "",
	} {
		if got := Suggest(name, known); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("kind: A\ninner: {urls: [a]}\n---\nany: &x [*x]"))
	f.Add([]byte("<<: {a: b}\nany: !!binary aGk="))
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, _ := Documents(data)
		for _, d := range docs {
			var o outer
			_, errs := Decode(d, &o)
			for _, e := range errs {
				if e.Line < 1 {
					t.Fatalf("no position: %v", e)
				}
			}
		}
	})
}

// TestCheckText names files that are no plain text, at the line where that shows.
func TestCheckText(t *testing.T) {
	for name, test := range map[string]struct {
		text, at string
		reason   diag.Reason
	}{
		"plain":                 {"a: é\n", "", ""},
		"BOM at the start":      {"\ufeffa: b\n", "", ""},
		"LFS":                   {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "1:1", diag.LFSPointer},
		"about LFS":             {"# version https://git-lfs.github.com/spec/v1\n", "", ""},
		"conflict":              {"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> topic\n", "2:1", diag.MergeConflict},
		"conflict with CRLF":    {"a: 1\r\n<<<<<<<\r\n", "2:1", diag.MergeConflict},
		"end of a conflict":     {"a: 1\n>>>>>>> topic\n", "2:1", diag.MergeConflict},
		"no conflict":           {"a: |\n  <<<<<<< HEAD\n<<<<<<<<: x\n", "", ""},
		"UTF-16, little-endian": {"\xff\xfea\x00", "1:1", diag.WrongEncoding},
		"UTF-16, big-endian":    {"\xfe\xff\x00a", "1:1", diag.WrongEncoding},
		"UTF-16 without mark":   {"a\x00:\x00 \x001\x00", "1:1", diag.WrongEncoding},
		"Latin-1":               {"a: 1\nname: f\xfcr\n", "2:8", diag.WrongEncoding},
		"BOM inside":            {"a: 1\n---\n\ufeffb: 2\n", "3:1", diag.WrongEncoding},
	} {
		d := CheckText([]byte(test.text))
		switch {
		case d == nil:
			if test.at != "" {
				t.Errorf("%s: nothing, want %s", name, test.reason)
			}
		case d.Position.String() != test.at || d.Reason != test.reason:
			t.Errorf("%s: %s %s, want %s %s", name, d.Position, d.Reason, test.at, test.reason)
		}
		if _, syntax := Documents([]byte(test.text)); (d == nil) != (syntax == nil) && name != "no conflict" {
			t.Errorf("%s: Documents says %v", name, syntax)
		}
	}
}
