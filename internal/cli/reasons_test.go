// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
)

const reasonsFolder = "../../docs/reasons"

// TestReasonPages says that every reason has a page, with all its parts, and that there are no others.
func TestReasonPages(t *testing.T) {
	files, err := filepath.Glob(reasonsFolder + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	extra := map[string]bool{}
	for _, f := range files {
		extra[strings.TrimSuffix(filepath.Base(f), ".md")] = true
	}
	for _, e := range diag.Explained() {
		name := string(e.Reason)
		delete(extra, name)
		text, err := os.ReadFile(filepath.Join(reasonsFolder, name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		parts := strings.Split(string(text), "\n## ")
		var headings []string
		for _, p := range parts {
			heading, body, _ := strings.Cut(p, "\n")
			headings = append(headings, heading)
			if strings.TrimSpace(body) == "" {
				t.Errorf("%s: %q is empty", name, heading)
			}
		}
		if got, want := strings.Join(headings, ", "), "# "+name+", Cause, Cure, Example"; got != want {
			t.Errorf("%s has the parts %q, want %q", name, got, want)
		}
		if means := strings.Join(strings.Fields(strings.TrimPrefix(parts[0], "# "+name)), " "); means != e.Meaning {
			t.Errorf("%s: the page says %q, and the catalogue %q", name, means, e.Meaning)
		}
	}
	for name := range extra {
		t.Errorf("the page %s.md has no reason", name)
	}
}

// TestReasonExamples runs the examples of all pages. Files are in blocks after a line with their name in backticks. The
// output of a command is what the page shows, and names the reason. A block "text" is what a command with a cluster
// prints, or a condition: the code must have such a message, in a package that uses the reason.
func TestReasonExamples(t *testing.T) { // package status has those of conditions alone
	messages := messagesOfReasons(t)
	for _, e := range diag.Reasons() {
		name := string(e.Reason)
		t.Run(name, func(t *testing.T) {
			page := filepath.Join(reasonsFolder, name+".md")
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			x := readExample(string(text))
			switch {
			case x.message != "" && slices.Contains(ofTheSystem, name):
			case x.message != "":
				for _, m := range messages[name] {
					if m.MatchString(x.message) {
						return
					}
				}
				for _, m := range messages[""] { // the package that says it need not be the one that gives the reason
					if m.MatchString(x.message) && len(m.String()) >= 20 {
						return
					}
				}
				t.Errorf("no message in the code is that of the example:\n%s", x.message)
			case x.command == "":
				t.Error("there is no example")
			default:
				output := x.run(t)
				if !regexp.MustCompile(`(?m)^to learn more: syncer explain .*\b` + name + `\b`).MatchString(output) {
					t.Errorf("the example has another reason:\n%s", output)
				}
				before, _, _ := strings.Cut(string(text), "```console\n")
				golden.Equal(t, page, before+"```console\n$ "+x.command+"\n"+output+"```\n")
			}
		})
	}
}

// ofTheSystem are reasons whose message is an error of the operating system.
var ofTheSystem = []string{"PresetOverlayRefused"}

// example is the example of a page.
type example struct {
	files   map[string]string
	command string
	message string
}

func readExample(page string) example {
	x := example{files: map[string]string{}}
	_, text, _ := strings.Cut(page, "\n## Example\n")
	block := regexp.MustCompile("(?ms)(?:^`([^`\n]+)`:\n\n)?^```(\\w+)\n(.*?)^```$")
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		switch {
		case m[1] != "":
			x.files[m[1]] = m[3]
		case m[2] == "console":
			first, _, _ := strings.Cut(m[3], "\n")
			x.command = strings.TrimPrefix(first, "$ ")
		case m[2] == "text":
			x.message = m[3]
		}
	}
	return x
}

// run runs the command in a folder with the files, and returns all that it prints.
func (x example) run(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range x.files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	defer t.Chdir(old)
	args := strings.Fields(x.command)
	if args[0] != "syncer" {
		t.Fatalf("nothing tests the command %q", x.command)
	}
	var out bytes.Buffer
	Run(
		context.Background(),
		args[1:],
		Stdio{Out: &out, Err: &out, Env: func(string) (string, bool) { return "", false }},
	)
	return out.String()
}

// messagesOfReasons returns, for each reason, the long texts in the packages that use it. A verb of a format stands for
// any text.
func messagesOfReasons(t *testing.T) map[string][]*regexp.Regexp {
	t.Helper()
	texts := map[string][]*regexp.Regexp{} // by package
	uses := map[string]map[string]bool{}   // packages by reason
	root := os.DirFS("../..")
	err := fs.WalkDir(root, "internal", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "internal/diag" || d.Name() == "testdata"):
			return fs.SkipDir
		case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		code, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, code, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "diag" {
					if uses[s.Sel.Name] == nil {
						uses[s.Sel.Name] = map[string]bool{}
					}
					uses[s.Sel.Name][dir] = true
				}
			}
			if e, ok := n.(ast.Expr); ok {
				if text := textOf(e); len(text) >= 10 {
					texts[dir] = append(texts[dir], formatOf(text))
					return false
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]*regexp.Regexp{} // those of all packages are ""
	for _, all := range texts {
		out[""] = append(out[""], all...)
	}
	for reason, packages := range uses {
		for dir := range packages {
			out[reason] = append(out[reason], texts[dir]...)
		}
	}
	return out
}

// textOf returns a string literal, or the sum of several; "" for other expressions.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.BinaryExpr:
		if x, y := textOf(e.X), textOf(e.Y); e.Op == token.ADD && x != "" && y != "" {
			return x + y
		}
	}
	return ""
}

// formatOf returns what a format may print.
func formatOf(text string) *regexp.Regexp {
	verbs := regexp.MustCompile(`%(?:\[\d+\])?[-+# 0-9.]*[a-z]`)
	pattern := ""
	last := 0
	for _, at := range verbs.FindAllStringIndex(text, -1) {
		pattern += regexp.QuoteMeta(text[last:at[0]]) + ".+?"
		last = at[1]
	}
	return regexp.MustCompile(strings.ReplaceAll(pattern+regexp.QuoteMeta(text[last:]), "%%", "%"))
}
