// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modeTesters are the packages that may ask for capacity.mode, because they wire the adapters and the
// desired.NodeSource of a mode. All others call what was wired.
var modeTesters = []string{"internal/app/adapters", "internal/source", "internal/config"}

// mostModeTests is how many questions for the mode they ask together.
const mostModeTests = 3

// TestModeIsTestedInTheWiring finds the tests of capacity.mode: in the wiring only, and few.
func TestModeIsTestedInTheWiring(t *testing.T) {
	var wiring []string
	for _, p := range list(t) {
		if slices.Contains(helpers, p.name()) || slices.Contains(adapters, p.name()) {
			continue
		}
		for _, file := range p.GoFiles {
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, node := range modeTests(tree) {
				where := p.name() + "/" + file + ": " + set.Position(node.Pos()).String()
				if slices.Contains(modeTesters, p.name()) {
					wiring = append(wiring, where)
				} else {
					t.Errorf("%s tests the capacity mode: give desired.NodeSource, or a null object, another method", where)
				}
			}
		}
	}
	if len(wiring) > mostModeTests {
		t.Errorf("%d tests of the capacity mode, at most %d may be:\n%s",
			len(wiring), mostModeTests, strings.Join(wiring, "\n"))
	}
}

// modeTests returns the expressions and switches of a file that test the mode: its value, whether there is a cloud, or
// which NodeSource there is.
func modeTests(file *ast.File) []ast.Node {
	var found []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SwitchStmt:
			if n.Tag != nil && isMode(n.Tag) {
				found = append(found, n)
			}
		case *ast.BinaryExpr:
			compares := n.Op == token.EQL || n.Op == token.NEQ
			if compares && (isMode(n.X) || isMode(n.Y) || isNil(n.Y) && isModeValue(n.X)) {
				found = append(found, n)
			}
		case *ast.TypeAssertExpr:
			if isModeValue(n.X) || slices.Contains(nodeSources, lastName(n.Type)) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

// nodeSources are the implementations of desired.NodeSource and status.Nodes.
var nodeSources = []string{"AgentPools", "ExistingNodes", "NodePools"}

// isMode reports whether an expression is capacity.mode, or one of its values.
func isMode(e ast.Expr) bool {
	return slices.Contains([]string{"Mode", "ModeAKS", "ModeBYO", "ModeKarpenter"}, lastName(e)) && !isPartition(e)
}

// isPartition leaves out the mode of a partition of GPUs.
func isPartition(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Mode" && lastName(s.X) != "Capacity"
}

// isModeValue reports whether an expression is a part that only some modes would have without null objects.
func isModeValue(e ast.Expr) bool {
	if call, ok := e.(*ast.CallExpr); ok {
		return lastName(call.Fun) == "NodeSource"
	}
	s, ok := e.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"cloud", "Cloud", "pools", "Karpenter", "NodeSource"}, s.Sel.Name)
}

func isNil(e ast.Expr) bool { return lastName(e) == "nil" }

// lastName returns the last identifier of a name; "" of anything else.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func TestModeTests(t *testing.T) {
	tree, err := parser.ParseFile(token.NewFileSet(), "a.go", `package a

func f() {
	if l.cloud == nil || c.Capacity.Mode != config.ModeAKS { // two
	}
	switch c.Capacity.Mode { // three
	}
	switch part.Mode {
	case "mig":
	}
	_, byo := policy.NodeSource().(desired.ExistingNodes) // four
	if x == nil || part.Mode == "mig" || p.Karpenter.Size == nil {
	}
}
`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(modeTests(tree)); got != 4 {
		t.Errorf("found %d tests of the mode, want 4", got)
	}
}
