package archtest

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "syncer.dev/syncer/"

// pkg is what "go list" says about a package; Imports are those of its code, not of its tests.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// layers orders packages: each may import those of earlier layers, and none of its own or of later ones unless named in within.
var layers = [][]string{
	{"presets", "internal/strictyaml", "internal/watch", "internal/web"},
	{"internal/preset", "internal/config"},
	{"internal/workspace", "internal/derive"},
	{"internal/capacity/kaito", "internal/capacity/pack"},
	{"internal/capacity", "internal/cluster", "internal/diff", "internal/render"},
	{"internal/eject", "internal/status", "internal/plan", "internal/execute"},
	{"internal/reconcile"},
	{"cmd/syncer"},
}

// within are imports inside one layer.
var within = map[string][]string{"internal/render": {"internal/cluster"}}

// adapters talk to the outside. Only cmd/syncer imports them, and they never import each other.
var adapters = []string{"internal/git", "internal/apply", "internal/capacity/aks", "internal/capacity/retail", "internal/hub"}

// helpers of tests and the demo follow no layer.
var helpers = []string{
	"internal/archtest", "internal/bench", "internal/bench/report", "internal/capacity/aks/armsim", "internal/capacity/capacitytest", "internal/demo", "internal/e2e", "internal/git/gittest", "internal/testenv",
}

// fences keep a library behind one package.
var fences = []struct {
	prefix  string
	allowed []string
}{
	{"github.com/go-git/", []string{"internal/git"}},
	{"k8s.io/client-go", []string{"internal/apply"}},
	{"sigs.k8s.io/controller-runtime", []string{"internal/apply"}},
	{"github.com/fluxcd/", []string{"internal/apply"}},
	{"github.com/Azure/", []string{"internal/capacity/aks"}},
	{"sigs.k8s.io/kustomize/", []string{"internal/render"}},
	{"github.com/spf13/", []string{"cmd/syncer"}},
	{"github.com/fsnotify/", []string{"internal/watch"}},
	{"github.com/prometheus/", []string{"internal/web", "cmd/syncer"}},
}

// pure packages do no I/O and read no clock.
var pure = []string{
	"internal/strictyaml", "internal/preset", "internal/derive", "internal/eject", "internal/workspace", "internal/capacity", "internal/capacity/kaito", "internal/capacity/pack", "internal/cluster", "internal/diff",
	"internal/plan", "internal/status",
}

func layerOf(name string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, name) })
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		name := p.name()
		if slices.Contains(helpers, name) {
			continue
		}
		mine, isAdapter := layerOf(name), slices.Contains(adapters, name)
		if mine < 0 && !isAdapter {
			t.Errorf("%s has no place in the layers", name)
		}
		for _, path := range p.Imports {
			for _, f := range fences {
				if strings.HasPrefix(path, f.prefix) && !slices.Contains(f.allowed, name) {
					t.Errorf("%s imports %s, which only %v may", name, path, f.allowed)
				}
			}
			if !strings.HasPrefix(path, module) {
				continue
			}
			other := strings.TrimPrefix(path, module)
			switch {
			case slices.Contains(helpers, other):
				t.Errorf("%s imports %s, which is for tests and the demo", name, other)
			case slices.Contains(adapters, other) && name != "cmd/syncer":
				t.Errorf("%s imports the adapter %s, which only cmd/syncer may", name, other)
			case !isAdapter && layerOf(other) >= mine && !slices.Contains(within[name], other):
				t.Errorf("%s imports %s, which is not below it", name, other)
			}
		}
	}
}

func TestPurity(t *testing.T) {
	forbidden := []string{"os", "os/exec", "net", "net/http", "io/ioutil", "path/filepath", "syscall"}
	for _, p := range list(t) {
		if !slices.Contains(pure, p.name()) {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(forbidden, i) {
				t.Errorf("%s imports %s", p.name(), i)
			}
		}
		for _, file := range p.GoFiles {
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, s.Sel.Name) {
						t.Errorf("%s/%s reads the clock: time.%s", p.name(), file, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

func TestEveryPackageExplainsItself(t *testing.T) {
	for _, p := range list(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}
