// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Fleet is what the passes of a loop have shown of Workspaces, pools and times. NewFleet returns one. It is safe for
// concurrent use.
type Fleet struct {
	steps, push, ready *prometheus.HistogramVec
	cluster            string // as a label

	mu   sync.Mutex
	last reconcile.Outcome // of the last pass that made a plan
	ages ages
}

// NewFleet returns the Fleet of a cluster, without any pass.
func NewFleet(cluster string) *Fleet {
	f := &Fleet{cluster: diag.EscapeLabel(cluster), ages: newAges()}
	f.steps = prometheus.NewHistogramVec(stepOpts, of("step"))
	f.push = prometheus.NewHistogramVec(pushOpts, of())
	f.ready = prometheus.NewHistogramVec(readyOpts, of())
	return f
}

// The times that are counted in buckets. A pass over an unchanged fleet takes milliseconds, and a new pool minutes.
var (
	stepOpts = prometheus.HistogramOpts{
		Name: "syncer_step_duration_seconds",
		Help: "Duration of the steps of passes: fetch, observe, plan, apply, record, and pass for all of them.",
		Buckets: []float64{
			.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60,
		},
	}
	pushOpts = prometheus.HistogramOpts{
		Name: "syncer_push_to_applied_seconds",
		Help: "Time from the commit that is the tip of the followed branch until a pass has applied it. Commits from " +
			"before the start of the process, and those that change nothing, do not count.",
		Buckets: []float64{1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600},
	}
	readyOpts = prometheus.HistogramOpts{
		Name: "syncer_commit_to_ready_seconds",
		Help: "Time from a commit that changes a Workspace until the Workspace is Ready, Running or Succeeded with it. " +
			"Commits from before the start of the process do not count.",
		Buckets: []float64{10, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 7200},
	}
)

var (
	readyDesc = prometheus.NewDesc(
		"syncer_workspace_ready",
		"1 if the Workspace is Ready, Running or Succeeded, else 0. The label workspace is namespace/name.",
		of("workspace"),
		nil,
	)
	workspaceCostDesc = prometheus.NewDesc(
		"syncer_workspace_hourly_cost_dollars",
		"Price per hour of the nodes of a Workspace, in US dollars; absent if it is unknown.",
		of("workspace"),
		nil,
	)
	costDesc = prometheus.NewDesc(
		"syncer_hourly_cost_dollars",
		"Price per hour of all pools of syncer, in US dollars; absent if it is unknown.",
		of(),
		nil,
	)
	poolNodesDesc = prometheus.NewDesc(
		"syncer_pool_nodes",
		"Nodes of a pool of syncer.",
		of("pool", "size", "state"),
		nil,
	)
	poolGPUsDesc = prometheus.NewDesc(
		"syncer_pool_gpus",
		"GPUs of the nodes of a pool of syncer; absent for a size that syncer does not know.",
		of("pool", "size"),
		nil,
	)
	poolUsedDesc = prometheus.NewDesc(
		"syncer_pool_gpus_used",
		"GPUs of a pool of syncer that Workspaces on its nodes use.",
		of("pool", "size"),
		nil,
	)
	quotaDesc = prometheus.NewDesc(
		"syncer_quota_left_vcpus",
		"vCPUs of an Azure quota that are not in use. The quota cores is that of the region, lowPriorityCores that of spot.",
		of("quota"),
		nil,
	)
	heldDesc = prometheus.NewDesc(
		"syncer_held_changes",
		"Changes that the plan holds back, by what would change: pool or object.",
		of("target"),
		nil,
	)
	problemsDesc = prometheus.NewDesc(
		"syncer_problems",
		"Problems in the files of the followed commit, by reason and severity.",
		of("reason", "severity"),
		nil,
	)
	conditionsDesc = prometheus.NewDesc(
		"syncer_conditions_false",
		"Workspaces with a condition that is False, by type and reason.",
		of("type", "reason"),
		nil,
	)
)

// fleetDescs lists the metrics of a Fleet.
func fleetDescs(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		readyDesc, workspaceCostDesc, costDesc, poolNodesDesc, poolGPUsDesc, poolUsedDesc, quotaDesc, heldDesc,
		problemsDesc, conditionsDesc,
	} {
		ch <- d
	}
	f := NewFleet("")
	f.steps.Describe(ch)
	f.push.Describe(ch)
	f.ready.Describe(ch)
}

// Passed takes the outcome of a pass.
func (f *Fleet) Passed(o reconcile.Outcome, now time.Time) {
	for step, took := range o.Took {
		f.steps.WithLabelValues(f.cluster, string(step)).Observe(took.Seconds())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	applied, ready := f.ages.passed(o, now)
	for _, age := range applied {
		f.push.WithLabelValues(f.cluster).Observe(age.Seconds())
	}
	for _, age := range ready {
		f.ready.WithLabelValues(f.cluster).Observe(age.Seconds())
	}
	if !o.Unchanged && o.Plan.Head != "" {
		f.last = o
	}
}

// collect sends the metrics.
func (f *Fleet) collect(c collector) {
	f.steps.Collect(c.ch)
	f.push.Collect(c.ch)
	f.ready.Collect(c.ch)
	f.mu.Lock()
	o := f.last
	f.mu.Unlock()
	if o.Plan.Head == "" {
		return
	}
	c.workspaces(o)
	c.pools(o)
	c.quota(o.Seen.Quota)
	c.held(o)
}

// serves reports whether a state is one that a Workspace is to reach.
func serves(s status.State) bool {
	return s == status.Ready || s == status.Running || s == status.Succeeded
}

func (c collector) workspaces(o reconcile.Outcome) {
	type cause struct{ kind, reason string }
	causes := map[cause]int{}
	for _, r := range o.Reports {
		name := diag.EscapeLabel(r.Key.String())
		c.gauge(readyDesc, number(serves(r.State)), name)
		if cost, err := strconv.ParseFloat(r.HourlyCost, 64); err == nil {
			c.gauge(workspaceCostDesc, cost, name)
		}
		for _, condition := range r.Conditions {
			if condition.Status == "False" {
				causes[cause{diag.EscapeLabel(condition.Type), diag.EscapeLabel(condition.Reason)}]++
			}
		}
	}
	for k, n := range causes {
		c.gauge(conditionsDesc, float64(n), k.kind, k.reason)
	}
	type problem struct {
		reason   diag.Reason
		severity diag.Severity
	}
	problems := map[problem]int{}
	for i := range o.Problems {
		problems[problem{o.Problems[i].Reason, o.Problems[i].Severity}]++
	}
	for k, n := range problems {
		c.gauge(problemsDesc, float64(n), diag.EscapeLabel(string(k.reason)), string(k.severity))
	}
}

func (c collector) pools(o reconcile.Outcome) {
	if cost := o.Plan.Cost.Before; cost.Known {
		c.gauge(costDesc, cost.USD)
	}
	runs := map[workspace.Key]bool{}
	for i := range o.Reports {
		runs[o.Reports[i].Key] = len(o.Reports[i].WorkerNodes) > 0
	}
	used := map[string]int{}
	for i := range o.Plan.Workspaces {
		if w := o.Plan.Workspaces[i]; runs[w.Key] {
			used[w.Pool] += w.GPUs
		}
	}
	for i := range o.Seen.Pools {
		p := &o.Seen.Pools[i]
		if !p.Owned {
			continue
		}
		pool, size := diag.EscapeLabel(p.Name), diag.EscapeLabel(p.Size)
		c.gauge(poolNodesDesc, float64(p.Count), pool, size, diag.EscapeLabel(string(p.State)))
		if sku, known := capacity.LookupSKU(p.Size); known {
			c.gauge(poolGPUsDesc, float64(p.Count*sku.GPUs), pool, size)
			c.gauge(poolUsedDesc, float64(used[p.Name]), pool, size)
		}
	}
}

func (c collector) quota(q capacity.Quota) {
	left := func(name string, l capacity.Limit) {
		if l.Known {
			c.gauge(quotaDesc, float64(l.Max-l.Used), diag.EscapeLabel(name))
		}
	}
	for family, l := range q.Families {
		if family = strings.ToLower(family); family != capacity.QuotaRegional && family != capacity.QuotaSpot {
			left(family, l)
		}
	}
	left(capacity.QuotaRegional, q.Regional)
	left(capacity.QuotaSpot, q.Spot)
}

func (c collector) held(o reconcile.Outcome) {
	pools, objects := 0, 0
	for i := range o.Plan.Changes {
		switch change := o.Plan.Changes[i]; {
		case change.Op != plan.Hold || change.Later:
		case change.Pool != nil:
			pools++
		default:
			objects++
		}
	}
	c.gauge(heldDesc, float64(pools), "pool")
	c.gauge(heldDesc, float64(objects), "object")
}
