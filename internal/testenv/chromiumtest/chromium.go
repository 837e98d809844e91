// SPDX-License-Identifier: Apache-2.0

package chromiumtest

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"syncer.dev/syncer/internal/testenv"
)

// AxeVersion and AxeSum are the version of axe-core, and the SHA-256 of its file.
const (
	AxeVersion = "4.14.1"
	AxeSum     = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// axe is axe-core, of which AxeSum is the checksum.
//
//go:embed axe-core/axe.min.js
var axe string

const (
	// variable says whether tests in a browser must run: "required", "off", or "" for where there is one.
	variable = "SYNCER_CHROMIUM"
	// folder names the folder of screenshots.
	folder = "SYNCER_SCREENSHOTS"
	// prefix begins the name of every test that may be left out.
	prefix = "TestChromium"
)

// Binary returns the path of Chromium. The error says how to install it.
func Binary() (string, error) {
	if os.Getenv(variable) == "off" {
		return "", fmt.Errorf("%s=off", variable)
	}
	if name := os.Getenv("CHROMIUM"); name != "" {
		return exec.LookPath(name)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium is installed; on Debian run: apt-get install chromium")
}

// Browser is a browser with one page.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

// Start starts a browser, and ends it with the test. Where there is none, it leaves the test out.
func Start(t *testing.T) *Browser {
	t.Helper()
	if !strings.HasPrefix(t.Name(), prefix) {
		t.Fatalf("the name of a test in a browser begins with %s, so that it can be listed: %s", prefix, t.Name())
	}
	binary, err := Binary()
	if err != nil {
		if os.Getenv(variable) != "required" {
			t.Skipf("left out: %v", err)
		}
		t.Fatal(err)
	}
	home := t.TempDir()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary),
		chromedp.UserDataDir(filepath.Join(home, "profile")), chromedp.Env("HOME="+home, "LANG=C.UTF-8", "TZ=UTC"),
		chromedp.NoSandbox, // it opens pages of this test only, and containers forbid the sandbox
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("font-render-hinting", "none"),
	)
	ctx, cancel := testenv.Context(t)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &Browser{t: t, ctx: ctx}
	b.Do()
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	set(b, log.Enable, cdp.Empty{})
	b.Size(1440, 900)
	return b
}

// listen collects what goes wrong on a page: errors of scripts, and what the policy of the page forbids.
func (b *Browser) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if o := e.ExceptionDetails.Exception; o != nil {
			text += " " + o.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	case *page.EventJavascriptDialogOpening:
		text = "a dialog: " + e.Message
	}
	if text != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.faults = append(b.faults, text)
	}
}

// Faults returns the errors of the pages so far.
func (b *Browser) Faults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faults
}

// Do runs actions, and ends the test if one fails.
func (b *Browser) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("the browser: %v", err)
	}
}

// Get runs an action, and returns its result.
func Get[V any](b *Browser, action chromedp.Action[V]) V {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatalf("the browser: %v", err)
	}
	return v
}

// set sends a command to the browser, whose answer says nothing.
func set[P any](b *Browser, command cdp.Command[P, cdp.Empty], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.t.Fatalf("the browser: %v", err)
	}
}

// Open opens an address, and waits until the page is loaded.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(url))
}

// Size sets the size of the window, in CSS pixels.
func (b *Browser) Size(width, height int64) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width, height))
}

// Scheme sets what the user prefers: "light" or "dark".
func (b *Browser) Scheme(name string) {
	b.t.Helper()
	set(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Scripts switches JavaScript on or off, for pages that are opened from then on.
func (b *Browser) Scripts(on bool) {
	b.t.Helper()
	set(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Eval evaluates an expression in the page, and awaits a promise.
func Eval[V any](b *Browser, expression string) V {
	b.t.Helper()
	return Get(b, chromedp.Evaluate[V](expression, chromedp.EvalAwaitPromise))
}

// Eventually waits until an expression in the page is true.
func (b *Browser) Eventually(what, expression string) {
	b.t.Helper()
	testenv.Eventually(b.t.(testenv.Waiter), what, func() string {
		if Eval[bool](b, expression) {
			return ""
		}
		return expression
	})
}

// Screenshot saves a picture of the whole page under a name.
func (b *Browser) Screenshot(name string) {
	b.t.Helper()
	data := Get(b, chromedp.FullScreenshot(100))
	dir := os.Getenv(folder)
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// Finding is one rule of axe-core that a page breaks.
type Finding struct {
	ID     string
	Help   string
	Impact string
	Nodes  []string // the elements, as HTML
}

// Axe returns what axe-core finds on the page.
func (b *Browser) Axe() []Finding {
	b.t.Helper()
	b.Do(chromedp.Evaluate[chromedp.Void](axe)) // not by a script element, which the policy of the page would forbid
	return Eval[[]Finding](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => (
		{ID: v.id, Help: v.help, Impact: v.impact, Nodes: v.nodes.map(n => n.html + " " + n.failureSummary)})))`)
}
