// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/schematest"
)

var update = flag.Bool("update", false, "write docs/reasons.md")

var sample = Errorf(
	UnknownField,
	"unknown field %q",
	"x",
).On("resource.x").
	In("a/b.yaml").
	At(3, 5).
	Suggest("did you mean y?").
	For(Key{Namespace: "default", Name: "phi"})

func TestWords(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"text", sample.String(), `a/b.yaml:3:5: error: resource.x: unknown field "x" (did you mean y?)`},
		{"error", sample.Error(), `a/b.yaml:3:5: resource.x: unknown field "x" (did you mean y?)`},
		{"no path", Errorf(WrongType, "no").At(1, 2).Error(), "1:2: no"},
		{"whole file", Errorf(WrongType, "no").In("f").Error(), "f: no"},
		{"no place", Warningf(WrongType, "no").On("x").Error(), "x: no"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestFormats(t *testing.T) {
	want := map[string]string{
		"text":   sample.String() + "\n",
		"github": "::error file=a/b.yaml,line=3,col=5,title=resource.x::resource.x: unknown field \"x\" (did you mean y?)\n",
		"azure": "##vso[task.logissue type=error;sourcepath=a/b.yaml;linenumber=3;columnnumber=5]" +
			"resource.x: unknown field \"x\" (did you mean y?)\n",
		"json": `{
  "apiVersion": "syncer.dev/v1",
  "kind": "ProblemList",
  "problems": [
    {
      "reason": "UnknownField",
      "path": "a/b.yaml",
      "line": 3,
      "column": 5,
      "field": "resource.x",
      "message": "unknown field \"x\"",
      "hint": "did you mean y?",
      "severity": "error",
      "workspace": "default/phi"
    }
  ]
}
`,
	}
	for format, text := range want {
		var b bytes.Buffer
		if err := Write(&b, format, List{sample}); err != nil || b.String() != text {
			t.Errorf("%s: got %v\n%s\nwant\n%s", format, err, b.String(), text)
		}
	}
}

// TestSARIFIsValid checks lists of all kinds against the schema that OASIS publishes for SARIF 2.1.0.
func TestSARIFIsValid(t *testing.T) {
	text, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := schematest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	withoutPlace, withoutColumn, strange, warning := sample, sample, sample, sample
	withoutPlace.Path, withoutPlace.Line, withoutPlace.Column, withoutPlace.Workspace = "", 0, 0, Key{}
	withoutColumn.Column = 0
	strange.Reason, strange.Path, strange.Message = "NotInTheCatalogue", "a b/ü%.yaml", "\x1b[2J\u202e"
	warning.Severity = Warning
	for name, list := range map[string]List{
		"none":                        {},
		"one":                         {sample},
		"the same twice":              {sample, sample},
		"without a place":             {withoutPlace},
		"without a column":            {withoutColumn},
		"an unknown Reason":           {strange},
		"a warning":                   {warning},
		"a list that was not started": nil,
	} {
		var b bytes.Buffer
		if err := Write(&b, "sarif", list); err != nil {
			t.Fatal(err)
		}
		if fault := schema.Check(b.Bytes()); fault != "" {
			t.Errorf("%s: %s", name, fault)
		}
	}
	fault := schema.Check([]byte(`{"version": "2.1.0", "runs": [{"results": []}]}`))
	if fault != "$.runs[0].tool: is missing" {
		t.Errorf("a run without a tool: got %q", fault)
	}
}

func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "sarif", List{sample}); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 1 {
		t.Fatalf("got %s", b.String())
	}
	run, r := log.Runs[0], log.Runs[0].Results[0]
	if run.Tool.Driver.Name != "syncer" || len(run.Tool.Driver.Rules) != len(Reasons()) ||
		run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
		t.Errorf("rules do not match the catalogue: %+v", run.Tool)
	}
	if len(r.Locations) != 1 {
		t.Fatalf("got %+v, want one location", r)
	}
	at := r.Locations[0].PhysicalLocation
	if r.RuleID != "UnknownField" || r.Level != "error" || r.Message.Text != sample.Text() ||
		at.ArtifactLocation.URI != "a/b.yaml" || at.Region.StartLine != 3 || at.Region.StartColumn != 5 {
		t.Errorf("got %+v", r)
	}
}

// TestCatalogue: every constant has one sentence, each is in use, and the page of the documentation is up to date.
func TestCatalogue(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Reason" {
			return true
		}
		declared++
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || value != spec.Names[0].Name ||
			!regexp.MustCompile(`^([A-Z]+[a-z]+)+$|^[A-Z][A-Za-z]+$`).MatchString(value) {
			t.Errorf("%s is %q, %v", spec.Names[0].Name, value, err)
		}
		if m := Reason(value).Meaning(); !strings.HasSuffix(m, ".") || strings.Count(m, ". ") > 0 {
			t.Errorf("%s: %q is not one sentence", value, m)
		}
		return true
	})
	if declared != len(Reasons()) {
		t.Errorf("%d reasons are declared, and %d are in the catalogue", declared, len(Reasons()))
	}
	page := filepath.Join("..", "..", "docs", "reasons.md")
	if *update {
		if err := os.WriteFile(page, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != Markdown() {
		t.Errorf("%s is out of date (%v); run go test ./internal/diag -update", page, err)
	}
}

var hostile = []string{
	"a\n::error::x",
	"##vso[task.setvariable variable=x]y",
	"\r\n##[group]x",
	"%0A::error::",
	"\x1b[31m\u202e\u2028\xff",
	"::add-mask::x",
	"a,b:c;d]e",
}

func FuzzEscapeText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := EscapeText(s)
		if strings.ContainsFunc(got, unprintable) || logCommand.MatchString(got) ||
			strings.HasPrefix(strings.TrimSpace(got), "::") {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzEscapeGitHub(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		data, property := EscapeGitHub(s), EscapeGitHubProperty(s)
		if strings.ContainsFunc(data+property, unprintable) || strings.ContainsAny(property, ":,") ||
			logCommand.MatchString(data+" "+property) {
			t.Errorf("%q became %q and %q", s, data, property)
		}
	})
}

func FuzzEscapeAzure(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := EscapeAzure(s)
		if strings.ContainsFunc(got, unprintable) || strings.ContainsAny(got, ";]") || logCommand.MatchString(got) {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzEscapeJSON(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		got := EscapeJSON(data)
		var before, after string
		if json.Unmarshal(data, &before) != nil || json.Unmarshal(got, &after) != nil || redact.Text(before) != after {
			t.Errorf("%q became %s", s, got)
		}
		if strings.ContainsFunc(string(got), unprintable) || logCommand.Match(got) {
			t.Errorf("%q became %s", s, got)
		}
	})
}

func FuzzEscapeURI(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := EscapeURI(s); strings.ContainsFunc(got, unprintable) || logCommand.MatchString(got) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
