// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"syncer.dev/syncer/internal/testenv/chromiumtest"
)

// TestChromiumSearch types a question into the search of a page that is a file, with the index of the repository. There
// is no server, and Hugo is not needed: the page has what the scripts look for.
func TestChromiumSearch(t *testing.T) {
	s, err := read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := s.stage("../../site", dir); err != nil {
		t.Fatal(err)
	}
	layout, err := os.ReadFile("../../site/layouts/all.html")
	if err != nil {
		t.Fatal(err)
	}
	_, header, _ := strings.Cut(string(layout), "<body>")
	header, _, _ = strings.Cut(header, "<div class=\"frame\">")
	page := `<!doctype html><html lang="en"><head><title>x</title><meta charset="utf-8">
<link rel="stylesheet" href="style.css"><script src="theme.js"></script>
<script src="search.js" data-root="" defer></script></head><body>` +
		strings.ReplaceAll(header, "{{ .Params.up }}", "") +
		`<div class="frame"><nav id="navigation" aria-label="x"></nav><main id="content"><h1>x</h1></main></div>`
	static := filepath.Join(dir, "static")
	for _, name := range []string{"index.html", "troubleshooting.html"} {
		if err := write(filepath.Join(static, name), []byte(page)); err != nil {
			t.Fatal(err)
		}
	}
	b := chromiumtest.Start(t)
	b.Open("file://" + filepath.Join(static, "index.html"))
	b.Do(chromedp.SendKeys("#search input", "quota excee"))
	b.Eventually("a name is found by its words",
		`document.querySelector("#hits a strong")?.textContent === "QuotaExceeded"`)
	b.Screenshot("docs-search")
	chromiumtest.Eval[string](b, `document.querySelector("#search input").value = ""`)
	b.Do(chromedp.SendKeys("#search input", "drift: a change"))
	b.Eventually("the first passage is that of the heading",
		`document.querySelector("#hits a strong")?.textContent === "Troubleshooting: Drift: a change is set back"`)
	b.Do(chromedp.SendKeys("#search input", kb.ArrowDown+kb.Enter))
	b.Eventually("the passage is opened", `location.href.endsWith("/troubleshooting.html#drift-a-change-is-set-back")`)
	b.Do(chromedp.SendKeys("#search input", "nothinghasthisword"))
	b.Eventually("the search says that there is nothing",
		`document.getElementById("hits").textContent === "Nothing has all of these words."`)
	b.Do(chromedp.SendKeys("#search input", kb.Escape))
	b.Eventually("the list is closed", `document.getElementById("hits").hidden`)
	b.Scheme("light")
	before := chromiumtest.Eval[string](b, `getComputedStyle(document.body).backgroundColor`)
	b.Do(chromedp.Click("#theme"))
	b.Eventually("the page is dark", `getComputedStyle(document.body).backgroundColor !== "`+before+`"`)
	for _, fault := range b.Faults() {
		t.Error(fault)
	}
	// The last, because axe-core asks for the style sheet in a way that a page that is a file may not.
	for _, f := range b.Axe() {
		t.Errorf("%s (%s): %s\n%s", f.ID, f.Impact, f.Help, strings.Join(f.Nodes, "\n"))
	}
}
