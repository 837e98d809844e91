package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
)

// state is what /healthz, /readyz and /metrics tell of the configuration in force. It is safe for concurrent use.
type state struct {
	mu     sync.Mutex
	parts  *parts
	loop   *reconcile.Health
	config config.Config
	since  time.Time
}

func (s *state) use(p *parts, h *reconcile.Health, c config.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts, s.loop, s.config, s.since = p, h, c, time.Now()
}

func (s *state) health() *reconcile.Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loop
}

// patience is how many polls the loop may miss before it counts as stuck.
const patience = 10

// Alive returns an error when there was no pass for much longer than there should have been one.
func (s *state) Alive(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, last := s.loop.Passes()
	if last.IsZero() {
		last = s.since
	}
	if limit := max(patience*s.config.Source.Interval, 10*time.Minute); now.Sub(last) > limit {
		return fmt.Errorf("no pass for %s", now.Sub(last).Round(time.Second))
	}
	return nil
}

// Ready returns the trouble of each component, without secrets.
func (s *state) Ready() map[string]string {
	out := map[string]string{}
	for name, c := range s.health().Components() {
		out[name] = ""
		if c.Err != nil {
			out[name] = status.Redact(c.Err.Error())
		}
	}
	return out
}

// The metrics. Counters start over with the process, or with a new configuration.
var (
	passesDesc     = prometheus.NewDesc("syncer_passes_total", "Passes of the reconcile loop.", nil, nil)
	lastPassDesc   = prometheus.NewDesc("syncer_last_pass_timestamp_seconds", "When the last pass began.", nil, nil)
	workspacesDesc = prometheus.NewDesc("syncer_workspaces", "Workspaces by state.", []string{"state"}, nil)
	upDesc         = prometheus.NewDesc("syncer_component_up", "Whether a dependency answered when it was last asked.", []string{"component"}, nil)
	successDesc    = prometheus.NewDesc("syncer_component_last_success_timestamp_seconds", "When a dependency last answered.", []string{"component"}, nil)
	kubernetesDesc = prometheus.NewDesc("syncer_kubernetes_requests_total", "Requests to the API server.", []string{"verb"}, nil)
	azureDesc      = prometheus.NewDesc("syncer_azure_requests_total", "Requests to Azure Resource Manager.", []string{"method"}, nil)
)

func (s *state) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(s)
	return r
}

// Describe lists the metrics.
func (s *state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{passesDesc, lastPassDesc, workspacesDesc, upDesc, successDesc, kubernetesDesc, azureDesc} {
		ch <- d
	}
}

// Collect reads the metrics.
func (s *state) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	p, h := s.parts, s.loop
	s.mu.Unlock()
	passes, last := h.Passes()
	ch <- prometheus.MustNewConstMetric(passesDesc, prometheus.CounterValue, float64(passes))
	if !last.IsZero() {
		ch <- prometheus.MustNewConstMetric(lastPassDesc, prometheus.GaugeValue, float64(last.Unix()))
	}
	for state, n := range h.States() {
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
	for verb, n := range p.cluster.Requests() {
		ch <- prometheus.MustNewConstMetric(kubernetesDesc, prometheus.CounterValue, float64(n), verb)
	}
	if p.cloud == nil {
		return
	}
	for method, n := range p.cloud.Requests() {
		ch <- prometheus.MustNewConstMetric(azureDesc, prometheus.CounterValue, float64(n), method)
	}
}
