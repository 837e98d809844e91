// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// policy lets a browser load nothing but what this server sends, and embed the page nowhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// routes returns the handler of all paths.
func (p *Page) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{name}", asset)
	mux.HandleFunc("GET /sign-in", p.askToken)
	mux.HandleFunc("POST /sign-in", p.signIn)
	mux.HandleFunc("POST /sign-out", p.signOut)
	mux.HandleFunc("GET /{$}", p.seen(p.home))
	mux.HandleFunc("GET /clusters/{cluster}/{$}", p.seen(p.fleet))
	mux.HandleFunc("GET /clusters/{cluster}/waiting", p.seen(p.waiting))
	mux.HandleFunc("GET /clusters/{cluster}/capacity", p.seen(p.capacity))
	mux.HandleFunc("GET /clusters/{cluster}/cost", p.seen(p.cost))
	mux.HandleFunc("GET /clusters/{cluster}/workspaces/{namespace}/{name}", p.seen(p.workspace))
	mux.HandleFunc("GET /clusters/{cluster}/changes", p.seen(p.changes))
	mux.HandleFunc("GET /", p.seen(func(w http.ResponseWriter, _ *http.Request, v visit) { p.notFound(w, v) }))
	// A site may not send its visitors' browsers here with a form.
	own := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		own.ServeHTTP(w, r)
	})
}

// frame is what the layout shows around a view.
type frame struct {
	Title   string
	Cluster string // "" on pages of no cluster
	Base    string // path of the cluster
	Nav     []navItem
	Now, At time.Time
	Version string
	Live    bool // it updates itself
	Bare    bool // without the header
	User    string
	view.Around
	View any
}

type navItem struct {
	Name, URL string
	Here      bool
}

// frame returns the frame of a page of a cluster.
func (v visit) frame(here, title string, content any) frame {
	f := frame{Title: title, Now: v.now, View: content, User: v.scope.User}
	if v.cluster == nil {
		return f
	}
	f.Cluster, f.Base = v.cluster.Name, "/clusters/"+v.cluster.Name
	f.At, f.Version, f.Live = v.published.at, v.published.version, true
	pages := []navItem{{Name: "Fleet", URL: "/"}, {Name: "Waiting", URL: "/waiting"}}
	if v.scope.All {
		pages = append(pages, navItem{Name: "Capacity", URL: "/capacity"})
	}
	pages = append(pages, navItem{Name: "Cost", URL: "/cost"})
	for _, item := range pages {
		item.URL, item.Here = f.Base+item.URL, item.Name == here
		f.Nav = append(f.Nav, item)
	}
	if v.published.board != nil {
		f.Around = v.published.board.Around()
	}
	return f
}

// show writes a page. The template is executed before the first byte is written.
func (p *Page) show(w http.ResponseWriter, code int, name string, f frame) {
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout", f); err != nil { // a mistake in a template: tests execute all
		p.log.Error("the page cannot be shown", "template", name, "error", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // a client that is gone needs no answer
}

// message is a page of a few words.
type message struct{ Title, Text, Link, LinkText string }

func (p *Page) tell(w http.ResponseWriter, v visit, code int, m message) {
	f := v.frame("", m.Title, m)
	f.Bare, f.Live, f.Cluster = true, false, ""
	p.show(w, code, "message.html", f)
}

func (p *Page) notFound(w http.ResponseWriter, v visit) {
	p.tell(w, v, http.StatusNotFound, message{
		"There is no such page", "It may have been one of a Workspace that is gone.", "/", "To the fleet",
	})
}

// board returns what is published of the cluster, or writes why there is nothing.
func (p *Page) board(w http.ResponseWriter, v visit) *view.Board {
	switch {
	case v.cluster == nil:
		p.notFound(w, v)
		return nil
	case v.published.board == nil:
		w.Header().Set("Retry-After", "5")
		p.tell(w, v, http.StatusServiceUnavailable, message{
			"Not yet", "syncer has not finished its first look at cluster " + v.cluster.Name + ". Try again in a moment.",
			"/clusters/" + v.cluster.Name + "/", "Try again",
		})
	}
	return v.published.board
}

// home shows the only cluster that the client may see, or lists them.
func (p *Page) home(w http.ResponseWriter, r *http.Request, v visit) {
	if v.cluster != nil {
		p.fleet(w, r, v)
		return
	}
	type item struct {
		Name   string
		Known  bool
		Totals view.Totals
	}
	var all []item
	for _, name := range p.getOptions().names() {
		c := p.cluster(name)
		if c == nil {
			continue
		}
		one := item{Name: name}
		if is := c.published(); is.board != nil {
			one.Known, one.Totals = true, is.board.Fleet(view.Query{}, v.scope.Sees).Totals
		}
		all = append(all, one)
	}
	p.show(w, http.StatusOK, "clusters.html", v.frame("", "Clusters", all))
}

// maxQuery bounds the text of a search, in bytes.
const maxQuery = 200

func (p *Page) fleet(w http.ResponseWriter, r *http.Request, v visit) {
	b := p.board(w, v)
	if b == nil {
		return
	}
	form := r.URL.Query()
	page, _ := strconv.Atoi(form.Get("page"))
	q := view.Query{
		Text:      strings.ToValidUTF8(form.Get("q"), ""),
		Namespace: form.Get("namespace"),
		State:     status.State(form.Get("state")),
		Sort:      form.Get("sort"),
		Page:      page,
	}
	q.Text = diag.EscapeText(q.Text[:min(len(q.Text), maxQuery)])
	f := fleetView{b.Fleet(q, v.scope.Sees), "/clusters/" + v.cluster.Name + "/"}
	p.show(w, http.StatusOK, "fleet.html", v.frame("Fleet", f.Totals.Headline, f))
}

func (p *Page) waiting(w http.ResponseWriter, _ *http.Request, v visit) {
	if b := p.board(w, v); b != nil {
		p.show(w, http.StatusOK, "waiting.html", v.frame("Waiting", "Waiting", b.Waiting(v.scope.Sees)))
	}
}

func (p *Page) capacity(w http.ResponseWriter, _ *http.Request, v visit) {
	b := p.board(w, v)
	switch {
	case b == nil:
	case !v.scope.All:
		p.tell(w, v, http.StatusForbidden, message{
			"Not for you", "Capacity belongs to the whole cluster. " + v.scope.User +
				" may list the Workspaces of some namespaces only.", "/", "To the fleet",
		})
	default:
		p.show(w, http.StatusOK, "capacity.html", v.frame("Capacity", "Capacity", b.Capacity()))
	}
}

func (p *Page) cost(w http.ResponseWriter, _ *http.Request, v visit) {
	if b := p.board(w, v); b != nil {
		p.show(w, http.StatusOK, "cost.html", v.frame("Cost", "Cost", b.Cost(v.scope.Sees)))
	}
}

// workspaceView is a Workspace with what is read when it is looked at.
type workspaceView struct {
	view.Workspace
	History     []transition
	HistoryNote string
	Events      []Event
	EventsNote  string
}

// transition is an entry of the history.
type transition struct {
	Time      time.Time
	Change    string
	Commit    string
	CommitURL string
}

// readTimeout bounds how long a page waits for events and history. It is ours.
const readTimeout = 3 * time.Second

func (p *Page) workspace(w http.ResponseWriter, r *http.Request, v visit) {
	b := p.board(w, v)
	if b == nil {
		return
	}
	key := workspace.Key{Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}
	found, ok := b.Workspace(key, v.scope.Sees)
	if !ok {
		p.notFound(w, v)
		return
	}
	out := workspaceView{Workspace: found}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	p.history(ctx, v, b, &out)
	p.events(ctx, v, &out)
	p.show(w, http.StatusOK, "workspace.html", v.frame("", found.Name+" "+string(found.State), out))
}

func (p *Page) history(ctx context.Context, v visit, b *view.Board, out *workspaceView) {
	if v.cluster.History == nil {
		out.HistoryNote = "There is no status branch to read it from."
		return
	}
	all, err := v.cluster.History(ctx)
	if err != nil {
		out.HistoryNote = "The status branch cannot be read now: " + diag.EscapeText(err.Error())
		return
	}
	for _, e := range historyOf(all, out.Key) {
		out.History = append(out.History, transition{
			Time: e.Time, Change: diag.EscapeText(e.Change), Commit: diag.EscapeText(e.Source[:min(len(e.Source), 7)]),
			CommitURL: b.Links().Commit(e.Source),
		})
	}
	if len(out.History) == 0 {
		out.HistoryNote = "Nothing is recorded yet."
	}
}

func (p *Page) events(ctx context.Context, v visit, out *workspaceView) {
	if v.cluster.Events == nil {
		out.EventsNote = "They are not read."
		return
	}
	all, err := v.cluster.Events(ctx, out.Namespace, objectsOf(out.Workspace))
	if err != nil {
		out.EventsNote = "They cannot be read now: " + diag.EscapeText(err.Error())
		return
	}
	for _, e := range all {
		e.Object, e.Reason, e.Message = diag.EscapeText(e.Object), diag.EscapeText(e.Reason), diag.EscapeText(e.Message)
		out.Events = append(out.Events, e)
	}
	if len(out.Events) == 0 {
		out.EventsNote = "None in the last hour, which is how long a cluster keeps them as a rule."
	}
}

// fleetView is the fleet with links to other selections of it.
type fleetView struct {
	view.Fleet
	base string
}

// WithState returns the link to the Workspaces in a state.
func (f fleetView) WithState(s status.State) string {
	q := f.Query
	q.State, q.Page = s, 0
	return f.base + query(q)
}

// WithPage returns the link to a page so many further.
func (f fleetView) WithPage(by int) string {
	q := f.Query
	q.Page += by
	return f.base + query(q)
}

// query returns a Query as a part of a URL; "" for all Workspaces.
func query(q view.Query) string {
	values := url.Values{}
	for name, value := range map[string]string{
		"q": q.Text, "namespace": q.Namespace, "state": string(q.State), "sort": q.Sort,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.Page > 1 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
