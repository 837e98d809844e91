// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/golden"
)

const allowedFile = "testdata/words_allowed.txt"

// TestWords says that comments, string literals and documents use no term of testdata/words.txt more often than
// testdata/words_allowed.txt allows for their folder. A folder without a line is allowed none. "make generate" writes
// the present counts, also after files moved between folders, and fails when their sum has risen.
func TestWords(t *testing.T) {
	text, err := os.ReadFile("testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	words, err := parseWords(text)
	if err != nil {
		t.Fatal(err)
	}
	found, counts := map[string][]string{}, map[string]int{}
	root := os.DirFS("../..")
	for _, name := range sources(t, root, ".go", ".md") {
		prose, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		if path.Ext(name) == ".go" {
			if prose, err = goProse(name, prose); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range words.find(prose) {
			folder := path.Dir(name)
			counts[folder]++
			found[folder] = append(found[folder], fmt.Sprintf("%s:%d: %q: write %q", name, f.line, f.term, f.replacement))
		}
	}

	allowed := readAllowed(t)
	if golden.Update() {
		if before, now := sum(allowed), sum(counts); now > before {
			t.Fatalf("%d uses of avoided terms, %d were allowed: the allowance only goes down", now, before)
		}
		golden.Equal(t, allowedFile, formatAllowed(counts))
		allowed = counts
	}
	for _, folder := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[folder]; n > allowed[folder] {
			t.Errorf("%s: %d uses of avoided terms, %d are allowed:\n%s",
				folder, n, allowed[folder], strings.Join(found[folder], "\n"))
		}
	}
}

// sources lists the files of the repository with one of the extensions, without what is built or test data.
func sources(t *testing.T, root fs.FS, extensions ...string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "testdata"}, d.Name()):
			return fs.SkipDir
		case !d.IsDir() && slices.Contains(extensions, path.Ext(name)):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

const allowedHeader = "# The number of avoided terms in each folder. " +
	"Written by \"make generate\"; the sum only goes down.\n"

func readAllowed(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(allowedFile)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]int{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var folder string
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &folder, &n); err != nil {
			t.Fatalf("%s: %q: %v", allowedFile, lines.Text(), err)
		}
		allowed[folder] = n
	}
	return allowed
}

func formatAllowed(counts map[string]int) string {
	var b strings.Builder
	b.WriteString(allowedHeader)
	for _, folder := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%s %d\n", folder, counts[folder])
	}
	return b.String()
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func TestFindWords(t *testing.T) {
	words, err := parseWords([]byte("# a comment\n\nold word: new word\nquux: foo, with: a colon\n"))
	if err != nil {
		t.Fatal(err)
	}
	source := "package p // Old\n\n// An OLD\n// word.\nvar quux, oldword = \"a quux\", `old\n\tword`\n"
	prose, err := goProse("p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	want := []finding{
		{line: 3, term: "old word", replacement: "new word"},
		{line: 5, term: "old word", replacement: "new word"},
		{line: 5, term: "quux", replacement: "foo, with: a colon"},
	}
	if got := words.find(prose); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if _, err := parseWords([]byte("no replacement\n")); err == nil {
		t.Error("a line without a replacement is accepted")
	}
}
