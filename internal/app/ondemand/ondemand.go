// SPDX-License-Identifier: Apache-2.0

// Package ondemand lets a client ask a daemon for a pass, and wait for its result.
package ondemand

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"syncer.dev/syncer/internal/wellknown"
)

// Kind is that of a Result, and ListKind that of a List.
const (
	Kind     = "Pass"
	ListKind = "PassList"
)

// List is what a client learns from a daemon of several clusters.
type List struct {
	APIVersion string   `json:"apiVersion"` // syncer.dev/v1
	Kind       string   `json:"kind"`
	Items      []Result `json:"items"` // one for each cluster, in the order of the configuration
}

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
	// Leader is the identity of the replica that carries passes out, by its Lease, if this one carries out nothing and
	// knows it.
	Leader string `json:"leader,omitempty"`
}

// Passes joins clients that ask for a pass with the passes of the loops, one for each cluster. It is safe for
// concurrent use.
type Passes struct {
	// Due makes a pass of each loop due soon. It must not block.
	Due func()

	mu       sync.Mutex
	clusters []string
	waiting  map[*client]bool
}

// client waits for passes.
type client struct {
	since   time.Time
	results map[string]Result // by cluster
	all     chan []Result
}

// Serve names the clusters that a client waits for, instead of those before.
func (p *Passes) Serve(clusters ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clusters = clusters
}

// maxWaiting bounds the clients that wait at once, and longestWait how long each does. A pass takes seconds; one that
// takes longer goes on, and the client asks again. Both are our choice.
const (
	maxWaiting  = 16
	longestWait = 25 * time.Second
)

// Passed hands over the result of a pass of one cluster that began at start. It is for those who asked before that: a
// pass that ran already when they asked may not have seen what they have just pushed. It answers those who have the
// results of all clusters now.
func (p *Passes) Passed(start time.Time, r Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.waiting {
		if !c.since.Before(start) {
			continue
		}
		c.results[r.Cluster] = r
		if all, ok := c.complete(p.clusters); ok {
			delete(p.waiting, c)
			c.all <- all
		}
	}
}

// complete returns the results of the clusters, and whether there is one of each.
func (c *client) complete(clusters []string) ([]Result, bool) {
	var all []Result
	for _, name := range clusters {
		r, ok := c.results[name]
		if !ok {
			return nil, false
		}
		all = append(all, r)
	}
	return all, true
}

// ServeHTTP asks for a pass of each cluster, and answers once all have ended, with a Result for one cluster and a List
// for several: status 200, 503 if a component failed, and 504 if it takes longer than a client waits. Requests reveal
// nothing that /metrics does not, and a pass does what the next poll would do; many at once share one pass.
func (p *Passes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := p.wait()
	if !ok {
		http.Error(w, "too many clients wait for a pass", http.StatusTooManyRequests)
		return
	}
	defer p.leave(c)
	p.Due()
	timer := time.NewTimer(longestWait)
	defer timer.Stop()
	select {
	case all := <-c.all:
		answer(w, all)
	case <-timer.C:
		http.Error(w, "the pass takes longer than "+longestWait.String()+" and goes on", http.StatusGatewayTimeout)
	case <-r.Context().Done():
	}
}

func (p *Passes) wait() (*client, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) >= maxWaiting {
		return nil, false
	}
	if p.waiting == nil {
		p.waiting = map[*client]bool{}
	}
	c := &client{since: time.Now(), results: map[string]Result{}, all: make(chan []Result, 1)}
	p.waiting[c] = true
	return c, true
}

func (p *Passes) leave(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, c)
}

func answer(w http.ResponseWriter, all []Result) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if slices.ContainsFunc(all, func(r Result) bool { return r.Error != "" }) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(Document(all)) // a client that is gone needs no answer
}

// Document returns a Result, or a List of several.
func Document(all []Result) any {
	if len(all) == 1 {
		return all[0]
	}
	return List{APIVersion: wellknown.APIVersion, Kind: ListKind, Items: all}
}

// Read returns the results in the body of an answer.
func Read(body []byte) (all []Result, ok bool) {
	var one struct {
		Result
		Items []Result `json:"items"`
	}
	if err := json.Unmarshal(body, &one); err != nil {
		return nil, false
	}
	switch one.Kind {
	case Kind:
		return []Result{one.Result}, true
	case ListKind:
		return one.Items, len(one.Items) > 0
	}
	return nil, false
}
