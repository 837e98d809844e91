// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const aWorkspace = `# what it is for
apiVersion: kaito.sh/v1beta1
kind: Workspace # a kind
metadata:
  name: a-name
  labels: {a: b, c: "d", 'e': 'f', g: [h, i, "j"]} # no words here

resource:
  count: 1
  labelSelector: {matchLabels: {pool: '9', other: one}}
  list:
  - word
  -  - other
     - "quoted"
  - key: value
    no word: two words
  flow: [one, two,
    three, {a: b, c}]
inference:
  preset:
    name: phi-4
  text: |
    word
    a: word
  long: word
    word
  none:
# the end
---
{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"b","c":1,"d":null,"e":"two words"}}
`

// sameAsDocuments reads texts one after the other, and holds what comes of each to what Documents makes of it alone.
func sameAsDocuments(t *testing.T, texts ...string) {
	t.Helper()
	var p Parser
	for i, text := range texts {
		got, d := p.Documents([]byte(text))
		want, wanted := Documents([]byte(text))
		if !reflect.DeepEqual(want, got) || !reflect.DeepEqual(wanted, d) {
			t.Fatalf("%q, after %q: %s%s", text, texts[:i], cmp.Diff(want, got), cmp.Diff(wanted, d))
		}
	}
}

// words are what tests write into blanks: some have another type than text, some a meaning elsewhere, and the last
// ones fit into no blank.
var words = []string{
	"a", "word", "true", "null", "~", "1", "0x10", "1.5", "1e3", "2026-12-01", "no", "y", "NaN", ".inf", "a-b", "a.b/c",
	strings.Repeat("w", maxWord), "1-", "a/", "0", "08", "0o7", "-1", "a--",
	"", "-", "- a", "a b", "a: b", "a:", ":a", "a:b", "#", "a #", "a#", "&a", "*a", "!a", "|", ">", "[", "]", "a]", "{}",
	"a,b", ",", "'", "\"", "a'", "%", "@", "`", "?", "? a", "<<", "---", "...", "\n", "a\nb: c", "\t", "a\t", "\r", "ü",
	"\u2028", "\ufeff", "\x00", "\xff", strings.Repeat("w", maxWord+1), "a_b", "<<<<<<<", "a\n<<<<<<< b",
}

// TestSameForm: files that differ in some words are read as each would be alone, also where a word has a meaning.
func TestSameForm(t *testing.T) {
	docs, d := Documents([]byte(aWorkspace))
	if d != nil {
		t.Fatal(d)
	}
	f := formOf([]byte(aWorkspace), docs)
	if f == nil || len(f.blanks) < 20 {
		t.Fatalf("%+v is the form", f)
	}
	fill := func(word func() string) string {
		var text strings.Builder
		for _, part := range f.parts[:len(f.blanks)] {
			text.Write(part)
			text.WriteString(word())
		}
		text.Write(f.parts[len(f.blanks)])
		return text.String()
	}
	for _, word := range words {
		other := fill(func() string { return word })
		_, ok := f.words([]byte(other))
		if is := isWord(word); ok != is {
			t.Errorf("%q: it is of the form: %t, want %t", word, ok, is)
		}
		sameAsDocuments(t, aWorkspace, other, aWorkspace)
	}
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		few := words
		if seed%2 == 0 {
			few = words[:24]
		}
		sameAsDocuments(t, aWorkspace, fill(func() string {
			if rnd.IntN(8) > 0 {
				return "word"
			}
			return few[rnd.IntN(len(few))]
		}))
	}
}

// TestOtherForm: any byte of a file may be another, or missing.
func TestOtherForm(t *testing.T) {
	const text = "a: word # c\nb:\n- {c: d, 'e': [\"f\", g], h}\n# c\n- i: j\n  k: |\n   l\n---\nm:\n n\no: p\n"
	for i := range text {
		texts := []string{text, text[:i], text[:i] + text[i+1:]}
		for _, c := range "a -:#\n'\"[]{},&*!|>\t\r" {
			texts = append(texts, text[:i]+string(c)+text[i:], text[:i]+string(c)+text[i+1:])
		}
		sameAsDocuments(t, texts...)
	}
}

// TestFormsOfMany: no document shares anything with another that a reader could change.
func TestFormsOfMany(t *testing.T) {
	var p Parser
	for i := range 100 {
		text := strings.ReplaceAll(aWorkspace, "a-name", fmt.Sprintf("name-%d", i))
		text = strings.ReplaceAll(text, "inference", strings.Repeat("x", 1+i%20))
		docs, d := p.Documents([]byte(text))
		want, _ := Documents([]byte(text))
		if diff := cmp.Diff(want, docs); d != nil || diff != "" {
			t.Fatalf("%d: %v, %s", i, d, diff)
		}
		if len(p.forms) > maxForms {
			t.Fatalf("%d forms", len(p.forms))
		}
		for _, doc := range docs {
			spoil(doc)
		}
	}
}

func spoil(n *yaml.Node) {
	for _, child := range n.Content {
		spoil(child)
	}
	n.Content = append(n.Content, n)
	n.Value, n.Tag, n.Line, n.HeadComment = "spoilt", "!!spoilt", -1, "spoilt"
}

// FuzzParser reads two files one after the other.
func FuzzParser(f *testing.F) {
	f.Add(aWorkspace, strings.ReplaceAll(aWorkspace, "word", "other"))
	for _, word := range words {
		form := "a: %s\nb: [%[1]s, '%[1]s', {c: \"%[1]s\"}]\n"
		f.Add(fmt.Sprintf(form, "word"), fmt.Sprintf(form, word))
	}
	f.Fuzz(func(t *testing.T, a, b string) { sameAsDocuments(t, a, b, a) })
}

// BenchmarkParser reads a file of a form that is known.
func BenchmarkParser(b *testing.B) {
	var p Parser
	b.ReportAllocs()
	for b.Loop() {
		if _, d := p.Documents([]byte(aWorkspace)); d != nil {
			b.Fatal(d)
		}
	}
}

// BenchmarkDocuments reads it as if it were the only one.
func BenchmarkDocuments(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, d := Documents([]byte(aWorkspace)); d != nil {
			b.Fatal(d)
		}
	}
}
