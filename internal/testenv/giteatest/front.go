// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Front stands between a program and the server: it counts requests, and brings faults that a server of a test does
// not have.
type Front struct {
	URL string

	mu     sync.Mutex
	reads  int
	writes int
	until  time.Time
	lose   int
}

// Front starts a Front, which ends with the test.
func (s *Server) Front() *Front {
	s.t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatalf("%v", err)
		return nil
	}
	f := &Front{}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, proxy) }))
	s.t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

func (f *Front) serve(w http.ResponseWriter, r *http.Request, server http.Handler) {
	until, lose := f.count(r)
	if wait := time.Until(until); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Round(time.Second).Seconds())))
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	}
	if lose {
		server.ServeHTTP(httptest.NewRecorder(), r)
		http.Error(w, "bad gateway", http.StatusBadGateway)
		return
	}
	server.ServeHTTP(w, r)
}

// count counts a request, and says what goes wrong with it.
func (f *Front) count(r *http.Request) (until time.Time, lose bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodGet || r.Method == http.MethodHead || strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
		f.reads++
		return f.until, false
	}
	f.writes++
	if lose = f.lose > 0; lose {
		f.lose--
	}
	return f.until, lose
}

// Requests returns how many requests there were so far that only read, and how many others.
func (f *Front) Requests() (reads, writes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads, f.writes
}

// Limit answers all requests with a rate limit until then.
func (f *Front) Limit(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.until = until
}

// LoseAnswers carries out the next n requests that write, but answers each with an error.
func (f *Front) LoseAnswers(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose = n
}
