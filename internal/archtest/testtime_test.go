// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// realTime is what makes a test depend on the speed of the machine, unless the test runs in a bubble of
// testing/synctest. A test that waits calls testenv.Eventually, which has no limit of its own.
var realTime = []string{
	"time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker",
	"context.WithTimeout", "context.WithDeadline",
}

// realTimeAllowed are the test files that use it, and why a busy machine does not make them fail.
var realTimeAllowed = map[string]string{
	"internal/apply/limit/limit_test.go":           "it runs in a bubble",
	"internal/cli/progress/progress_test.go":       "it runs in a bubble",
	"internal/app/loop_live_linux_test.go":         "it is a benchmark, and no test",
	"internal/app/loop_process_linux_test.go":      "it is a benchmark, and no test",
	"internal/app/loop_real_linux_test.go":         "it is a benchmark, and no test",
	"internal/app/compare/bench_linux_test.go":     "it is a benchmark, and no test",
	"internal/apply/informers/probe_test.go":       "it runs in a bubble",
	"internal/app/pullrequest/bench_linux_test.go": "it is a benchmark, and no test",
	"internal/app/pages/pages_test.go":             "it runs in a bubble",
	"internal/app/ondemand/ondemand_test.go":       "it runs in a bubble",
	"internal/app/tips/tips_test.go":               "it runs in a bubble",
	"internal/app/telling/telling_test.go":         "it runs in a bubble",
	"internal/apply/lease/lease_test.go":           "it runs in a bubble",
	"internal/fence/fence_test.go":                 "it runs in a bubble",
	"internal/shard/shard_test.go":                 "it runs in a bubble",
	"internal/clock/clock_test.go":                 "it runs in a bubble",
	"internal/git/local/direct_unix_test.go":       "it runs in a bubble",
	"internal/reconcile/property_test.go":          "the simulator runs it in a bubble",
	"internal/reconcile/reconcile_test.go":         "the simulator runs it in a bubble",
	"internal/reconcile/still_test.go":             "the simulator runs it in a bubble",
	"internal/review/fixture_test.go":              "only tests in bubbles call it",
	"internal/review/webhook/webhook_test.go":      "it runs in a bubble",
	"internal/watch/watch_test.go":                 "it waits for a signal that must not come",
}

// TestTestsDoNotDependOnTheMachine finds sleeps and limits on real time in tests.
func TestTestsDoNotDependOnTheMachine(t *testing.T) {
	root := os.DirFS("../..")
	used := map[string]bool{}
	for _, name := range sources(t, root, ".go") {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range timed(file) {
			if used[name] = true; realTimeAllowed[name] == "" {
				t.Errorf("%s: a busy machine may make this test fail; call testenv.Eventually, or run it in "+
					"testing/synctest", files.Position(n.Pos()))
			}
		}
	}
	for name := range realTimeAllowed {
		if !used[name] {
			t.Errorf("%s needs no exception", name)
		}
	}
}

// timed returns the uses of realTime in a file.
func timed(file *ast.File) []ast.Node {
	imported := map[string]bool{}
	for _, i := range file.Imports {
		if path, err := strconv.Unquote(i.Path.Value); err == nil && i.Name == nil {
			imported[path] = true
		}
	}
	var found []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := s.X.(*ast.Ident)
		if ok && imported[pkg.Name] && slices.Contains(realTime, pkg.Name+"."+s.Sel.Name) {
			found = append(found, s)
		}
		return true
	})
	return found
}

func TestTimed(t *testing.T) {
	source := `package p
import ("context"; "time")
func f() { time.Sleep(1); context.WithTimeout(nil, time.Second); x.Sleep(time.Second) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "p_test.go", strings.NewReader(source), 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(timed(file)); n != 2 {
		t.Errorf("%d uses of real time, want 2", n)
	}
}
