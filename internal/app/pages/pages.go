// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/apply/inquiry"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/page"
	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/weblink"
)

// Cluster is a cluster as the page needs it.
type Cluster struct {
	Config  config.Config
	API     API
	History func(context.Context) ([]events.Commit, error) // the newest first
}

// API answers questions of the page to the API server of a cluster. inquiry.API is one.
type API interface {
	access.Authority
	Events(ctx context.Context, namespace string, objects []string) ([]inquiry.Event, error)
}

// Options returns what the page shows of clusters of one configuration, and to whom.
func Options(c config.Config, clusters []Cluster, log *slog.Logger) page.Options {
	o := page.Options{Access: page.Access(c.Page.Access)}
	for _, one := range clusters {
		shown := page.Cluster{
			Name:       one.Config.Cluster,
			Namespaces: one.Config.Namespaces,
			Events:     eventsOf(one.API),
			History:    remember(one.Config.Cluster, one.History),
		}
		if o.Access == page.Token {
			shown.Authority = one.API
		}
		o.Clusters = append(o.Clusters, shown)
	}
	if o.Access == page.Token {
		o.Sealer = sealer(c.Page, log)
	}
	return o
}

// sealer returns what seals sessions: with the key of the configuration, which is read at each use, or with one of this
// process alone.
func sealer(c config.Page, log *slog.Logger) func() (*session.Sealer, error) {
	if c.KeyFile == "" && c.KeyEnv == "" {
		log.Warn("sessions of the page end with this process, and no other replica accepts them; name a key in page.keyFile")
		own, err := session.New([]string{session.Random()}, c.Session)
		return func() (*session.Sealer, error) { return own, err }
	}
	key := signin.Secret{File: c.KeyFile, Env: c.KeyEnv}
	return func() (*session.Sealer, error) {
		text, err := key.Read()
		if err != nil {
			return nil, fmt.Errorf("read the key of the page (configuration: page.keyFile): %w", err)
		}
		secrets, err := session.Secrets(text)
		if err != nil {
			return nil, fmt.Errorf("the key of the page (configuration: page.keyFile): %w", err)
		}
		return session.New(secrets, c.Session)
	}
}

func eventsOf(api API) func(context.Context, string, []string) ([]page.Event, error) {
	return func(ctx context.Context, namespace string, objects []string) ([]page.Event, error) {
		all, err := api.Events(ctx, namespace, objects)
		if err != nil {
			return nil, err
		}
		out := make([]page.Event, len(all))
		for i, e := range all {
			out[i] = page.Event(e)
		}
		return out, nil
	}
}

// keepHistory is how long a history that was read is shown again. It is ours.
const keepHistory = 15 * time.Second

// remember reads a history at most once in keepHistory, for all clients.
func remember(
	cluster string, read func(context.Context) ([]events.Commit, error),
) func(context.Context) ([]events.Event, error) {
	if read == nil {
		return nil
	}
	var mu sync.Mutex
	var kept []events.Event
	var until time.Time
	return func(ctx context.Context) ([]events.Event, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().Before(until) {
			return kept, nil
		}
		commits, err := read(ctx)
		if err != nil {
			return nil, err
		}
		kept, until = events.Of(cluster, commits), time.Now().Add(keepHistory)
		return kept, nil
	}
}

// Publisher publishes the outcomes of the passes of one cluster. Only one goroutine may use it.
type Publisher struct {
	config config.Config
	page   *page.Page
	health *components.Health
	last   view.Facts
}

// NewPublisher returns a Publisher of a cluster. A nil page gets nothing.
func NewPublisher(c config.Config, p *page.Page, h *components.Health) *Publisher {
	return &Publisher{config: c, page: p, health: h}
}

// Links returns the links to the forge of the source of a configuration.
func Links(c config.Config) weblink.Links {
	return weblink.Of(c.Source.URL, weblink.Kind(c.Review.Forge))
}

// Passed publishes the outcome of a pass. role says what this process does, if several share the cluster.
func (p *Publisher) Passed(o reconcile.Outcome, role string, now time.Time) {
	if p.page == nil {
		return
	}
	failing := p.failing()
	if o.Unchanged && p.last.Cluster != "" && role == p.last.Role && slices.Equal(failing, p.last.Failing) {
		p.page.Still(p.config.Cluster, now)
		return
	}
	f := p.last
	f.Cluster, f.Links, f.Limits = p.config.Cluster, Links(p.config), capacity.Limits{
		HourlyCost: p.config.Capacity.Limits.HourlyCost, Nodes: p.config.Capacity.Limits.Nodes,
	}
	f.Commit, f.At, f.Role, f.Failing, f.Reports = cmp.Or(o.Commit, f.Commit), now, role, failing, o.Reports
	if o.Plan.Cluster != "" { // else no plan was made, and what was seen before is the best there is
		f.Plan, f.Problems = o.Plan, o.Plan.Problems
		f.State, f.Pools, f.Unavailable = o.Seen.State, o.Seen.Pools, o.Seen.Unavailable
		f.Quota, f.QuotaError = o.Seen.Quota, ""
		if o.Seen.QuotaErr != nil {
			f.QuotaError = o.Seen.QuotaErr.Error()
		}
	}
	p.last = f
	p.page.Publish(f)
}

// failing lists the components that do not answer.
func (p *Publisher) failing() []view.Failing {
	var out []view.Failing
	components := p.health.Components()
	for _, name := range slices.Sorted(maps.Keys(components)) {
		if c := components[name]; c.Err != nil && !errors.Is(c.Err, context.Canceled) {
			text := c.Err.Error()
			if hints := diag.Hints(c.Err); len(hints) > 0 {
				text += "; hint: " + strings.Join(hints, "; ")
			}
			out = append(out, view.Failing{Component: name, Text: text, Since: c.LastSuccess})
		}
	}
	return out
}
