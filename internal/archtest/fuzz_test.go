// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)
	fuzzEntry  = regexp.MustCompile(`(?m)^FUZZ \+= (\S+)$`)
)

// fuzzTargets returns the fuzz targets of the code as PACKAGE:NAME, sorted.
func fuzzTargets(t *testing.T, root fs.FS) []string {
	t.Helper()
	var out []string
	for _, name := range sources(t, root, ".go") {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fuzzTarget.FindAllStringSubmatch(string(text), -1) {
			out = append(out, path.Dir(name)+":"+m[1])
		}
	}
	slices.Sort(out)
	return out
}

// TestEveryFuzzTargetIsRun: "make fuzz" forgets no target and names none that is gone. The table of runs in
// docs/fuzzing.md has a row for each of them too.
func TestEveryFuzzTargetIsRun(t *testing.T) {
	root := os.DirFS("../..")
	makefile, err := fs.ReadFile(root, "Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range fuzzEntry.FindAllStringSubmatch(string(makefile), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(listed)
	want := fuzzTargets(t, root)
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("the variable FUZZ of the Makefile differs from the code (-code +Makefile):\n%s", diff)
	}
	document, err := fs.ReadFile(root, "docs/fuzzing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range want {
		folder, name, _ := strings.Cut(target, ":")
		if !strings.Contains(string(document), "`"+folder+"` | `"+name+"`") {
			t.Errorf("docs/fuzzing.md has no row for `%s` | `%s`", folder, name)
		}
	}
}
