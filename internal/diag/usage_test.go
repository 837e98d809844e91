// SPDX-License-Identifier: Apache-2.0

package diag_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
)

// TestReasonsAreUsed keeps the catalogue equal to the program: code outside of package diag uses every Reason, and
// writes none as a literal, which the catalogue would not know.
func TestReasonsAreUsed(t *testing.T) {
	used := map[string]bool{}
	root := os.DirFS("../..")
	for _, folder := range []string{"cmd", "internal"} {
		err := fs.WalkDir(root, folder, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (name == "internal/diag" || d.Name() == "testdata"):
				return fs.SkipDir
			case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if name := inDiag(n); name != "" {
					used[name] = true
				}
				if literal := reasonLiteral(n); literal != nil {
					t.Errorf("%s: Reason %s is a literal: add it to reason.go", files.Position(literal.Pos()), literal.Value)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range diag.Reasons() {
		if !used[string(e.Reason)] {
			t.Errorf("no code uses the Reason %s", e.Reason)
		}
	}
}

// inDiag returns X for the selector diag.X, or "".
func inDiag(n ast.Node) string {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := s.X.(*ast.Ident); !ok || x.Name != "diag" {
		return ""
	}
	return s.Sel.Name
}

// reasonLiteral returns the string literal that a node uses as a Reason, or nil: in diag.Reason("X"),
// diag.Errorf("X", ...), diag.Warningf("X", ...) and diag.Diagnostic{Reason: "X"}.
func reasonLiteral(n ast.Node) *ast.BasicLit {
	switch n := n.(type) {
	case *ast.CallExpr:
		switch inDiag(n.Fun) {
		case "Reason", "Errorf", "Warningf":
			if len(n.Args) > 0 {
				literal, _ := n.Args[0].(*ast.BasicLit)
				return literal
			}
		}
	case *ast.CompositeLit:
		if n.Type == nil || inDiag(n.Type) != "Diagnostic" {
			return nil
		}
		for _, e := range n.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Reason" {
				literal, _ := kv.Value.(*ast.BasicLit)
				return literal
			}
		}
	}
	return nil
}
