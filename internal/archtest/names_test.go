// SPDX-License-Identifier: Apache-2.0

package archtest

import (
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
)

var (
	// ours is an annotation, a label or a tag of syncer, or a trailer of a commit message.
	ours = regexp.MustCompile(`^(syncer\.dev[/_][a-z-]+|Syncer-[A-Z][A-Za-z-]+)$`)
	// versions of documents, and the name by which Events say who reports.
	otherNames = []string{"syncer.dev/v", "syncer.dev/syncer"}
)

// TestNamesAreDocumented compares docs/annotations.md with the annotations, labels, tags and trailers in the code.
func TestNamesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/annotations.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`:]+)").FindAllStringSubmatch(string(text), -1) {
		documented[m[1]] = true
	}
	used := map[string]bool{}
	for _, p := range list(t) {
		if slices.Contains(helpers, p.name()) {
			continue
		}
		for _, file := range p.GoFiles {
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if _, imported := n.(*ast.ImportSpec); imported {
					return false
				}
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if name, err := strconv.Unquote(lit.Value); err == nil && ours.MatchString(name) {
						used[name] = true
					}
				}
				return true
			})
		}
	}
	if len(used) < 20 {
		t.Errorf("only %d names were found", len(used))
	}
	for name := range used {
		if !documented[name] && !slices.Contains(otherNames, name) {
			t.Errorf("docs/annotations.md lacks %s", name)
		}
	}
	for name := range documented {
		if ours.MatchString(name) && !used[name] {
			t.Errorf("docs/annotations.md names %s, which the code does not", name)
		}
	}
}

// TestGlossaryIsInUse says that each term of the glossary is one of the documents or of the code, and that each type or
// function that it names is in the package that it names.
func TestGlossaryIsInUse(t *testing.T) {
	root := os.DirFS("../..")
	glossary, err := fs.ReadFile(root, "docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	var prose, code strings.Builder
	for _, name := range sources(t, root, ".go", ".md") {
		if name == "docs/glossary.md" {
			continue
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		if path.Ext(name) == ".md" {
			prose.WriteString(strings.ToLower(string(data)) + "\n")
		} else {
			code.WriteString("// of " + path.Dir(name) + "\n" + string(data) + "\n")
		}
	}
	text := strings.Join(strings.Fields(prose.String()+strings.ToLower(code.String())), " ")
	declared := regexp.MustCompile("^`(\\w+)` \\(([\\w/]+)\\)$")
	rows := 0
	for _, line := range strings.Split(string(glossary), "\n") {
		cells := strings.Split(line, " | ")
		term, isRow := strings.CutPrefix(cells[0], "| ")
		if !isRow || term == "term" {
			continue
		}
		rows++
		for _, one := range strings.Split(term, ", ") {
			if m := declared.FindStringSubmatch(one); m != nil {
				if !declares(t, m[2], m[1]) {
					t.Errorf("docs/glossary.md: package %s has no %s", m[2], m[1])
				}
				continue
			}
			one = strings.Trim(strings.ToLower(one), "`")
			if !strings.HasPrefix(one, "of ") && !strings.Contains(text, one) {
				t.Errorf("docs/glossary.md: no document and no code uses %q", one)
			}
		}
	}
	if rows < 60 {
		t.Errorf("only %d terms were found", rows)
	}
}

// declares reports whether a package, named by the end of its path, has a name on its top level.
func declares(t *testing.T, folder, name string) bool {
	t.Helper()
	for _, p := range list(t) {
		if p.name() != folder && !strings.HasSuffix(p.name(), "/"+folder) {
			continue
		}
		for _, file := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if regexp.MustCompile(`(?m)^(?:type|func|var|const|\t)\s*` + name + `\b`).Match(source) {
				return true
			}
		}
	}
	return false
}
