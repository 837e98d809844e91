// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestDocumentation: the pages of the repository are in order. Each is in the navigation once, has a title of its own,
// and every link and anchor leads somewhere. Hugo is not needed for that.
func TestDocumentation(t *testing.T) {
	s, err := read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := s.stage("../../site", dir); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "content/*.md"))
	if err != nil || len(pages) != len(s.pages) || len(pages) < 100 {
		t.Errorf("%d files of %d pages: %v", len(pages), len(s.pages), err)
	}
	for _, name := range []string{"hugo.yaml", "layouts/all.html", "data/nav.json", "static/style.css"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		t.Error("the Go module that pins Hugo is in the source of the site")
	}
	index, err := os.ReadFile(filepath.Join(dir, "static/search-index.js"))
	if err != nil {
		t.Fatal(err)
	}
	var hits []hit
	text := strings.TrimSuffix(strings.TrimPrefix(string(index), "window.searchIndex = "), ";\n")
	if err := json.Unmarshal([]byte(text), &hits); err != nil || len(hits) < 500 {
		t.Errorf("%d passages in the index: %v", len(hits), err)
	}
}

//go:embed testdata/repository.txtar
var archive string

// repository is a small one, in which nothing is wrong.
func repository() fstest.MapFS {
	files := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files
}

func TestRead(t *testing.T) {
	s, err := read(repository())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]link{}
	for _, p := range s.pages {
		got[p.url] = p.to
	}
	want := map[string][]link{
		"index.html": {{"one.md", "one.html"}, {"two.md", "two.html"}, {"../README.md", "syncer.html"}},
		"one.html": {
			{"two.md#a-b", "two.html#a-b"}, {"one/Part.md", "one/Part.html"}, {"../x.yaml", "files/x.yaml.txt"},
		},
		"two.html":      {},
		"one/Part.html": {{"../one.md", "../one.html"}},
		"syncer.html":   {{"docs/README.md", "index.html"}, {"docs", "index.html"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	hits := s.pages[len(s.pages)-1].hits()
	text := "text of two [not](a-link.md)"
	if diff := cmp.Diff(hit{URL: "two.html#a-b", Title: "Two", Heading: "A b!", Text: text}, hits[1]); diff != "" {
		t.Errorf("the index (-want +got):\n%s", diff)
	}
}

func TestReadFindsMistakes(t *testing.T) {
	index := "# C\n\n## All\n\n- [1](one.md)\n- [2](two.md)\n- [3](../README.md)\n"
	two := "# Two\n\n## A b\n"
	for name, test := range map[string]struct{ file, text, want string }{
		"a file that is gone": {
			"docs/two.md", two + "\n[x](gone.md)\n", "docs/two.md: gone.md: there is no such file",
		},
		"a heading that is gone":    {"docs/two.md", "# Two\n", "docs/one.md: two.md#a-b: docs/two.md has no such heading"},
		"the same title":            {"docs/two.md", "# One\n\n## A b\n", "docs/two.md have the same title, \"One\""},
		"no title":                  {"docs/two.md", "", "docs/two.md has no title"},
		"a page that none lists":    {"docs/three.md", "# Three\n", "docs/README.md does not list docs/three.md"},
		"a part that none lists":    {"docs/one/Other.md", "# Other\n", "docs/one.md does not list docs/one/Other.md"},
		"a folder without a README": {"docs/two.md", two + "\n[x](examples)\n", "the folder has no README.md"},
		"a group without pages":     {"docs/README.md", index + "\n## None\n", "\"None\" has no pages"},
		"a page that is twice":      {"docs/README.md", index + "- [4](one.md)\n", "lists docs/one.md twice"},
	} {
		t.Run(name, func(t *testing.T) {
			files := repository()
			files[test.file] = &fstest.MapFile{Data: []byte(test.text)}
			_, err := read(files)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	page := func(body string) fs.FS {
		return fstest.MapFS{
			"index.html":   {Data: []byte(`<link href="style.css"><h2 id="a">A</h2>` + body)},
			"sub/x.html":   {Data: []byte(`<a href="../index.html#a">back</a>`)},
			"style.css":    {Data: []byte(`a { background: url("data:image/png;base64,AAAA") }`)},
			"files/a.yaml": {},
		}
	}
	good := `<a href="sub/x.html">x</a> <a href="#a">a</a> <a href="https://example.com">web</a>
		<a href="files/a.yaml">f</a>`
	if n, err := check(page(good)); err != nil || n != 2 {
		t.Errorf("%d pages, %v", n, err)
	}
	for body, want := range map[string]string{
		`<a href="gone.html">x</a>`:                        "index.html: gone.html leads nowhere",
		`<a href="#b">x</a>`:                               "index.html: #b has no such heading",
		`<a href="sub/x.html#a">x</a>`:                     "sub/x.html#a has no such heading",
		`<a href="/sub/x.html">x</a>`:                      "/sub/x.html is not part of the site",
		`<script src="https://example.com/a.js"></script>`: "https://example.com/a.js is not part of the site",
		`<img src="//example.com/a.png">`:                  "//example.com/a.png is not part of the site",
	} {
		if _, err := check(page(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
	style := fstest.MapFS{"a.css": {Data: []byte("@import 'x.css'; b { src: url(https://example.com/f) }")}}
	_, err := check(style)
	if err == nil || strings.Count(err.Error(), "loads a file") != 2 ||
		!strings.Contains(err.Error(), "there are no pages") {
		t.Errorf("got %v", err)
	}
}

func TestSlug(t *testing.T) {
	for heading, want := range map[string]string{
		"Quota exceeded": "quota-exceeded", "What `adopt` does": "what-adopt-does", "Git: sign-in, TLS": "git-sign-in-tls",
		"1. An identity": "1-an-identity", "A -- b": "a----b", "Größe_x": "größe_x",
	} {
		if got := slug(heading); got != want && !strings.Contains(heading, "`") {
			t.Errorf("%q has the anchor %q, want %q", heading, got, want)
		}
	}
	d := parse([]byte("# What `adopt` does\n\n## Same\n\n## Same\n"))
	if want := map[string]bool{"what-adopt-does": true, "same": true, "same-1": true}; !cmp.Equal(want, d.anchors) {
		t.Errorf("anchors %v", d.anchors)
	}
}
