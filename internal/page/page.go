// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/workspace"
)

// Access is who may see the page.
type Access string

// The values of page.access in the configuration.
const (
	// Loopback lets clients of this machine see everything.
	Loopback Access = "loopback"
	// Token lets the owner of a token see what the API server says that it may list.
	Token Access = "token"
)

// Options say what is shown, and to whom.
type Options struct {
	Clusters []Cluster
	Access   Access
	// Sealer returns what seals sessions; with Token only. It is called for each request that needs it, so that the file
	// with the key may change.
	Sealer func() (*session.Sealer, error)
}

// Cluster is a cluster that the page shows.
type Cluster struct {
	Name       string
	Namespaces []string // that Workspaces may be in
	// Authority says whose a token is; with Token only.
	Authority access.Authority
	// Events returns the events of objects of a Workspace, the newest first; nil without any.
	Events func(ctx context.Context, namespace string, objects []string) ([]Event, error)
	// History returns the transitions that the status branch records, the oldest first; nil without any.
	History func(ctx context.Context) ([]events.Event, error)
}

// Event is an event of Kubernetes.
type Event struct {
	Time            time.Time // when it last happened
	Object          string    // "Kind/name"
	Reason, Message string
	Count           int
}

// Page is the handler of the page. It is safe for concurrent use.
type Page struct {
	log  *slog.Logger
	now  func() time.Time
	boot string // another one in each process, so that clients tell its versions from those of another replica
	mux  http.Handler

	mu       sync.Mutex
	options  Options
	clusters map[string]*cluster
	closed   chan struct{}
	streams  int
}

// cluster is a Cluster with what was published of it.
type cluster struct {
	Cluster
	boot   string
	tokens *access.Tokens

	mu      sync.Mutex
	make    func() *view.Board // nil before the first pass
	at      time.Time
	version int
	changed chan struct{} // is closed by the next change
}

// New returns a Page that shows nothing yet.
func New(log *slog.Logger) *Page {
	p := &Page{
		log: log, now: time.Now, boot: rand.Text()[:8], clusters: map[string]*cluster{}, closed: make(chan struct{}),
	}
	p.mux = p.routes()
	return p
}

// Use replaces what is shown, and to whom. What was published of a cluster stays.
func (p *Page) Use(o Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.clusters
	p.options, p.clusters = o, map[string]*cluster{}
	for _, c := range o.Clusters {
		next := &cluster{Cluster: c, boot: p.boot, changed: make(chan struct{})}
		if c.Authority != nil {
			next.tokens = access.NewTokens(c.Authority)
		}
		if old := before[c.Name]; old != nil {
			next.follow(old)
		}
		p.clusters[c.Name] = next
	}
}

// follow takes over what was published of the cluster under the configuration before, and wakes clients that listen for
// changes.
func (c *cluster) follow(old *cluster) {
	old.mu.Lock()
	defer old.mu.Unlock()
	c.make, c.at, c.version = old.make, old.at, old.version
	close(old.changed)
	old.changed = make(chan struct{})
}

// Publish shows what a pass has found out about a cluster. It costs nothing until a client asks for it.
func (p *Page) Publish(f view.Facts) {
	c := p.cluster(f.Cluster)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.make, c.at = sync.OnceValue(func() *view.Board { return view.New(f) }), f.At
	c.version++
	close(c.changed)
	c.changed = make(chan struct{})
}

// Still notes that a pass has found nothing new.
func (p *Page) Still(name string, at time.Time) {
	if c := p.cluster(name); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.at = at
	}
}

// Close ends the streams of changes, so that the server can shut down.
func (p *Page) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
}

// ServeHTTP answers a request. Without a cluster there is no page.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(p.getOptions().Clusters) == 0 {
		http.NotFound(w, r)
		return
	}
	p.mux.ServeHTTP(w, r)
}

func (p *Page) cluster(name string) *cluster {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clusters[name]
}

func (p *Page) getOptions() Options {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.options
}

// names lists the clusters in the order of the configuration.
func (o Options) names() []string {
	var out []string
	for _, c := range o.Clusters {
		out = append(out, c.Name)
	}
	return out
}

// published is what there is to show of a cluster now.
type published struct {
	board   *view.Board // nil before the first pass
	at      time.Time
	version string
	changed <-chan struct{}
}

func (c *cluster) published() published {
	c.mu.Lock()
	build, out := c.make, published{at: c.at, version: c.name(), changed: c.changed}
	c.mu.Unlock()
	if build != nil {
		out.board = build() // outside of the lock: it takes a moment for a large fleet
	}
	return out
}

// versionNow returns the version of what is published, and a channel that the next change closes.
func (c *cluster) versionNow() (version string, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name(), c.changed
}

// name is the name of the version; c is locked.
func (c *cluster) name() string { return c.boot + "-" + strconv.Itoa(c.version) }

// objectsOf lists the objects whose events are shown with a Workspace, as "Kind/name".
func objectsOf(w view.Workspace) []string {
	var out []string
	var add func([]view.Branch)
	add = func(branches []view.Branch) {
		for _, b := range branches {
			if b.Kind != "Pool" && b.Kind != "Node" {
				out = append(out, b.Kind+"/"+b.Name)
			}
			add(b.Below)
		}
	}
	add(w.Tree)
	return out
}

// maxHistory bounds the transitions of a Workspace that are shown.
const maxHistory = 50

// historyOf returns the transitions of a Workspace, the newest first.
func historyOf(all []events.Event, key workspace.Key) []events.Event {
	var out []events.Event
	for _, e := range slices.Backward(all) {
		if e.Workspace == key && len(out) < maxHistory {
			out = append(out, e)
		}
	}
	return out
}
