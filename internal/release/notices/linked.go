// SPDX-License-Identifier: Apache-2.0

package notices

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Standard is the path of the module that stands for the standard library and the runtime of Go.
const Standard = "std"

// Platforms are those of a release, as GOOS/GOARCH.
var Platforms = []string{
	"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64",
}

// Module is one module of which a program links a package.
type Module struct {
	Path    string
	Version string // "" for Standard, whose licence is the same in all versions
	Files   []File // in the order of their names; never empty
}

// File is the text of a licence or notice.
type File struct {
	Name string   // within the module
	IDs  []string // of SPDX
	Text string
}

// License returns the licences as an expression of SPDX, or NOASSERTION.
func (m Module) License() string {
	ids := map[string]bool{}
	for _, f := range m.Files {
		for _, id := range f.IDs {
			ids[id] = true
		}
	}
	if len(ids) == 0 {
		return "NOASSERTION"
	}
	return strings.Join(slices.Sorted(maps.Keys(ids)), " AND ")
}

// listed is what "go list" says about a package.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path, Version string }
	}
}

// Linked returns the modules of which a package of the module in root links something on any of Platforms, in the order
// of their paths. A module without the text of a licence is an error.
func Linked(ctx context.Context, root, pkg string) ([]Module, error) {
	found := map[string]*Module{}
	seen := map[string]bool{}
	for _, platform := range Platforms {
		packages, err := list(ctx, root, pkg, platform)
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			if p.Module == nil || p.Module.Main || seen[p.Dir] {
				continue
			}
			seen[p.Dir] = true
			m, known := found[p.Module.Path]
			if !known {
				m = &Module{Path: p.Module.Path, Version: p.Module.Version}
				found[m.Path] = m
			}
			if err := m.read(p.Module.Dir, p.Dir, seen); err != nil {
				return nil, err
			}
		}
	}
	standard, err := standard(ctx)
	if err != nil {
		return nil, err
	}
	found[Standard] = &standard
	var out []Module
	for _, m := range found {
		if len(m.Files) == 0 {
			return nil, fmt.Errorf("module %s %s has no text of a licence", m.Path, m.Version)
		}
		slices.SortFunc(m.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

func list(ctx context.Context, root, pkg, platform string) ([]listed, error) {
	system, arch, _ := strings.Cut(platform, "/")
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Dir,Standard,Module", pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages for %s: %w\n%s", platform, err, talk.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// licenseFile matches the names of texts that go along with a program, but not of code such as license_test.go.
var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents|unlicense)([-_.].*)?$`)

// codeFile matches code.
var codeFile = regexp.MustCompile(`(?i)\.(go|s|c|h|py|sh|tmpl|json|ya?ml|header)$`)

// read adds the texts of the folder of a package and of its parents, up to the module's folder. Code that a module took
// over from elsewhere has its licence beside it.
func (m *Module) read(root, dir string, seen map[string]bool) error {
	for ; ; dir = filepath.Dir(dir) {
		key := "texts of " + dir
		if seen[key] {
			return nil
		}
		seen[key] = true
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() || !licenseFile.MatchString(e.Name()) || codeFile.MatchString(e.Name()) {
				continue
			}
			f, err := readFile(root, filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			m.Files = append(m.Files, f)
		}
		if dir == root {
			return nil
		}
	}
}

func readFile(root, path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return File{}, err
	}
	f := File{Name: filepath.ToSlash(name), Text: tidy(text)}
	for _, match := range licensecheck.Scan(text).Match {
		// A grant of patents stands beside a licence and has no name in SPDX. A URL is not the text.
		grant := strings.HasPrefix(match.ID, "GooglePatent")
		if !slices.Contains(f.IDs, match.ID) && !match.IsURL && !grant {
			f.IDs = append(f.IDs, match.ID)
		}
	}
	return f, nil
}

// tidy returns the text with the ends of lines of Unix, and without blanks there.
func tidy(text []byte) string {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, "\ufeff"), " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n") + "\n"
}

// standard returns the licence of Go.
func standard(ctx context.Context) (Module, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return Module{}, fmt.Errorf("find the standard library: %w", err)
	}
	dir := strings.TrimSpace(string(root))
	f, err := readFile(dir, filepath.Join(dir, "LICENSE"))
	return Module{Path: Standard, Files: []File{f}}, err
}
