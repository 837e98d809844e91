// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/redact"
)

// attacks are seeds of the fuzz targets of this package: each tries one output or several.
var attacks = append(slices.Clone(hostile),
	"\x1b]52;c;aGk=\x07", "\u009b31m", "\u2066a\u2069", "a\tb\vc\fd", "a\x00b", "a\r", "\u2029", "\ufeffa",
	"<script>alert(1)</script>", "![x](http://h/p.png)", "[a](javascript:x)", "<http://h>", "http://h/x",
	"www.example.com",
	"a@example.com", "@team ping", "fixes #12", "GH-1", "a|b", `a\|b`, `\\|`, "`a`", "``", "`", "# h", "- a", "1. a",
	"> q", "***a***",
	"__a__", "_a_b", "~~a~~", "&lt;b&gt;", "&#60;b>", "| a | b |\n|---|---|", "```\ncode", "    code", "[^1]: x", "---",
	"===", "$a$",
	":tada:", "Signed-off-by: x", "a\n\nSyncer-Commit: forged", "\" x=y", "x=y", "password=hunter2", "%s%n", "%0D%0A",
	strings.Repeat("`", 20)+"|"+strings.Repeat(`\`, 5), "a \\", "\u200b\u200d",
)

func add(f *testing.F) {
	f.Helper()
	for _, s := range attacks {
		f.Add(s)
	}
}

// harmless reports what is wrong with a text as output: a character other than a line break that is no text, the start
// of a command.
func harmless(s string) string {
	if strings.ContainsFunc(
		s,
		func(r rune) bool { return r != '\n' && unprintable(r) },
	) || strings.ToValidUTF8(s, "") != s {
		return "it has characters that are not printable"
	}
	if logCommand.MatchString(s) {
		return "it starts a command in a line"
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			return "it starts a command with a line"
		}
	}
	return ""
}

type named string

type told struct{ text string }

func (t told) String() string { return t.text }

// FuzzSprintf: what is printed has the lines of its template, and nothing but text.
func FuzzSprintf(f *testing.F) {
	add(f)
	f.Fuzz(func(t *testing.T, s string) {
		const template = "%s %v: %q\n  %-5s (%d)\n%v%v\n\n"
		out := Sprintf(template, s, errors.New(s), s, named(s), len(s), told{s}, []string{s, s})
		if strings.Count(out, "\n") != strings.Count(template, "\n") {
			t.Errorf("%q makes %q", s, out)
		}
		if fault := harmless(out); fault != "" {
			t.Errorf("%q makes %q: %s", s, out, fault)
		}
		var b bytes.Buffer
		if _, err := Fprintf(&b, "%s", s); err != nil || b.String() != Sprintf("%s", s) {
			t.Errorf("%q is written as %q, %v", s, b.String(), err)
		}
		for _, line := range ErrorLines(errors.Join(errors.New(s), fmt.Errorf("more: %w", errors.New(s)))) {
			if fault := harmless(line); fault != "" || strings.Contains(line, "\n") {
				t.Errorf("%q makes %q: %s", s, line, fault)
			}
		}
	})
}

func TestSprintf(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Sprintf("%s has %d of %.2f, %t %x", "a", 3, 1.5, true, 255), "a has 3 of 1.50, true ff"},
		{Sprintf("%5s|%-5s|%05d|%+v", "a", "b", 7, named("c")), "    a|b    |00007|c"},
		{Sprintf("%q", "a\nb"), `"a\nb"`},
		{Sprintf("%s\n", "a\nb\tc"), "a\\nb\\tc\n"},
		{Sprintf("%s%s", ":", ":error::x"), `\::error::x`},
		{Sprintf("#%s", "#vso[x]"), `#\#vso[x]`},
		{Sprintf("%s=%s", "password", "hunter2"), "password=[redacted]"},
		{Sprintf("%v", nil), "<nil>"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

type listing []string

func (l listing) Lines() []string { return l }
func (l listing) Error() string   { return strings.Join(l, "\n") }

func TestErrorLines(t *testing.T) {
	one, two := errors.New("one\n::error::x"), errors.New("two")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{one, []string{`one\n::error::x`}},
		{errors.Join(one, two), []string{`one\n::error::x`, "two"}},
		{errors.Join(errors.Join(one, two), two), []string{`one\n::error::x`, "two", "two"}},
		{fmt.Errorf("read: %w", errors.Join(two, two)), []string{`read: two\ntwo`}},
		{fmt.Errorf("%w and %w", two, two), []string{"two and two"}},
		{listing{"a", "  b\x1b"}, []string{"a", `  b\x1b`}},
	} {
		if diff := cmp.Diff(c.want, ErrorLines(c.err)); diff != "" {
			t.Errorf("%v: %s", c.err, diff)
		}
	}
}

// FuzzWrite: in every format a hostile diagnostic is one line, one annotation or valid JSON.
func FuzzWrite(f *testing.F) {
	add(f)
	github := regexp.MustCompile(`^::error file=[^:,\n]*,line=1,col=2,title=[^:,\n]*::[^\n]*\n$`)
	azure := regexp.MustCompile(
		`^##vso\[task\.logissue type=error;sourcepath=[^;\]\n]*;linenumber=1;columnnumber=2\][^;\]\n]*\n$`)
	f.Fuzz(func(t *testing.T, s string) {
		d := Diagnostic{
			Severity: Error, Reason: Reason(s), Position: Position{Path: s, Line: 1, Column: 2}, Field: s, Message: s, Hint: s,
			Workspace: Key{Namespace: s, Name: s},
		}
		for _, format := range Formats {
			var b bytes.Buffer
			if err := Write(&b, format, List{d}); err != nil {
				t.Fatal(err)
			}
			out := b.String()
			switch format {
			case "text":
				if harmless(out) != "" || strings.Count(out, "\n") != 1 {
					t.Errorf("%q makes %q", s, out)
				}
			case "github":
				if !github.MatchString(out) || strings.ContainsFunc(out[:len(out)-1], unprintable) || logCommand.MatchString(out) {
					t.Errorf("%q makes %q", s, out)
				}
			case "azure":
				if !azure.MatchString(out) || strings.ContainsFunc(out[:len(out)-1], unprintable) ||
					len(logCommand.FindAllString(out, -1)) != 1 {
					t.Errorf("%q makes %q", s, out)
				}
			case "json", "sarif":
				var v any
				if harmless(out) != "" || json.Unmarshal(b.Bytes(), &v) != nil {
					t.Errorf("%q makes %s", s, out)
				}
			}
		}
	})
}

// FuzzLog: a record is one line, for any text in it.
func FuzzLog(f *testing.F) {
	add(f)
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		log := slog.New(NewLogHandler(&b, nil))
		log.With(s, s).WithGroup("g").Warn(s, "text", s, "error", errors.New(s), "any", told{s}, "list", []string{s}, s, 1)
		out := b.String()
		if strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") || !strings.HasPrefix(out, "time=") ||
			harmless(out) != "" {
			t.Errorf("%q is logged as %q: %s", s, out, harmless(out))
		}
	})
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	slog.New(NewLogHandler(&b, nil)).Error(
		"see https://u:pw@h/",
		"error",
		errors.New("password=hunter2"),
		"n",
		3,
		"at",
		"http://127.0.0.1:8080/",
	)
	_, got, _ := strings.Cut(b.String(), " ")
	want := `level=ERROR msg="see https://[redacted]@h/" error="password=[redacted]" n=3 at=http://127.0.0.1:8080/` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzEscapeMarkdown: wherever it stands, the text is text or code, and the document has the structure of its template.
func FuzzEscapeMarkdown(f *testing.F) {
	add(f)
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))
	active := regexp.MustCompile(
		"(?i)@|www\\.|://|#|:[a-z0-9_+-]+:|[<>&!~^$*`|\\[\\]{}\\\\]|%[^ ,;.)\n]|\\bG[HL]-[0-9]|^/",
	)
	f.Fuzz(func(t *testing.T, s string) {
		e := EscapeMarkdown(s)
		if strings.ContainsFunc(e, unprintable) {
			t.Errorf("%q becomes %q", s, e)
		}
		if cut := "[cut]"; strings.Contains(s, cut) {
			return
		}
		source := []byte(fmt.Sprintf("# %s\n\n| a | b | c |\n|---|---|---|\n| %s | %s | z |\n| [k](v) | x | %s "+
			"|\n\n- %s\n- x %s y\n\n%s\n",
			e, e, e, e, e, e, e))
		kinds := map[string]int{}
		outside := ""
		_ = ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, enter bool) (ast.WalkStatus, error) {
			if !enter {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.CodeSpan:
				return ast.WalkSkipChildren, nil
			case *ast.Text:
				outside += string(n.Value(source)) + "\n"
				return ast.WalkContinue, nil
			case *ast.String:
				outside += string(n.Value) + "\n"
				return ast.WalkContinue, nil
			}
			kinds[n.Kind().String()]++
			return ast.WalkContinue, nil
		})
		want := map[string]int{
			"Document": 1, "Heading": 1, "Table": 1, "TableHeader": 1, "TableRow": 2, "TableCell": 9, "Link": 1, "List": 1,
			"ListItem": 2, "TextBlock": 2, "Paragraph": 1,
		}
		if e == "" {
			want["Paragraph"] = 0
			delete(want, "Paragraph")
			want["TextBlock"] = kinds["TextBlock"]
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("%q becomes %q: %s", s, e, diff)
		}
		if found := active.FindString(outside); found != "" {
			t.Errorf("%q becomes %q, which has %q outside of code", s, e, found)
		}
	})
}

func TestEscapeMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"pool wtuning1: 1 of 1 nodes": "pool wtuning1: 1 of 1 nodes", "Standard_NC24ads_A100_v4": "Standard_NC24ads_A100_v4",
		"3.67": "3.67", "": "", " ": "", "a|b": "`a\\|b`", "`a`": "`` `a` ``", "@team": "`@team`",
		"see http://h/": "see `http://h/`", "see #1 or !2, or GH-3": "see `#1` or `!2,` or `GH-3`",
		"TEAM-12 at c0fb9e7": "`TEAM-12` at `c0fb9e7`", "1234567 of 80% are +2": "1234567 of 80% are +2",
		"a %v1 or %\"v 1\"": "a `%v1` or `%\"v` 1\"",
		"/close":            "`/close`", "a /close": "a `/close`", "a - b → c": "a - b → c", "- a": "`-` a",
		"1. a": "`1.` a", "a 1. b": "a 1. b", "a\nb": "`a\\nb`", "_a_": "`_a_`", "a (b_c)": "a (b_c)",
		"password=hunter2": "`password=[redacted]`",
	} {
		if got := EscapeMarkdown(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// FuzzEscapeCommit: a text is part of one line of the message, and tells a forge nothing.
func FuzzEscapeCommit(f *testing.F) {
	add(f)
	active := regexp.MustCompile(`(^|[^A-Za-z0-9_])@[A-Za-z0-9]|[#!][0-9]|(?i:\b(GH|GL)-[0-9])`)
	f.Fuzz(func(t *testing.T, s string) {
		got := EscapeCommit(s)
		if strings.ContainsFunc(got, unprintable) || active.MatchString(got) {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}

// FuzzEscapeLines: a text of several lines keeps them.
func FuzzEscapeLines(f *testing.F) {
	add(f)
	f.Fuzz(func(t *testing.T, s string) {
		got := EscapeLines(s)
		if fault := harmless(got); fault != "" || strings.Count(got, "\n") > strings.Count(s, "\n") {
			t.Errorf("%q becomes %q: %s", s, got, fault)
		}
		if again := EscapeLines(got); again != got {
			t.Errorf("%q becomes %q, and then %q", s, got, again)
		}
	})
}

// FuzzWriteYAML: YAML means what it did, but for secrets, and holds nothing that a terminal or a log takes for a
// command.
func FuzzWriteYAML(f *testing.F) {
	for _, s := range []string{
		"a\n::error::x\n", "##vso[task.complete]", "\x1b]52;c;aGk=\x07", "\u202e", "a\tb", "\xff",
		strings.Repeat("long ", 30) + "::error::x", "escaped0z", "null",
		"- a: b", "'\"", " ::x",
		"\u2028", "\r\n", "password=x", "~", "1e3", "a: |\n  b", "? x", "", "\u0085",
	} {
		f.Add(s, s)
	}
	f.Add(strings.Repeat("\x06", 300), "a") // a key that YAML allows in one form only
	f.Fuzz(func(t *testing.T, key, value string) {
		if len(key) > 1000 {
			return // the YAML library reads no such key; those of Kubernetes have at most 316 bytes
		}
		in := map[string]any{"kind": "A", "data": map[string]any{key: value, "x": []any{value, 1, true, nil}}}
		var b bytes.Buffer
		if err := WriteYAML(&b, in); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(redact.JSON(data), &want); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", diff, b.String())
		}
		if fault := harmless(strings.ReplaceAll(b.String(), "\t", " ")); fault != "" {
			t.Errorf("%q: %s", b.String(), fault)
		}
	})
}

// FuzzEscapeLabel: the value of a label is short, UTF-8 and one line.
func FuzzEscapeLabel(f *testing.F) {
	add(f)
	f.Fuzz(func(t *testing.T, s string) {
		got := EscapeLabel(s)
		if !utf8.ValidString(got) || len(got) > maxLabel || strings.ContainsFunc(got, unprintable) {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
}

// TestPlainTextIsRecognised: a text that has nothing to escape costs no allocation, and others become what they always
// do.
func TestPlainTextIsRecognised(t *testing.T) {
	parts := []string{
		"a", "pool wphi: 1 of 1 nodes", " ", "\n", "\r\n", "\r", "\t", "::", "##", "##[", "##VSO[", "##v\u017fo[", "\x7f",
		"\x1f", "\u0085", "\u2028", "\u202e", "é", "\xff", "password=hunter2Xy",
	}
	lines := func(s string) string {
		all := strings.Split(redact.Text(strings.ReplaceAll(s, "\r\n", "\n")), "\n")
		for i := range all {
			all[i] = escapeLine(all[i])
		}
		return strings.Join(all, "\n")
	}
	for seed := range uint64(5000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var s string
		for range rng.IntN(5) {
			s += parts[rng.IntN(len(parts))]
		}
		if want := utf8.ValidString(s) && !strings.ContainsFunc(s, unprintable); isVisible(s) != want {
			t.Fatalf("seed %d: isVisible(%q) = %v", seed, s, !want)
		}
		if got, want := withoutLogCommand(s), logCommand.ReplaceAllString(s, `#\#$1[`); !strings.EqualFold(got, want) {
			t.Fatalf("seed %d: withoutLogCommand(%q) = %q, want %q", seed, s, got, want)
		}
		if got, want := EscapeLines(s), lines(s); got != want {
			t.Fatalf("seed %d: EscapeLines(%q) = %q, want %q", seed, s, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { EscapeText("pool wphi: 1 of 1 nodes at http://host:80") }); n > 0 {
		t.Errorf("%.0f allocations for a text that stays as it is", n)
	}
}
