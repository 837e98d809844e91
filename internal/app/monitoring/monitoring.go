// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/web"
)

// State is the source of /healthz, /readyz and /metrics. It is safe for concurrent use.
type State struct {
	mu    sync.Mutex
	loops []Loop
	since time.Time
}

// Loop is what the State reads of the loop of one cluster.
type Loop struct {
	Name     string // of the cluster
	Health   *components.Health
	Interval time.Duration // between two polls of the repository
	Cluster  Counter       // requests to the API server, by verb
	Cloud    Counter       // requests to Azure, by HTTP method
	Lease    Lease         // nil without an election
	Fleet    *Fleet
	Shards   func() []bool // whether this process writes each; nil without shards
	Reviews  func() (review.Stats, bool)
}

// Counter counts requests so far.
type Counter interface{ Requests() map[string]int64 }

// Lease is the part of this process in an election.
type Lease interface {
	Role() string // in words
	Leads() bool
}

// Use replaces the loops by those of another configuration.
func (s *State) Use(loops ...Loop) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loops, s.since = loops, time.Now()
}

func (s *State) get() ([]Loop, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loops, s.since
}

// missedPolls is the number of polls that a loop may miss before Alive reports it as stuck. It is a guess.
const missedPolls = 10

// Alive returns an error if the last pass of a loop began more than missedPolls intervals ago, and at least ten
// minutes.
func (s *State) Alive(now time.Time) error {
	loops, since := s.get()
	for _, l := range loops {
		_, last := l.Health.Passes()
		if last.IsZero() {
			last = since
		}
		if limit := max(missedPolls*l.Interval, 10*time.Minute); now.Sub(last) > limit {
			err := fmt.Errorf("no pass for %s", now.Sub(last).Round(time.Second))
			if len(loops) > 1 {
				err = fmt.Errorf("cluster %s: %w", l.Name, err)
			}
			return err
		}
	}
	return nil
}

// Ready returns the state of each component, without secrets. Of several clusters each has its own components.
func (s *State) Ready() map[string]web.State {
	out := map[string]web.State{}
	loops, _ := s.get()
	for _, l := range loops {
		prefix := ""
		if len(loops) > 1 {
			prefix = l.Name + "/"
		}
		for name, c := range l.Health.Components() {
			out[prefix+name] = web.State{Failure: failure(c.Err)}
		}
		if l.Lease != nil {
			out[prefix+"lease"] = web.State{Says: l.Lease.Role()}
		}
	}
	return out
}

// failure returns the text of an error, and what helps, without secrets; "" for none.
func failure(err error) string {
	if err == nil {
		return ""
	}
	text := status.Redact(err.Error())
	if hints := diag.Hints(err); len(hints) > 0 {
		text += "; hint: " + status.Redact(strings.Join(hints, "; "))
	}
	return text
}

// of are the labels of a metric: the cluster, and others.
func of(others ...string) []string { return append([]string{"cluster"}, others...) }

// The metrics. Counters start over with the process, or with a new configuration.
var (
	leaderDesc = prometheus.NewDesc(
		"syncer_leader",
		"1 if this process holds the lease of the cluster, or of shard 0, else 0; absent without an election.",
		of(),
		nil,
	)
	shardDesc = prometheus.NewDesc(
		"syncer_shard_leader",
		"1 if this process holds the lease of a shard, else 0; absent without shards.",
		of("shard"),
		nil,
	)
	passesDesc     = prometheus.NewDesc("syncer_passes_total", "Passes of the reconcile loop.", of(), nil)
	lastPassDesc   = prometheus.NewDesc("syncer_last_pass_timestamp_seconds", "When the last pass began.", of(), nil)
	workspacesDesc = prometheus.NewDesc("syncer_workspaces", "Workspaces by state.", of("state"), nil)
	upDesc         = prometheus.NewDesc(
		"syncer_component_up",
		"1 if Git, the status branch, Kubernetes, Azure or the forge answered the last request, else 0.",
		of("component"),
		nil,
	)
	successDesc = prometheus.NewDesc(
		"syncer_component_last_success_timestamp_seconds",
		"When the dependency last answered.",
		of("component"),
		nil,
	)
	kubernetesDesc = prometheus.NewDesc(
		"syncer_kubernetes_requests_total",
		"Requests to the API server, also those without an answer, by HTTP method; WATCH for a watch, PATCH dry run for a "+
			"dry run, PUT lease for the Lease, GET version for a probe of the server.",
		of("verb"),
		nil,
	)
	azureDesc = prometheus.NewDesc(
		"syncer_azure_requests_total",
		"Requests to Azure Resource Manager, by HTTP method; retries and those without an answer count.",
		of("method"),
		nil,
	)
	poolFailuresDesc = prometheus.NewDesc(
		"syncer_azure_pool_failures_total",
		"Operations on pools that Azure refused or that failed, by Azure's code and its class; class Unknown is a code that "+
			"syncer does not know.",
		of("code", "class"),
		nil,
	)
)

// The metrics of reviews, if a forge is configured. A forge that fails is no reason for /readyz: syncer keeps the
// cluster equal to the branch without it.
var (
	pullRequestsDesc = prometheus.NewDesc("syncer_pull_requests", "Open pull requests at the last look.", of(), nil)
	reviewsDesc      = prometheus.NewDesc(
		"syncer_reviews_total",
		"Reviews of pull requests by the state of their commit status: success, failure (refused), error (syncer could not "+
			"tell).",
		of("state"),
		nil,
	)
	reviewErrorsDesc = prometheus.NewDesc(
		"syncer_review_errors_total",
		"Looks at the forge and reviews that ended with an error.",
		of(),
		nil,
	)
	reviewPauseDesc = prometheus.NewDesc(
		"syncer_review_paused_until_timestamp_seconds",
		"Until when the forge asks for a pause; absent without one.",
		of(),
		nil,
	)
)

// Registry returns a registry with the metrics of the State, of the process, and of the Go runtime.
func (s *State) Registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(s, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Describe lists the metrics.
func (s *State) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		leaderDesc,
		shardDesc,
		passesDesc,
		lastPassDesc,
		workspacesDesc,
		upDesc,
		successDesc,
		kubernetesDesc,
		azureDesc,
		poolFailuresDesc,
		pullRequestsDesc,
		reviewsDesc,
		reviewErrorsDesc,
		reviewPauseDesc,
	} {
		ch <- d
	}
	fleetDescs(ch)
}

// Collect reads the metrics.
func (s *State) Collect(ch chan<- prometheus.Metric) {
	loops, _ := s.get()
	for _, l := range loops {
		c := collector{ch, diag.EscapeLabel(l.Name)}
		c.loop(l)
		if l.Fleet != nil {
			l.Fleet.collect(c)
		}
		if l.Reviews == nil {
			continue
		}
		if stats, ok := l.Reviews(); ok {
			c.reviews(stats)
		}
	}
}

// collector sends the metrics of one cluster.
type collector struct {
	ch      chan<- prometheus.Metric
	cluster string
}

func (c collector) count(d *prometheus.Desc, n float64, labels ...string) {
	labels = append([]string{c.cluster}, labels...)
	c.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, n, labels...)
}

func (c collector) gauge(d *prometheus.Desc, n float64, labels ...string) {
	labels = append([]string{c.cluster}, labels...)
	c.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
}

// at sends a time, unless it is zero.
func (c collector) at(d *prometheus.Desc, t time.Time, labels ...string) {
	if !t.IsZero() {
		c.gauge(d, float64(t.Unix()), labels...)
	}
}

func (c collector) loop(l Loop) {
	h := l.Health
	if l.Lease != nil {
		c.gauge(leaderDesc, number(l.Lease.Leads()))
	}
	if l.Shards != nil {
		for i, held := range l.Shards() {
			c.gauge(shardDesc, number(held), strconv.Itoa(i))
		}
	}
	passes, last := h.Passes()
	c.count(passesDesc, float64(passes))
	c.at(lastPassDesc, last)
	states := map[string]int{} // by label: states are read back from a branch that others may write to
	for state, n := range h.States() {
		states[diag.EscapeLabel(state)] += n
	}
	for state, n := range states {
		c.gauge(workspacesDesc, float64(n), state)
	}
	for name, component := range h.Components() {
		c.gauge(upDesc, number(component.Err == nil), name)
		c.at(successDesc, component.LastSuccess, name)
	}
	for verb, n := range l.Cluster.Requests() {
		c.count(kubernetesDesc, float64(n), verb)
	}
	failures := map[[2]string]int{} // by label: codes are Azure's
	for f, n := range h.PoolFailures() {
		failures[[2]string{diag.EscapeLabel(f.Code), string(f.Class)}] += n
	}
	for f, n := range failures {
		c.count(poolFailuresDesc, float64(n), f[0], f[1])
	}
	for method, n := range l.Cloud.Requests() {
		c.count(azureDesc, float64(n), method)
	}
}

// number is 1 for true.
func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// ComponentForge is the name of the forge in metrics and logs.
const ComponentForge = "forge"

func (c collector) reviews(stats review.Stats) {
	c.gauge(pullRequestsDesc, float64(stats.Open))
	for _, state := range []review.State{review.Success, review.Failure, review.Trouble} {
		c.count(reviewsDesc, float64(stats.Reviews[state]), string(state))
	}
	c.count(reviewErrorsDesc, float64(stats.Failures))
	c.gauge(upDesc, number(stats.Err == nil && !stats.LastSuccess.IsZero()), ComponentForge)
	c.at(successDesc, stats.LastSuccess, ComponentForge)
	c.at(reviewPauseDesc, stats.PausedUntil)
}
