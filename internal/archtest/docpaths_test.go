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
)

// documents name paths of the repository in backticks, and files beside them in links.
var documents = []string{
	"AGENTS.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "PATTERNS.md", "README.md", "SECURITY.md", "docs/glossary.md",
}

// notWritten are paths that an example asks the reader to write.
var notWritten = []string{"presets/models/qwen3-0.6b"}

var (
	inBackticks = regexp.MustCompile("`([^`\n]+)`")
	inLink      = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
)

// TestDocumentedPathsExist says that every path that the documents name is there.
func TestDocumentedPathsExist(t *testing.T) {
	root := os.DirFS("../..")
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		t.Fatal(err)
	}
	var tops []string
	for _, e := range entries {
		tops = append(tops, e.Name())
	}
	checked := 0
	for _, name := range documents {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		check := func(p string) {
			p = strings.TrimSuffix(p, "/")
			built := strings.HasPrefix(p, "bin/") // by make, and in no commit
			if strings.ContainsAny(p, "<> {}") || built || slices.Contains(notWritten, p) {
				return
			}
			checked++
			if matches, err := fs.Glob(root, p); err != nil || len(matches) == 0 {
				t.Errorf("%s names %s, which does not exist", name, p)
			}
		}
		for _, m := range inBackticks.FindAllSubmatch(text, -1) {
			// A path begins with a folder or file of the root: "syncer.dev/spot" and "kaito.sh/v1beta1" do not.
			p := string(m[1])
			if top, _, _ := strings.Cut(p, "/"); slices.Contains(tops, top) && (strings.Contains(p, "/") || path.Ext(p) != "") {
				check(p)
			} else if strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, "cmd/") {
				check(p)
			}
		}
		for _, m := range inLink.FindAllSubmatch(text, -1) {
			if p := string(m[1]); !strings.Contains(p, "://") {
				check(path.Join(path.Dir(name), p))
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d paths were found", checked)
	}
}
