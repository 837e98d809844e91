// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"syncer.dev/syncer/docs/reasons"
)

// TestConditionReasons: each reason that the code writes into a condition, about a pod, or into an Event has a page.
func TestConditionReasons(t *testing.T) {
	found := map[string]bool{}
	for _, dir := range []string{"../status", "../status/transitions", "../apply/decode"} {
		for _, name := range reasonsIn(t, dir) {
			found[name] = true
			if _, ok := reasons.Page(name); !ok {
				t.Errorf("%s: the reason %s has no page in docs/reasons, and no entry in diag", dir, name)
			}
		}
	}
	for _, name := range []string{
		"PoolPending", "NodePoolHeld", "DeletionPending", "ApplyHeld", "ReferenceMissing", "Suspended", "Removed",
		"ContainerOOMKilled", "Unschedulable", "PodEvicted", "workspacePending", "WorkspaceTuningJobStatusPending",
	} {
		if !found[name] {
			t.Errorf("the test does not see %s", name)
		}
	}
}

// reasonsIn returns the reasons that stand in the code of a package.
func reasonsIn(t *testing.T, dir string) []string {
	t.Helper()
	tree, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	constants := map[string]string{}
	for _, name := range tree {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				if text := textOf(v.Values[0]); text != "" {
					constants[v.Names[0].Name] = text
				}
			}
			return true
		})
	}
	var out []string
	add := func(e ast.Expr) {
		text := ""
		switch e := e.(type) {
		case *ast.BasicLit:
			text, _ = strconv.Unquote(e.Value)
		case *ast.Ident:
			text = constants[e.Name]
		}
		if text != "" && fs.ValidPath(text) && !strings.Contains(text, " ") {
			out = append(out, text)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			reasonsAt(n, add)
			return true
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reasonsAt hands over the expressions that are reasons: arguments, fields, assigned and returned values.
func reasonsAt(n ast.Node, add func(ast.Expr)) {
	name := func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name
		case *ast.SelectorExpr:
			return e.Sel.Name
		}
		return ""
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		if at, ok := map[string]int{"condition": 2, "waiting": 2, "no": 0}[name(n.Fun)]; ok && len(n.Args) > at {
			add(n.Args[at])
		}
	case *ast.CompositeLit:
		if name(n.Type) == "failure" && len(n.Elts) > 0 {
			add(n.Elts[0])
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && name(kv.Key) == "Reason" {
				add(kv.Value)
			}
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if strings.EqualFold(name(to), "reason") && len(n.Rhs) == len(n.Lhs) {
				add(n.Rhs[i])
			}
		}
	case *ast.FuncDecl:
		if n.Name.Name == "waiting" {
			ast.Inspect(n.Body, func(inner ast.Node) bool {
				if r, ok := inner.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
					add(r.Results[0])
				}
				return true
			})
		}
	}
}
