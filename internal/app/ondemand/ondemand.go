// SPDX-License-Identifier: Apache-2.0

// Package ondemand lets a client ask a daemon for a pass, and wait for its result.
package ondemand

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Kind is that of a Result.
const Kind = "Pass"

// Result is what a client learns about a pass.
type Result struct {
	APIVersion string         `json:"apiVersion"` // syncer.dev/v1
	Kind       string         `json:"kind"`
	Cluster    string         `json:"cluster"`
	Commit     string         `json:"commit,omitempty"`   // of the source; empty if none could be read
	Recorded   string         `json:"recorded,omitempty"` // status commit of the pass; empty if nothing was to record
	States     map[string]int `json:"states"`             // number of Workspaces in each state
	Settled    bool           `json:"settled"`            // nothing is left to do or to wait for
	Error      string         `json:"error,omitempty"`    // of the components that failed, redacted
}

// Passes joins clients that ask for a pass with the passes of a loop. It is safe for concurrent use.
type Passes struct {
	// Due makes a pass due soon. It must not block.
	Due func()

	mu      sync.Mutex
	waiting map[chan Result]time.Time // since when each client waits
}

// maxWaiting bounds the clients that wait at once, and longestWait how long each does. A pass takes seconds; one that
// takes longer goes on, and the client asks again. Both are our choice.
const (
	maxWaiting  = 16
	longestWait = 25 * time.Second
)

// Passed hands over the result of a pass that began at start. It answers those who asked before that: a pass that ran
// already when they asked may not have seen what they have just pushed.
func (p *Passes) Passed(start time.Time, r Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c, since := range p.waiting {
		if since.Before(start) {
			delete(p.waiting, c)
			c <- r
		}
	}
}

// ServeHTTP asks for a pass, and answers with its Result once it has ended: status 200, 503 if a component failed, and
// 504 if it takes longer than a client waits. Requests reveal nothing that /metrics does not, and a pass does what the
// next poll would do; many at once share one pass.
func (p *Passes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := make(chan Result, 1)
	if !p.wait(c) {
		http.Error(w, "too many clients wait for a pass", http.StatusTooManyRequests)
		return
	}
	defer p.leave(c)
	p.Due()
	timer := time.NewTimer(longestWait)
	defer timer.Stop()
	select {
	case result := <-c:
		answer(w, result)
	case <-timer.C:
		http.Error(w, "the pass takes longer than "+longestWait.String()+" and goes on", http.StatusGatewayTimeout)
	case <-r.Context().Done():
	}
}

func (p *Passes) wait(c chan Result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) >= maxWaiting {
		return false
	}
	if p.waiting == nil {
		p.waiting = map[chan Result]time.Time{}
	}
	p.waiting[c] = time.Now()
	return true
}

func (p *Passes) leave(c chan Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, c)
}

func answer(w http.ResponseWriter, r Result) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Error != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(r) // a client that is gone needs no answer
}
