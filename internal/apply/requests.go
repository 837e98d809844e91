package apply

import (
	"maps"
	"net/http"
	"sync"
)

// counter counts requests to the API server by verb.
type counter struct {
	mu   sync.Mutex
	seen map[string]int64
}

func (c *counter) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		verb := r.Method
		q := r.URL.Query()
		switch {
		case q.Get("watch") == "true" || q.Get("watch") == "1":
			verb = "WATCH"
		case q.Has("dryRun"):
			verb += " dry run"
		}
		c.mu.Lock()
		c.seen[verb]++
		c.mu.Unlock()
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Requests returns how many requests there were, by HTTP method; a watch counts as WATCH, and a dry run by itself.
func (c *Cluster) Requests() map[string]int64 {
	c.requests.mu.Lock()
	defer c.requests.mu.Unlock()
	return maps.Clone(c.requests.seen)
}

// Writes returns how many requests changed the cluster, or tried to.
func (c *Cluster) Writes() int64 {
	seen := c.Requests()
	return seen[http.MethodPatch] + seen[http.MethodPost] + seen[http.MethodPut] + seen[http.MethodDelete]
}
