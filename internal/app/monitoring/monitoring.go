// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status"
)

// State is the source of /healthz, /readyz and /metrics. It is safe for concurrent use.
type State struct {
	mu     sync.Mutex
	loop   Loop
	since  time.Time
	review func() (review.Stats, bool) // nil before the first call of Reviews
}

// Loop is what the State reads of one configuration.
type Loop struct {
	Health   *reconcile.Health
	Interval time.Duration // between two polls of the repository
	Cluster  Counter       // requests to the API server, by verb
	Cloud    Counter       // requests to Azure, by HTTP method
}

// Counter counts requests so far.
type Counter interface{ Requests() map[string]int64 }

// Use replaces the loop by that of another configuration.
func (s *State) Use(l Loop) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loop, s.since = l, time.Now()
}

// Reviews sets what counts the reviews; stats returns false if there are none.
func (s *State) Reviews(stats func() (review.Stats, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.review = stats
}

// Health returns the health of the present loop.
func (s *State) Health() *reconcile.Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loop.Health
}

// missedPolls is the number of polls that the loop may miss before Alive reports it as stuck. It is a guess.
const missedPolls = 10

// Alive returns an error if the last pass began more than missedPolls intervals ago, and at least ten minutes.
func (s *State) Alive(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, last := s.loop.Health.Passes()
	if last.IsZero() {
		last = s.since
	}
	if limit := max(missedPolls*s.loop.Interval, 10*time.Minute); now.Sub(last) > limit {
		return fmt.Errorf("no pass for %s", now.Sub(last).Round(time.Second))
	}
	return nil
}

// Ready returns the error of each component, without secrets; "" if it has none.
func (s *State) Ready() map[string]string {
	out := map[string]string{}
	for name, c := range s.Health().Components() {
		out[name] = ""
		if c.Err != nil {
			out[name] = status.Redact(c.Err.Error())
			if hints := diag.Hints(c.Err); len(hints) > 0 {
				out[name] += "; hint: " + status.Redact(strings.Join(hints, "; "))
			}
		}
	}
	return out
}

// The metrics. Counters start over with the process, or with a new configuration.
var (
	passesDesc     = prometheus.NewDesc("syncer_passes_total", "Passes of the reconcile loop.", nil, nil)
	lastPassDesc   = prometheus.NewDesc("syncer_last_pass_timestamp_seconds", "Start of the last pass.", nil, nil)
	workspacesDesc = prometheus.NewDesc("syncer_workspaces", "Workspaces by state.", []string{"state"}, nil)
	upDesc         = prometheus.NewDesc(
		"syncer_component_up",
		"1 if the last request to a dependency succeeded, else 0.",
		[]string{"component"},
		nil,
	)
	successDesc = prometheus.NewDesc(
		"syncer_component_last_success_timestamp_seconds",
		"Time of the last successful request to a dependency.",
		[]string{"component"},
		nil,
	)
	kubernetesDesc = prometheus.NewDesc(
		"syncer_kubernetes_requests_total",
		"Requests to the API server.",
		[]string{"verb"},
		nil,
	)
	azureDesc = prometheus.NewDesc(
		"syncer_azure_requests_total",
		"Requests to Azure Resource Manager.",
		[]string{"method"},
		nil,
	)
	poolFailuresDesc = prometheus.NewDesc(
		"syncer_azure_pool_failures_total",
		"Operations on pools that Azure refused or that failed, by Azure's code and its class; class Unknown is a code that "+
			"syncer does not know.",
		[]string{"code", "class"},
		nil,
	)
)

// The metrics of reviews, if a forge is configured. A forge that fails is no reason for /readyz: syncer keeps the
// cluster equal to the branch without it.
var (
	pullRequestsDesc = prometheus.NewDesc("syncer_pull_requests", "Open pull requests.", nil, nil)
	reviewsDesc      = prometheus.NewDesc(
		"syncer_reviews_total",
		"Reviews of pull requests, by the state of the commit status.",
		[]string{"state"},
		nil,
	)
	reviewErrorsDesc = prometheus.NewDesc(
		"syncer_review_errors_total",
		"Looks at the forge that ended with an error.",
		nil,
		nil,
	)
	reviewPauseDesc = prometheus.NewDesc(
		"syncer_review_paused_until_timestamp_seconds",
		"Time until which the forge asks for a pause.",
		nil,
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
}

// Collect reads the metrics.
func (s *State) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	l, h, reviews := s.loop, s.loop.Health, s.review
	s.mu.Unlock()
	if reviews != nil {
		if stats, ok := reviews(); ok {
			collectReviews(ch, stats)
		}
	}
	passes, last := h.Passes()
	ch <- prometheus.MustNewConstMetric(passesDesc, prometheus.CounterValue, float64(passes))
	if !last.IsZero() {
		ch <- prometheus.MustNewConstMetric(lastPassDesc, prometheus.GaugeValue, float64(last.Unix()))
	}
	states := map[string]int{} // by label: states are read back from a branch that others may write to
	for state, n := range h.States() {
		states[diag.EscapeLabel(state)] += n
	}
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(workspacesDesc, prometheus.GaugeValue, float64(n), state)
	}
	for name, c := range h.Components() {
		up := 0.0
		if c.Err == nil {
			up = 1
		}
		ch <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, up, name)
		if !c.LastSuccess.IsZero() {
			ch <- prometheus.MustNewConstMetric(successDesc, prometheus.GaugeValue, float64(c.LastSuccess.Unix()), name)
		}
	}
	for verb, n := range l.Cluster.Requests() {
		ch <- prometheus.MustNewConstMetric(kubernetesDesc, prometheus.CounterValue, float64(n), verb)
	}
	failures := map[[2]string]int{} // by label: codes are Azure's
	for f, n := range h.PoolFailures() {
		failures[[2]string{diag.EscapeLabel(f.Code), string(f.Class)}] += n
	}
	for f, n := range failures {
		ch <- prometheus.MustNewConstMetric(poolFailuresDesc, prometheus.CounterValue, float64(n), f[0], f[1])
	}
	for method, n := range l.Cloud.Requests() {
		ch <- prometheus.MustNewConstMetric(azureDesc, prometheus.CounterValue, float64(n), method)
	}
}

// ComponentForge is the name of the forge in metrics and logs.
const ComponentForge = "forge"

// collectReviews sends the metrics of reviews.
func collectReviews(ch chan<- prometheus.Metric, stats review.Stats) {
	ch <- prometheus.MustNewConstMetric(pullRequestsDesc, prometheus.GaugeValue, float64(stats.Open))
	for _, state := range []review.State{review.Success, review.Failure, review.Trouble} {
		n := float64(stats.Reviews[state])
		ch <- prometheus.MustNewConstMetric(reviewsDesc, prometheus.CounterValue, n, string(state))
	}
	ch <- prometheus.MustNewConstMetric(reviewErrorsDesc, prometheus.CounterValue, float64(stats.Failures))
	up := 0.0
	if stats.Err == nil && !stats.LastSuccess.IsZero() {
		up = 1
	}
	ch <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, up, ComponentForge)
	if !stats.LastSuccess.IsZero() {
		at := float64(stats.LastSuccess.Unix())
		ch <- prometheus.MustNewConstMetric(successDesc, prometheus.GaugeValue, at, ComponentForge)
	}
	if !stats.PausedUntil.IsZero() {
		until := float64(stats.PausedUntil.Unix())
		ch <- prometheus.MustNewConstMetric(reviewPauseDesc, prometheus.GaugeValue, until)
	}
}
