// SPDX-License-Identifier: Apache-2.0

package ondemand_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/app/ondemand"
)

func ask(p *ondemand.Passes) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/reconcile", nil))
	return w
}

// TestServe: a client gets the result of the first pass that began after it asked, and an error is one for it.
func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		due := make(chan struct{}, 1)
		p := &ondemand.Passes{Due: func() { due <- struct{}{} }}
		p.Serve("")
		running := time.Now() // of a pass that runs when the client asks
		time.Sleep(time.Second)
		go func() {
			<-due
			p.Passed(running, ondemand.Result{Commit: "old"})
			time.Sleep(time.Second)
			p.Passed(time.Now(), ondemand.Result{Commit: "new", States: map[string]int{"Ready": 1}, Settled: true})
		}()
		var got ondemand.Result
		w := ask(p)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.Commit != "new" ||
			!got.Settled || got.States["Ready"] != 1 {
			t.Errorf("%d %s %v", w.Code, w.Body, err)
		}
		go func() {
			<-due
			time.Sleep(time.Second)
			p.Passed(time.Now(), ondemand.Result{Error: "git: it does not answer"})
		}()
		if w := ask(p); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// TestServeSeveral: a client gets an answer once each cluster has made a pass that began after it asked, in the order
// of the configuration, and one that failed makes all an error.
func TestServeSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		due := make(chan struct{}, 1)
		p := &ondemand.Passes{Due: func() { due <- struct{}{} }}
		p.Serve("b", "a")
		running := time.Now()
		time.Sleep(time.Second)
		go func() {
			<-due
			p.Passed(running, ondemand.Result{Cluster: "b", Kind: ondemand.Kind, Commit: "old"})
			time.Sleep(time.Second)
			p.Passed(time.Now(), ondemand.Result{Cluster: "a", Kind: ondemand.Kind, Commit: "new", Error: "away"})
			time.Sleep(time.Second)
			p.Passed(time.Now(), ondemand.Result{Cluster: "gone", Kind: ondemand.Kind})
			p.Passed(time.Now(), ondemand.Result{Cluster: "b", Kind: ondemand.Kind, Commit: "new"})
		}()
		w := ask(p)
		all, ok := ondemand.Read(w.Body.Bytes())
		if !ok || w.Code != http.StatusServiceUnavailable || len(all) != 2 || all[0].Cluster != "b" ||
			all[0].Commit != "new" || all[1].Error != "away" || time.Since(running) != 3*time.Second {
			t.Errorf("%d %s after %s", w.Code, w.Body, time.Since(running))
		}
	})
}

// TestServeBounds: a pass that takes too long, and too many clients, are errors, and no client stays behind.
func TestServeBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &ondemand.Passes{Due: func() {}}
		p.Serve("")
		codes := map[int]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				w := ask(p)
				mu.Lock()
				defer mu.Unlock()
				codes[w.Code]++
			})
		}
		all.Wait()
		if codes[http.StatusGatewayTimeout] != 16 || codes[http.StatusTooManyRequests] != 4 {
			t.Errorf("%v", codes)
		}
		p.Due = func() { go func() { time.Sleep(time.Nanosecond); p.Passed(time.Now(), ondemand.Result{}) }() }
		if w := ask(p); w.Code != http.StatusOK {
			t.Errorf("after all have left: %d %s", w.Code, w.Body)
		}
	})
}
