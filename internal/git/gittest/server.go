// SPDX-License-Identifier: Apache-2.0

package gittest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Faults are what goes wrong with a Repo's HTTP server.
type Faults struct {
	// Username and Password are demanded by HTTP basic authentication, or Bearer as a token; 401 without. Empty is open to
	// all.
	Username, Password, Bearer string
	// DemandMultiAck answers 400 to requests for packs without the capability multi_ack, as Azure DevOps does.
	DemandMultiAck bool
	// RetryAfter is the header of that name in answers with Status.
	RetryAfter string
	// SignIn is a path: all others are redirected there, and it is a web page. "*" answers every request with the page.
	SignIn string
	// ReadOnly answers pushes with 403.
	ReadOnly bool
	// Status answers every request so, if it is not zero, with Body as the text.
	Status int
	Body   string
	// Down drops every connection without an answer.
	Down bool
	// DropPackAfter drops the connection after that many bytes of a pack that is being sent to the client.
	DropPackAfter int64
	// DamagePackAt changes a byte of the answer to a request for a pack, at that place from its beginning. DamagePacks is
	// of how many answers; 0 means all.
	DamagePackAt, DamagePacks int64
	// DropPush drops the connection when a push arrives, and LoseAnswer after it was carried out.
	DropPush, LoseAnswer bool
	// RedirectTo sends clients elsewhere: a URL to which the rest of the path is added.
	RedirectTo string
	// MovedFrom is a path that is redirected to the repository, on the same host.
	MovedFrom string
	// Hold, if set, is called before each request is served, and may block.
	Hold func()
	// BeforePush, if set, is called when a push has arrived, before it is carried out.
	BeforePush func()
}

// Traffic counts what the server did.
type Traffic struct {
	Lists   int64 // requests for the list of refs
	Packs   int64 // packs sent to clients
	Pushes  int64 // packs received
	PackOut int64 // bytes of answers to requests for packs
}

type server struct {
	http    *httptest.Server // nil until URL is called
	handler cgi.Handler
	path    string // of the repository
	faults  atomic.Pointer[Faults]

	lists, packs, pushes, packOut atomic.Int64
	damaged                       atomic.Int64 // packs since the last SetFaults
}

// URL returns the repository's address over HTTP on the loopback interface, and starts to serve it the first time.
func (r *Repo) URL() string {
	r.t.Helper()
	s := r.serve()
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.http == nil {
		s.http = httptest.NewServer(s)
		r.t.Cleanup(s.http.Close)
	}
	return s.http.URL + s.path
}

// ServeHTTP serves the repository at "/repo.git", for tests that bring their own server.
func (r *Repo) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.serve().ServeHTTP(w, req) }

func (r *Repo) serve() *server {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server != nil {
		return r.server
	}
	execPath, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		r.t.Fatalf("gittest: git --exec-path: %v", err)
	}
	s := &server{path: "/" + filepath.Base(r.Dir), handler: cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Env: append(environ(), "GIT_PROJECT_ROOT="+filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1",
			"REMOTE_USER=test"),
		Stderr: io.Discard,
	}}
	s.faults.Store(&Faults{})
	r.server = s
	return s
}

// SetFaults replaces what goes wrong; Faults{} heals everything.
func (r *Repo) SetFaults(f Faults) {
	s := r.serve()
	s.damaged.Store(0)
	s.faults.Store(&f)
}

// Traffic returns the counts so far.
func (r *Repo) Traffic() Traffic {
	s := r.serve()
	return Traffic{Lists: s.lists.Load(), Packs: s.packs.Load(), Pushes: s.pushes.Load(), PackOut: s.packOut.Load()}
}

func (s *server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f := s.faults.Load()
	if f.Hold != nil {
		f.Hold()
	}
	push := strings.Contains(req.URL.String(), "git-receive-pack")
	switch {
	case f.Down:
		panic(http.ErrAbortHandler)
	case f.RedirectTo != "":
		http.Redirect(w, req, f.RedirectTo+req.URL.RequestURI(), http.StatusMovedPermanently)
		return
	case f.MovedFrom != "" && strings.HasPrefix(req.URL.Path, f.MovedFrom):
		http.Redirect(w, req, s.path+strings.TrimPrefix(req.URL.RequestURI(), f.MovedFrom), http.StatusMovedPermanently)
		return
	case f.SignIn != "":
		f.signIn(w, req)
		return
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		http.Error(w, f.Body, f.Status)
		return
	case !f.allows(req):
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	case push && f.ReadOnly:
		http.Error(w, "you may only read", http.StatusForbidden)
		return
	}
	if f.DemandMultiAck && req.Method == http.MethodPost && !push && !asksForMultiAck(req) {
		http.Error(w, "multi_ack is required", http.StatusBadRequest)
		return
	}
	switch {
	case req.Method == http.MethodGet:
		s.lists.Add(1)
	case push:
		s.pushes.Add(1)
		s.beforePush(f, req)
	default:
		s.packs.Add(1)
		pack := &packWriter{ResponseWriter: w, server: s, dropAfter: f.DropPackAfter}
		if n := s.damaged.Add(1); f.DamagePacks == 0 || n <= f.DamagePacks {
			pack.damageAt = f.DamagePackAt
		}
		w = pack
	}
	s.handler.ServeHTTP(w, req)
}

// beforePush lets a push fail: before the server has it, or after it has carried it out.
func (s *server) beforePush(f *Faults, req *http.Request) {
	if f.BeforePush != nil {
		f.BeforePush()
	}
	if f.DropPush {
		panic(http.ErrAbortHandler)
	}
	if f.LoseAnswer {
		s.handler.ServeHTTP(httptest.NewRecorder(), req)
		panic(http.ErrAbortHandler)
	}
}

// signIn answers with the page to sign in, or sends the client there.
func (f *Faults) signIn(w http.ResponseWriter, req *http.Request) {
	if f.SignIn != "*" && f.SignIn != req.URL.Path {
		http.Redirect(w, req, f.SignIn, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>Sign in\n &middot; Forge</title></head></html>")
}

// asksForMultiAck looks at the capabilities in the first line of a request, and puts it back.
func asksForMultiAck(req *http.Request) bool {
	first := make([]byte, 1<<10)
	n, _ := io.ReadFull(req.Body, first)
	req.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first[:n]), req.Body), req.Body}
	line, _, _ := bytes.Cut(first[:n], []byte("\n"))
	return bytes.Contains(line, []byte(" multi_ack"))
}

func (f *Faults) allows(req *http.Request) bool {
	if f.Bearer != "" {
		return req.Header.Get("Authorization") == "Bearer "+f.Bearer
	}
	if f.Password != "" {
		user, password, _ := req.BasicAuth()
		return user == f.Username && password == f.Password
	}
	return true
}

// packWriter counts the bytes of a pack, and may cut it short.
type packWriter struct {
	http.ResponseWriter
	server    *server
	sent      int64
	dropAfter int64
	damageAt  int64
}

func (w *packWriter) Write(p []byte) (int, error) {
	if at := w.damageAt - w.sent; w.damageAt > 0 && at >= 0 && at < int64(len(p)) {
		p = bytes.Clone(p)
		p[at] ^= 0x10
	}
	if left := w.dropAfter - w.sent; w.dropAfter > 0 && int64(len(p)) > left {
		_, _ = w.ResponseWriter.Write(p[:left])
		w.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	w.server.packOut.Add(int64(n))
	return n, err
}
