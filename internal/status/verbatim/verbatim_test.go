// SPDX-License-Identifier: Apache-2.0

package verbatim

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// sample has a field of each kind.
type sample struct {
	Name     string   `yaml:"name"`
	Brief    brief    `yaml:"brief,flow"`
	Why      string   `yaml:"why,omitempty"`
	Texts    []string `yaml:"texts,flow,omitempty"`
	Count    int      `yaml:"count"`
	Number   int      `yaml:"number,omitempty"`
	True     bool     `yaml:"is,omitempty"`
	Inner    inner    `yaml:"inner"`
	Optional *inner   `yaml:"optional,omitempty"`
	After    string   `yaml:"after,omitempty"`
}

type brief struct {
	A string `yaml:"a"`
	B string `yaml:"b,omitempty"`
}

type inner struct {
	First string   `yaml:"first"`
	List  []item   `yaml:"list,omitempty"`
	Texts []string `yaml:"texts,flow,omitempty"`
	Last  string   `yaml:"last,omitempty"`
}

type item struct {
	Text   string   `yaml:"text"`
	Number int      `yaml:"number,omitempty"`
	Texts  []string `yaml:"texts,flow,omitempty"`
	Last   string   `yaml:"last"`
}

func (s *sample) layout(c *Codec) {
	c.Text("name", &s.Name)
	Flow(c, "brief", &s.Brief, (*brief).layout)
	c.OptionalText("why", &s.Why)
	c.OptionalTexts("texts", &s.Texts)
	c.Number("count", &s.Count)
	c.OptionalNumber("number", &s.Number)
	c.OptionalTrue("is", &s.True)
	Block(c, "inner", &s.Inner, (*inner).layout)
	OptionalBlock(c, "optional", &s.Optional, (*inner).layout)
	c.OptionalText("after", &s.After)
}

func (b *brief) layout(c *Codec) {
	c.Text("a", &b.A)
	c.OptionalText("b", &b.B)
}

func (i *inner) layout(c *Codec) {
	c.Text("first", &i.First)
	OptionalList(c, "list", &i.List, (*item).layout)
	c.OptionalTexts("texts", &i.Texts)
	c.OptionalText("last", &i.Last)
}

func (i *item) layout(c *Codec) {
	c.Text("text", &i.Text)
	c.OptionalNumber("number", &i.Number)
	c.OptionalTexts("texts", &i.Texts)
	c.Text("last", &i.Last)
}

// library writes a document with the library.
func library(v any) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// strict reads a document with the library, as the status branch is read.
func strict(data []byte) (s sample, ok bool) {
	docs, e := strictyaml.Documents(data)
	if e != nil || len(docs) != 1 {
		return s, false
	}
	return s, docs[0].Decode(&s) == nil
}

// writes compares what is written with the library, and what is read of it with what was written.
func writes(s sample) (done bool, err error) {
	want := library(&s)
	got, done := Write([]byte("kept "), &s, (*sample).layout)
	if rest, kept := bytes.CutPrefix(got, []byte("kept ")); !kept || done && !bytes.Equal(rest, want) {
		return done, fmt.Errorf("not as the library (-library +got):\n%s", cmp.Diff(string(want), string(rest)))
	}
	var back sample
	if read := Read(want, &back, (*sample).layout); read != done {
		return done, fmt.Errorf("written: %v, read: %v:\n%s", done, read, want)
	}
	return done, reads(want)
}

// reads compares what is read with the library.
func reads(data []byte) error {
	// What was read before makes no difference, and does not change.
	before := sample{
		Name: "name", Why: "w", Texts: []string{"a", "b"}, Count: 5, Number: 5, True: true,
		Inner:    inner{List: []item{{Text: "t", Number: 3, Texts: []string{"x"}, Last: "l"}}, Last: "x"},
		Optional: &inner{First: "f", Texts: []string{"x"}},
	}
	shown, got := fmt.Sprintf("%+v %+v", before, *before.Optional), before
	if !Read(data, &got, (*sample).layout) {
		return nil
	}
	if again := fmt.Sprintf("%+v %+v", before, *before.Optional); again != shown {
		return fmt.Errorf("%q changes %s to %s", data, shown, again)
	}
	want, ok := strict(data)
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		return fmt.Errorf("the library reads %q: %v (-library +got):\n%s", data, ok, diff)
	}
	if again, done := Write(nil, &got, (*sample).layout); !done || !bytes.Equal(again, data) {
		return fmt.Errorf("%q is read, and %q written", data, again)
	}
	return nil
}

// everywhere says a text wherever one may stand.
func everywhere(s string) sample {
	in := inner{First: s, Last: s, Texts: []string{s}, List: []item{{Text: s, Last: s}, {s, 7, []string{s, "x", s}, s}}}
	return sample{s, brief{s, s}, s, []string{s, "x", s}, len(s), -len(s), s == "", in, &in, s}
}

// known are texts that are written here, and odd those that are left to the library.
var (
	known = []string{
		"", " ", "a", "a b", " a", "a ", "yes", "No", "null", "Null", "~", "true", "TRUE", "<<", "y", "=", "on-call", "yes!",
		"a: b", "a:b", ":a", ": a", "a:", "# c", "a # c", "a#c", "#", "- a", "-", "-a", "--- a", "---", "...", "....", "? a",
		"?a", "?", "a?", "{a", "a}", "[a", "a]", "a, b", ",", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a",
		"'", "''", "'a'", "it's", "it''s: ", `"`, `"a"`, `a\b`, `\`, "a'", "a''", "2026-01-02T03:04:05Z", "2026-01-02",
		"2026-01-02T03:04:05+02:00", "3.67", "1.", "007", "08", "0", "1 of 1 nodes",
		"9be0d11aabbccddeeff00112233445566778899a",
		"sha256:12", "http://phi-4.default.svc:80", "Standard_NC24ads_A100_v4", "pool wphi: 1 of 1 nodes", "a  b", "a :b",
		"x: 'y' # z", strings.Repeat("long ", 60), "kind: x",
		"<<<<<<< ours", "{{ .x }}", "%YAML 1.2", "a]b", "a}b", "]", "}", "', '", `", "`, "a, b]",
		"187ef0342fff0eb3333be9f00389385e95ef0b61", "1b0", "00b1", "1f", "5e3f",
	}
	odd = []string{
		"\n", "a\nb", "a\n", "\ta", "a\tb", "\x00", "\x7f", "\u0085", "\u2028", "é", "日本", "\U0001f600", "\ufeff", "\xff",
		"a\r\nb",
		"\x1b[31m", "1e3", "0x10", "0b1", "0o7", "+1", "-1", ".5", "1_000", "12:30", "1:2", "-.inf", ".nan", "+.INF", "1,2",
		"2026-1-2", "2026-01-02 03:04:05", "2026-13-01", "1.2.3", "123456789012345678901234567890", "0x", "1-2", "1e",
		"0xcafe", "0_b1", "+0B1", "0b1e",
	}
)

func TestOdd(t *testing.T) {
	for _, tt := range []struct {
		texts []string
		done  bool
	}{{known, true}, {odd, false}} {
		for _, s := range tt.texts {
			if done, err := writes(everywhere(s)); err != nil || done != tt.done {
				t.Errorf("%q: written here: %v, %v", s, done, err)
			}
		}
	}
	long := []string{strings.Repeat("long ", 1000), strings.Repeat("x", 5000), strings.Repeat("it's: ", 500)}
	for _, s := range append([]sample{{}}, everywhere(long[0]), everywhere(long[1]), everywhere(long[2])) {
		if done, err := writes(s); err != nil || !done {
			t.Error(done, err)
		}
	}
}

// TestRandom: random documents are written as the library writes them, and read as the library reads them; so are
// random changes of them, if they are read at all.
func TestRandom(t *testing.T) {
	for seed := range uint64(1500) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		s := g.sample()
		if _, err := writes(s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		data := library(&s)
		for range 3 {
			if err := reads(g.change(data)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

type generator struct{ *rand.Rand }

func (g generator) text() string {
	switch g.IntN(12) {
	case 0, 1, 2:
		return known[g.IntN(len(known))]
	case 3:
		if g.IntN(20) == 0 {
			return odd[g.IntN(len(odd))]
		}
	case 4, 5, 6: // short, of what matters in YAML and in numbers
		const letters = `  :#-?,[]{}&*!|>'"%@.+_~<=\/0000123456789abcdefxoTZtzynYN`
		var b strings.Builder
		for range g.IntN(8) {
			b.WriteByte(letters[g.IntN(len(letters))])
		}
		return b.String()
	case 7: // also times that there are not
		at := time.Unix(g.Int64N(1<<37), 0).UTC().Format([]string{time.RFC3339, time.DateOnly}[g.IntN(2)])
		return strings.Replace(at, "1", fmt.Sprint(g.IntN(9)), g.IntN(3))
	case 8:
		return fmt.Sprintf("%0*x", g.IntN(20), g.Uint64()>>g.IntN(64))
	}
	return fmt.Sprintf("text-%d", g.IntN(9))
}

func (g generator) texts() (out []string) {
	for range g.IntN(3) {
		out = append(out, g.text())
	}
	return out
}

func (g generator) number() int { return []int{0, 0, 1, 7, -3, 99, 10_000, 1 << 40}[g.IntN(8)] }

func (g generator) inner() inner {
	in := inner{First: g.text(), Texts: g.texts(), Last: g.text()}
	for range g.IntN(3) {
		in.List = append(in.List, item{g.text(), g.number(), g.texts(), g.text()})
	}
	return in
}

func (g generator) sample() sample {
	s := sample{
		Name: g.text(), Brief: brief{g.text(), g.text()}, Why: g.text(), Texts: g.texts(), Count: g.number(),
		Number: g.number(), True: g.IntN(2) == 0, Inner: g.inner(), After: g.text(),
	}
	if g.IntN(2) == 0 {
		s.Optional = new(g.inner())
	}
	return s
}

// change changes a document a little: letters, lines, what stands twice.
func (g generator) change(data []byte) []byte {
	const letters = " \n\t:#-',\"[]{}0a~\r"
	data = bytes.Clone(data)
	at := g.IntN(len(data))
	switch g.IntN(4) {
	case 0:
		data[at] = letters[g.IntN(len(letters))]
	case 1:
		data = append(data[:at], data[at+1:]...)
	case 2:
		data = append(data[:at], append([]byte{letters[g.IntN(len(letters))]}, data[at:]...)...)
	case 3:
		lines := bytes.SplitAfter(data, []byte("\n"))
		i, j := g.IntN(len(lines)), g.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[g.IntN(len(lines))]
		data = bytes.Join(lines, nil)
	}
	return data
}

// FuzzWrite: any text is written as the library writes it, wherever it stands, or is left to the library.
func FuzzWrite(f *testing.F) {
	for _, s := range append(known, odd...) {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		s := everywhere(a)
		s.Brief.B, s.Texts[1], s.Inner.List[1].Last = b, b, b
		if _, err := writes(s); err != nil {
			t.Fatalf("%q: %v", a, err)
		}
	})
}

// FuzzRead: bytes that are accepted are read as the strict parser reads them, and written as they are.
func FuzzRead(f *testing.F) {
	for _, s := range append(known, odd...) {
		f.Add(library(everywhere(s)))
	}
	f.Add(library(sample{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := reads(data); err != nil {
			t.Fatal(err)
		}
	})
}
