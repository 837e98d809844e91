// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
)

//go:embed templates assets
var files embed.FS

// templates are the pages by the names of their files, each with the layout.
var templates = func() map[string]*template.Template {
	layout := template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/layout.html"))
	out := map[string]*template.Template{}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err) // of a pattern that is constant
	}
	for _, name := range names {
		if base := path.Base(name); base != "layout.html" {
			out[base] = template.Must(template.Must(layout.Clone()).ParseFS(files, name))
		}
	}
	return out
}()

// assets are the files that pages load, by name, and their addresses, which change with the content.
var assets, addresses = func() (map[string][]byte, map[string]string) {
	content, at := map[string][]byte{}, map[string]string{}
	for _, name := range []string{"page.css", "page.js", "icon.svg"} {
		data, err := files.ReadFile("assets/" + name)
		if err != nil {
			panic(err) // of a file that is embedded
		}
		content[name], at[name] = data, fmt.Sprintf("/assets/%s?v=%x", name, sha256.Sum256(data))[:len(name)+27]
	}
	return content, at
}()

// asset serves a file that pages load. Anybody may have it: it is the same in every syncer of a version.
func asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	data, known := assets[name]
	if !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "public, max-age=86400, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// functions are what templates call.
var functions = template.FuncMap{
	"asset":     func(name string) string { return addresses[name] },
	"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"when":      when,
	"ago":       func(now, t time.Time) template.HTML { return relative(now, t, "") },
	"long":      func(now, t time.Time) template.HTML { return relative(now, t, " ago") },
	"lasted":    func(d time.Duration) string { return d.Round(time.Second).String() },
	"number":    number,
	"usd":       func(usd float64) string { return number(usd) },
	"cents":     func(usd float64) string { return fmt.Sprintf("%.2f", usd) },
	"month":     func(hourly float64) float64 { return hourly * capacity.HoursPerMonth },
	"add":       func(a, b int) int { return a + b },
	"lower":     class,
	"shape":     shape,
	"word":      word,
	"sizename":  sizeName,
	"segments":  segments,
	"percent":   func(p interface{ Percent() float64 }) string { return fmt.Sprintf("%.2f%%", p.Percent()) },
	"calm":      func(p view.Part) calm { return calm{p} },
	"nodestate": stateOf,
	"met":       met,
	"metword":   metWord,
	"diffclass": diffClass,
	"sorts":     sorts,
}

// when shows a time to people and to programs.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time class="nowrap" datetime="%s">%s</time>`, // of a time alone
		t.Format(time.RFC3339), t.Format("2006-01-02 15:04 UTC")))
}

// relative shows how long ago a time is; the script of the page keeps it up to date.
func relative(now, t time.Time, ago string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	text := since(now.Sub(t))
	if text != justNow {
		text += ago
	}
	return template.HTML(fmt.Sprintf(`<time class="nowrap" datetime="%s" title="%s" data-ago="%s">%s</time>`,
		t.UTC().Format(time.RFC3339), t.UTC().Format("2006-01-02 15:04:05 UTC"), strings.TrimSpace(ago), text))
}

const justNow = "just now"

// since says a duration in one unit.
func since(d time.Duration) string {
	switch {
	case d < time.Minute:
		return justNow
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}

// number writes a number without decimals, in groups of three digits.
func number(v any) string {
	switch n := v.(type) {
	case int:
		return plan.Thousands(n)
	case float64:
		if n != float64(int(n)) && n < 10 {
			return fmt.Sprintf("%.1f", n)
		}
		return plan.Thousands(int(n + 0.5))
	}
	return fmt.Sprint(v)
}

// class is the part of a CSS class for a state; "none" for a text that is none.
func class(state any) string {
	switch s := status.State(fmt.Sprint(state)); s {
	case status.Pending, status.Ready, status.NotReady, status.Running, status.Succeeded, status.Failed:
		return strings.ToLower(string(s))
	}
	return "none"
}

// shape draws the shape of a state, which a word stands beside.
func shape(state any) template.HTML {
	return template.HTML(`<svg class="shape" aria-hidden="true" focusable="false"><use href="#s-` + // of constants
		class(state) + `"/></svg>`)
}

// word is a state in plain English.
func word(state any) string {
	if s := fmt.Sprint(state); s != string(status.NotReady) {
		return s
	}
	return "Not ready"
}

// sizeName shows the name of a size with the part that all of Azure's have stepped back.
func sizeName(name string) template.HTML {
	const common = "Standard_"
	rest, found := strings.CutPrefix(name, common)
	if !found {
		return template.HTML(template.HTMLEscapeString(name))
	}
	return template.HTML(`<span class="soft">` + common + `</span>` + template.HTMLEscapeString(rest))
}

// segment is the part of a state in the spread of all.
type segment struct {
	State    status.State
	X, Width string
}

// segments divides a bar among the states: those that need attention are never too thin to see.
func segments(t view.Totals) []segment {
	const least = 0.8 // percent
	var sum float64
	widths := make([]float64, len(t.States))
	for i, c := range t.States {
		if c.N > 0 {
			widths[i] = max(100*float64(c.N)/float64(t.Workspaces), least)
			sum += widths[i]
		}
	}
	var out []segment
	x := 0.0
	for i, c := range t.States {
		if widths[i] > 0 {
			width := 100 * widths[i] / sum
			out = append(out, segment{c.State, fmt.Sprintf("%.2f%%", x), fmt.Sprintf("%.2f%%", width)})
			x += width
		}
	}
	return out
}

// calm is a part that may be full without harm.
type calm struct{ view.Part }

// Full is never.
func (calm) Full() bool { return false }

// stateOf is the state of a Workspace that looks like that of a pool, a node or a pod.
func stateOf(s string) status.State {
	switch s {
	case "Ready", "Succeeded", "Failed", "NotReady", "Running":
		return status.State(s)
	case "Canceled", "Terminating", "Unknown", "":
		return ""
	}
	return status.Pending // Creating, Updating, Scaling, Planned and others that pass
}

// met is the state of a Workspace that looks like a condition.
func met(s string) status.State {
	switch s {
	case "True":
		return status.Ready
	case "False":
		return status.NotReady
	}
	return ""
}

func metWord(s string) string {
	switch s {
	case "True":
		return "is met"
	case "False":
		return "is not met"
	}
	return "is unknown"
}

func diffClass(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		return "plus"
	case strings.HasPrefix(line, "-"):
		return "minus"
	}
	return "same"
}

// option is an entry of a select.
type option struct{ Value, Name string }

func sorts() []option {
	return []option{
		{view.ByAttention, "Attention first"}, {view.ByName, "Name"}, {view.ByCost, "Cost"}, {view.BySince, "Last change"},
	}
}
