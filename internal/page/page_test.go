// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/page"
	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/page/pagetest"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/redact/redacttest"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/workspace"
)

// cluster is a cluster whose history and events are in memory.
func cluster(a access.Authority) page.Cluster {
	return page.Cluster{
		Name: pagetest.Cluster, Namespaces: []string{"chat", "research", "support"}, Authority: a,
		Events: func(context.Context, string, []string) ([]page.Event, error) {
			return []page.Event{
				{
					Time: pagetest.Now.Add(-11 * time.Minute), Object: "Pod/qwen3-8b-0", Reason: "BackOff", Count: 7,
					Message: "Back-off restarting failed container model in pod qwen3-8b-0",
				},
				{
					Time: pagetest.Now.Add(-12 * time.Minute), Object: "Pod/qwen3-8b-0", Reason: "Pulled", Count: 1,
					Message: "Container image already present on machine",
				},
			}, nil
		},
		History: func(context.Context) ([]events.Event, error) {
			at := func(ago time.Duration, name, change, source string) events.Event {
				key := workspace.Key{Namespace: "chat", Name: name}
				return events.Event{Time: pagetest.Now.Add(-ago), Workspace: key, Change: change, Source: source}
			}
			return []events.Event{
				at(30*time.Hour, "qwen3-8b", "Pending (pool wqwen8b: not created yet)", pagetest.Earlier),
				at(29*time.Hour, "qwen3-8b", "Pending -> Ready (pool wqwen8b: 1 of 1 nodes)", pagetest.Earlier),
				at(time.Hour, "phi-4", "Ready, not applied (its plan was not reviewed)", pagetest.Commit),
				at(11*time.Minute, "qwen3-8b", "Ready -> NotReady (pod qwen3-8b-0: container model was killed for memory)",
					pagetest.Commit),
			}, nil
		},
	}
}

// serve serves a page, and returns it with its address.
func serve(t *testing.T, o page.Options) (*page.Page, string) {
	t.Helper()
	p := page.New(slog.New(slog.NewTextHandler(t.Output(), nil)))
	page.SetNow(p, func() time.Time { return pagetest.Now })
	p.Use(o)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	t.Cleanup(p.Close)
	return p, s.URL
}

func onLoopback() page.Options {
	return page.Options{Clusters: []page.Cluster{cluster(nil)}, Access: page.Loopback}
}

// get returns the status and the body of an answer.
func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestPages: each page says what it is for, under the policy that lets browsers load nothing from elsewhere.
func TestPages(t *testing.T) {
	p, address := serve(t, onLoopback())
	if code, body := get(t, http.DefaultClient, address); code != http.StatusServiceUnavailable ||
		!strings.Contains(body, "has not finished its first look") {
		t.Errorf("before the first pass: %d %s", code, body)
	}
	p.Publish(pagetest.Fleet())
	for path, want := range map[string][]string{
		"/": {
			"2 of 11 Workspaces need your attention", "llama-3-3-70b",
			"https://github.com/team/models/commit/" + pagetest.Commit, "http://phi-4.chat.svc:80",
		},
		"/clusters/demo/?state=Failed":         {"gemma-3-27b", "unknown preset"},
		"/clusters/demo/?q=llama+chat":         {"llama-3-3-70b", "1 to 1 of 1"},
		"/clusters/demo/?q=nothing-like-it":    {"No Workspace matches"},
		"/clusters/demo/workspaces/chat/phi-4": {"What is held back, and why", "Syncer-Accept-Plan", "--max-model-len=65536"},
		"/clusters/demo/workspaces/chat/qwen3-8b": {
			"killed for memory", "Back-off restarting", "Ready -&gt; NotReady", "wqwen8b",
		},
		"/clusters/demo/workspaces/chat/qwen3-235b": {"StandardNCadsH100v5Family short", "2 sizes were considered"},
		"/clusters/demo/waiting":                    {"For a person", "For quota, a limit or capacity", "For nodes"},
		"/clusters/demo/capacity":                   {"wllama70b", "StandardNVADSA10v5Family", "AllocationFailed"},
		"/clusters/demo/cost":                       {"By namespace", "research", "USD a month"},
	} {
		code, body := get(t, http.DefaultClient, address+path)
		if code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
			continue
		}
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not say %q", path, text)
			}
		}
	}
	for _, path := range []string{"/none", "/clusters/other/", "/clusters/demo/workspaces/chat/none"} {
		if code, _ := get(t, http.DefaultClient, address+path); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	csp := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
		t.Errorf("the policy is %q", csp)
	}
	for path, kind := range map[string]string{"page.css": "text/css", "page.js": "javascript", "icon.svg": "image/svg"} {
		resp, err := http.Get(address + "/assets/" + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || !strings.Contains(got, kind) {
			t.Errorf("%s: %d, %s", path, resp.StatusCode, got)
		}
	}
}

// authority is an API server with two users: one who may list everything, and one who may list one namespace.
type authority struct{ down bool }

func (a *authority) Identify(_ context.Context, token string) (access.Identity, error) {
	switch {
	case a.down:
		return access.Identity{}, errors.New("connection refused")
	case token == "token-of-admin", token == "token-of-team", token == "token-of-none":
		return access.Identity{User: strings.TrimPrefix(token, "token-of-")}, nil
	}
	return access.Identity{}, access.ErrUnknownToken
}

func (a *authority) MayList(_ context.Context, who access.Identity, namespace string) (bool, error) {
	return who.User == "admin" || who.User == "team" && namespace == "chat", nil
}

// withTokens are the options of a page for owners of tokens. Replicas with one secret accept each other's sessions.
func withTokens(t *testing.T, a access.Authority, secret string) page.Options {
	t.Helper()
	sealer, err := session.New([]string{secret}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return page.Options{
		Clusters: []page.Cluster{cluster(a)}, Access: page.Token,
		Sealer: func() (*session.Sealer, error) { return sealer, nil },
	}
}

// browser is a client that keeps cookies and follows redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func post(t *testing.T, c *http.Client, address string, form url.Values) (int, string) {
	t.Helper()
	resp, err := c.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// TestSignIn: the owner of a token sees what it may list, and on every replica.
func TestSignIn(t *testing.T) {
	secret := session.Random()
	a := &authority{}
	p, one := serve(t, withTokens(t, a, secret))
	q, other := serve(t, withTokens(t, a, secret))
	p.Publish(pagetest.Fleet())
	q.Publish(pagetest.Fleet())
	c := browser(t)
	if _, body := get(t, c, one+"/clusters/demo/cost"); !strings.Contains(body, "Sign in to syncer") ||
		!strings.Contains(body, `value="/clusters/demo/cost"`) {
		t.Errorf("without a session: %s", body)
	}
	for token, code := range map[string]int{
		"wrong": http.StatusUnauthorized, "token-of-none": http.StatusForbidden, "": http.StatusUnauthorized,
	} {
		if got, body := post(t, c, one+"/sign-in", url.Values{"token": {token}}); got != code ||
			!strings.Contains(body, `role="alert"`) {
			t.Errorf("token %q: %d", token, got)
		}
	}
	code, body := post(t, c, one+"/sign-in", url.Values{"token": {" token-of-team\n"}, "next": {"/clusters/demo/"}})
	if code != 200 || !strings.Contains(body, "llama-3-3-70b") || strings.Contains(body, "deepseek") ||
		!strings.Contains(body, "of 5 Workspaces") {
		t.Errorf("the team sees %d %s", code, body)
	}
	// The jar knows hosts and no ports, as browsers do: the other replica gets the same cookie.
	if code, body := get(t, c, other+"/clusters/demo/workspaces/chat/phi-4"); code != 200 ||
		!strings.Contains(body, "phi-4") {
		t.Errorf("another replica: %d", code)
	}
	for path, code := range map[string]int{
		"/clusters/demo/workspaces/research/tune-phi-3": http.StatusNotFound,
		"/clusters/demo/capacity":                       http.StatusForbidden,
		"/clusters/demo/cost":                           http.StatusOK,
		"/clusters/other/":                              http.StatusNotFound,
	} {
		got, body := get(t, c, one+path)
		if got != code || strings.Contains(body, "research") || strings.Contains(body, "support") {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
	if _, body := post(t, c, one+"/sign-out", nil); !strings.Contains(body, "Sign in to syncer") {
		t.Errorf("after signing out: %s", body)
	}
	if _, body := get(t, c, one); !strings.Contains(body, "Sign in to syncer") {
		t.Error("the session goes on after signing out")
	}
}

// TestBearer: programs send a token with each request. While the API server is away, no client sees anything.
func TestBearer(t *testing.T) {
	a := &authority{}
	p, address := serve(t, withTokens(t, a, session.Random()))
	p.Publish(pagetest.Fleet())
	ask := func(token string) int {
		req, err := http.NewRequest(http.MethodGet, address+"/clusters/demo/capacity", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if code := ask("token-of-admin"); code != http.StatusOK {
		t.Errorf("the administrator: %d", code)
	}
	if code := ask("wrong"); code != http.StatusUnauthorized {
		t.Errorf("an unknown token: %d", code)
	}
	a.down = true
	if code := ask("token-of-team"); code != http.StatusServiceUnavailable {
		t.Errorf("while the API server is away: %d", code)
	}
}

// TestOtherSites: a form on another site cannot sign a user in or out, and no link leads elsewhere after signing in.
func TestOtherSites(t *testing.T) {
	_, address := serve(t, withTokens(t, &authority{}, session.Random()))
	req, err := http.NewRequest(http.MethodPost, address+"/sign-in", strings.NewReader("token=token-of-admin"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.example.com")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 {
		t.Errorf("a form of another site: %d", resp.StatusCode)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, next := range []string{
		"https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)", "/sign-out", "x",
		"/\tevil", "///evil.example.com",
	} {
		resp, err := c.PostForm(address+"/sign-in", url.Values{"token": {"token-of-admin"}, "next": {next}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if to := resp.Header.Get("Location"); to != "/" {
			t.Errorf("next=%q leads to %q", next, to)
		}
		for _, cookie := range resp.Cookies() {
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" ||
				strings.Contains(cookie.Value, "token-of-admin") {
				t.Errorf("the cookie is %s", cookie)
			}
		}
	}
}

// TestLoopbackOnly: a client that names another host, or comes by a proxy, sees nothing.
func TestLoopbackOnly(t *testing.T) {
	p, address := serve(t, onLoopback())
	p.Publish(pagetest.Fleet())
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Host = "syncer.example.com" },
		func(r *http.Request) { r.Header.Set("X-Forwarded-For", "10.0.0.7") },
	} {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || strings.Contains(string(body), "llama") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
}

// TestChanges: a client hears of what is published, once, and the stream ends with the page.
func TestChanges(t *testing.T) {
	p, address := serve(t, onLoopback())
	p.Publish(pagetest.Fleet())
	resp, err := http.Get(address + "/clusters/demo/changes?version=none")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return "end"
	}
	first := next()
	_, body := get(t, http.DefaultClient, address)
	if !strings.Contains(body, `data-version="`+first+`"`) {
		t.Errorf("the page is not of version %s", first)
	}
	p.Still(pagetest.Cluster, pagetest.Now)
	p.Publish(pagetest.Fleet())
	if second := next(); second == first || second == "end" {
		t.Errorf("after a change: %s", second)
	}
	p.Use(onLoopback())
	p.Publish(pagetest.Fleet())
	if third := next(); third == first || third == "end" {
		t.Errorf("after another configuration: %s", third)
	}
	p.Close()
	if last := next(); last != "end" {
		t.Errorf("after the end: %s", last)
	}
}

// TestChangesOutlastTheServer: the times that a server gives to requests and answers do not end a stream.
func TestChangesOutlastTheServer(t *testing.T) {
	const limit = 200 * time.Millisecond
	p := page.New(slog.New(slog.DiscardHandler))
	p.Use(onLoopback())
	p.Publish(pagetest.Fleet())
	s := httptest.NewUnstartedServer(p)
	s.Config.ReadTimeout, s.Config.WriteTimeout = limit, limit
	s.Start()
	defer s.Close()
	defer p.Close()
	began := time.Now()
	resp, err := http.Get(s.URL + "/clusters/demo/changes?version=none")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	testenv.Eventually(t, "the time of the server to pass", func() string {
		if time.Since(began) < 3*limit {
			return "it has not"
		}
		return ""
	})
	p.Publish(pagetest.Fleet())
	seen := 0
	for lines := bufio.NewScanner(resp.Body); seen < 2 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: ") {
			seen++
		}
	}
	if seen != 2 {
		t.Errorf("the stream ended after %d changes", seen)
	}
}

// TestLarge: 10,000 Workspaces make a page as large as that of 100, and one that takes far less than a hundred times as
// long.
func TestLarge(t *testing.T) {
	size := map[int]int{}
	took := map[int]time.Duration{}
	for _, n := range []int{100, 10_000} {
		p := page.New(slog.New(slog.DiscardHandler))
		page.SetNow(p, func() time.Time { return pagetest.Now })
		p.Use(onLoopback())
		p.Publish(pagetest.Large(n))
		took[n] = time.Hour
		for range 20 {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "http://localhost/clusters/demo/?q=model&sort=cost", nil)
			r.RemoteAddr = "127.0.0.1:4711"
			runtime.GC()
			began := time.Now()
			p.ServeHTTP(w, r)
			took[n] = min(took[n], time.Since(began))
			if w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			size[n] = w.Body.Len()
		}
	}
	t.Logf("bytes %v, time %v", size, took)
	if size[10_000] > size[100]*11/10 {
		t.Errorf("bytes by number of Workspaces: %v", size)
	}
	if took[10_000] > 25*took[100] {
		t.Errorf("time by number of Workspaces: %v", took)
	}
}

// TestPagesShowNoSecrets plants secrets in every text of the facts, and looks for them on every page.
func TestPagesShowNoSecrets(t *testing.T) {
	f := pagetest.Fleet()
	f.Failing = []view.Failing{{Component: "git", Text: "x"}}
	f.QuotaError, f.Role = "x", "x"
	f.Plan.Warnings = []string{"x"}
	plant(reflect.ValueOf(&f).Elem(), " "+redacttest.Text()+"\x1b[31m<script>alert(1)</script>\u202e")
	f.Cluster = pagetest.Cluster
	o := onLoopback()
	o.Clusters[0].Events = func(context.Context, string, []string) ([]page.Event, error) {
		return []page.Event{{Object: redacttest.Text(), Reason: redacttest.Text(), Message: redacttest.Text()}}, nil
	}
	o.Clusters[0].History = func(context.Context) ([]events.Event, error) { return nil, redacttest.Error{} }
	p, address := serve(t, o)
	p.Publish(f)
	paths := []string{"/", "/clusters/demo/waiting", "/clusters/demo/capacity", "/clusters/demo/cost"}
	for _, r := range f.Reports {
		paths = append(paths, "/clusters/demo/workspaces/"+r.Namespace+"/"+r.Name)
	}
	for _, path := range paths {
		code, body := get(t, http.DefaultClient, address+path)
		if code != http.StatusOK {
			t.Errorf("%s: %d %s", path, code, body)
		}
		redacttest.Look(t, path, body)
		if strings.Contains(body, "<script>") || strings.ContainsAny(body, "\x1b\u202e") {
			t.Errorf("%s has text that is not escaped", path)
		}
	}
}

// plant adds a text to every text of a value.
func plant(v reflect.Value, text string) {
	if v.Type() == reflect.TypeFor[workspace.Key]() {
		return // names are those of Kubernetes
	}
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			plant(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				plant(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			plant(v.Index(i), text)
		}
	}
}

// TestStill: what a pass has found once is there until another one finds something else.
func TestStill(t *testing.T) {
	p, address := serve(t, onLoopback())
	p.Publish(pagetest.Fleet())
	p.Still(pagetest.Cluster, pagetest.Now.Add(-4*time.Minute))
	p.Still("unknown", pagetest.Now)
	testenv.Eventually(t, "the time of the last pass", func() string {
		if _, body := get(t, http.DefaultClient, address); !strings.Contains(body, "4 min ago") {
			return body
		}
		return ""
	})
}
