// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"syncer.dev/syncer/internal/page/pagetest"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv/chromiumtest"
)

// looks are the pages that a browser opens, by the names of their pictures.
var looks = []struct{ name, path string }{
	{"fleet", "/"},
	{"filtered", "/clusters/demo/?state=Pending&sort=cost"},
	{"nothing-found", "/clusters/demo/?q=nothing"},
	{"workspace-held", "/clusters/demo/workspaces/chat/phi-4"},
	{"workspace-not-ready", "/clusters/demo/workspaces/chat/qwen3-8b"},
	{"workspace-unplaced", "/clusters/demo/workspaces/chat/qwen3-235b"},
	{"workspace-failed", "/clusters/demo/workspaces/research/gemma-3-27b"},
	{"waiting", "/clusters/demo/waiting"},
	{"capacity", "/clusters/demo/capacity"},
	{"cost", "/clusters/demo/cost"},
	{"not-found", "/none"},
}

// TestChromiumPages opens each page light and dark, wide and narrow: nothing is cut off, nothing fails, and axe-core
// finds nothing.
func TestChromiumPages(t *testing.T) {
	p, address := serve(t, onLoopback())
	f := pagetest.Fleet()
	f.Plan.Warnings = []string{"pool wold is not given back: its owner tag is that of another cluster"}
	p.Publish(f)
	b := chromiumtest.Start(t)
	for _, scheme := range []string{"light", "dark"} {
		b.Scheme(scheme)
		for _, width := range []int64{1440, 390} {
			b.Size(width, 900)
			for _, look := range looks {
				b.Open(address + look.path)
				name := fmt.Sprintf("%s-%s-%d", look.name, scheme, width)
				b.Screenshot(name)
				check(t, b, name)
			}
		}
	}
	for _, fault := range b.Faults() {
		if !strings.Contains(fault, "404") {
			t.Error(fault)
		}
	}
}

// check has axe-core look at a page, and looks for what is wider than the window.
func check(t *testing.T, b *chromiumtest.Browser, name string) {
	t.Helper()
	for _, f := range b.Axe() {
		t.Errorf("%s: %s (%s): %s\n%s", name, f.ID, f.Impact, f.Help, strings.Join(f.Nodes, "\n"))
	}
	if wide := chromiumtest.Eval[[]string](b, `[...document.querySelectorAll("body *")].filter(e =>
		e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .diff, .sr, nav, pre, thead")).map(e =>
		e.outerHTML.slice(0, 200))`); len(wide) > 0 {
		t.Errorf("%s: wider than the window: %s", name, strings.Join(wide, "\n"))
	}
}

// TestChromiumSignIn signs in with a wrong token and with a good one, by the keyboard alone.
func TestChromiumSignIn(t *testing.T) {
	p, address := serve(t, withTokens(t, &authority{}, session.Random()))
	p.Publish(pagetest.Fleet())
	b := chromiumtest.Start(t)
	b.Open(address + "/clusters/demo/cost")
	b.Do(chromedp.SendKeys("#token", "wrong"+kb.Enter), chromedp.WaitVisible("#wrong"))
	b.Screenshot("sign-in")
	check(t, b, "sign-in")
	b.Do(chromedp.SendKeys("#token", "token-of-team"+kb.Enter), chromedp.WaitVisible("#cost"))
	b.Screenshot("signed-in")
	check(t, b, "signed-in")
	if cookies := chromiumtest.Eval[string](b, `document.cookie`); cookies != "" {
		t.Errorf("scripts can read the session: %s", cookies)
	}
}

// TestChromiumUpdates: what is published shows without a reload, and takes neither the focus nor an open part away.
func TestChromiumUpdates(t *testing.T) {
	p, address := serve(t, onLoopback())
	f := pagetest.Fleet()
	p.Publish(f)
	b := chromiumtest.Start(t)
	b.Open(address)
	b.Eventually("the stream", `document.getElementById("live").textContent === "Live"`)
	b.Do(chromedp.Focus(`a[href$="/workspaces/chat/llama-3-3-70b"]`),
		chromedp.Evaluate[chromedp.Void](`window.kept = true`))
	next := pagetest.Fleet()
	for i := range next.Reports {
		r := next.Reports[i]
		if r.State == status.NotReady || r.State == status.Failed {
			r.State, r.Conditions = status.Ready, nil
		}
	}
	p.Publish(next)
	b.Eventually("the new state", `document.querySelector("h1").textContent.includes("on the way")`)
	if !chromiumtest.Eval[bool](b, `window.kept && document.activeElement.textContent === "llama-3-3-70b"`) {
		t.Errorf("the focus is on %s", chromiumtest.Eval[string](b, `document.activeElement.outerHTML`))
	}
	got := chromiumtest.Eval[string](b, `document.getElementById("says").textContent`)
	if !strings.Contains(got, "on the way") {
		t.Errorf("a screen reader hears %q", got)
	}
	next.Failing = []view.Failing{{Component: "git", Text: "connection refused", Since: pagetest.Now.Add(-time.Hour)}}
	p.Publish(next)
	b.Eventually("the notice", `document.getElementById("failing").textContent.includes("git does not answer")`)
	check(t, b, "failing")
	b.Screenshot("failing")

	b.Open(address + "/clusters/demo/workspaces/chat/qwen3-235b")
	b.Eventually("the stream", `document.getElementById("live").textContent === "Live"`)
	b.Do(chromedp.Click("#d-sizes summary"))
	f.Plan.Workspaces[4].Unplaced = "something else"
	p.Publish(f)
	b.Eventually("the new reason", `document.getElementById("workspace").textContent.includes("something else")`)
	if !chromiumtest.Eval[bool](b, `document.getElementById("d-sizes").open`) {
		t.Error("the open part is closed")
	}
	for _, fault := range b.Faults() {
		t.Error(fault)
	}
}

// TestChromiumKeyboard: the first key leads to the content, and each control shows that it has the focus.
func TestChromiumKeyboard(t *testing.T) {
	p, address := serve(t, onLoopback())
	p.Publish(pagetest.Fleet())
	b := chromiumtest.Start(t)
	b.Open(address)
	b.Do(chromedp.KeyEvent(kb.Tab))
	if got := chromiumtest.Eval[string](b, `document.activeElement.textContent`); got != "Skip to the content" {
		t.Errorf("the first key leads to %q", got)
	}
	seen := map[string]bool{}
	for range 80 {
		state := chromiumtest.Eval[[]string](b, `(() => {
			const e = document.activeElement, s = getComputedStyle(e);
			return [e.id || e.getAttribute("href") || e.tagName, s.outlineStyle !== "none" ? "shown" : e.outerHTML];
		})()`)
		if state[1] != "shown" && state[0] != "BODY" {
			t.Errorf("no focus is shown on %s", state[1])
		}
		seen[state[0]] = true
		b.Do(chromedp.KeyEvent(kb.Tab))
	}
	for _, want := range []string{"q", "state", "/clusters/demo/cost", "/clusters/demo/workspaces/chat/phi-4"} {
		if !seen[want] {
			t.Errorf("the keyboard does not reach %s", want)
		}
	}
	b.Do(chromedp.SendKeys("#q", "gemma"+kb.Enter))
	b.Eventually("the search", `location.search.includes("q=gemma") && document.querySelectorAll("tbody tr").length === 1`)
}

// TestChromiumWithoutScripts: without JavaScript everything is there, and the form works.
func TestChromiumWithoutScripts(t *testing.T) {
	p, address := serve(t, onLoopback())
	p.Publish(pagetest.Fleet())
	b := chromiumtest.Start(t)
	b.Scripts(false)
	b.Open(address)
	b.Do(chromedp.SendKeys("#q", "gemma"+kb.Enter), chromedp.WaitVisible(`a[href*="q=gemma"]`))
	text := chromiumtest.Get(b, chromedp.Text("main"))
	if !strings.Contains(text, "gemma-3-27b") || strings.Contains(text, "mistral-small") {
		t.Errorf("the search without scripts: %s", text)
	}
	b.Screenshot("without-scripts")
}

// TestChromiumLarge: a browser shows a page of 10,000 Workspaces, and finds one.
func TestChromiumLarge(t *testing.T) {
	p, address := serve(t, onLoopback())
	p.Publish(pagetest.Large(10_000))
	b := chromiumtest.Start(t)
	b.Open(address)
	b.Screenshot("large")
	check(t, b, "large")
	b.Open(address + "/clusters/demo/?q=model-07777")
	if got := chromiumtest.Eval[string](b, `document.querySelector("tbody th a").textContent`); got != "model-07777" {
		t.Errorf("the search finds %q", got)
	}
	if code, body := get(t, http.DefaultClient, address+"/clusters/demo/?sort=name&page=200"); code != 200 ||
		!strings.Contains(body, "model-09999") || !strings.Contains(body, "9,951 to 10,000 of 10,000") {
		t.Errorf("the last page: %d", code)
	}
}
