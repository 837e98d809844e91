// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
)

// A month of failures: the loop runs against an Azure that publishes quota and restrictions and keeps to them, and that
// also fails without notice. A write is futile if it is refused, and that could be known: from what Azure
// publishes, or from its own answer to the same question within the last half hour. Answers that pass by themselves
// within minutes (a lock, an ETag, a 500, a 429) do not count.

// tally counts the writes of a month.
type tally struct {
	writes    int // requests to change a pool
	accepted  int
	published int // refused although what Azure publishes said so
	repeated  int // refused although Azure had said so within the last half hour
	surprises int // refused or failed for a reason that was not known before
	needless  int // accepted, and changed nothing that was asked for or missing
	pools     int // Workspaces with nodes of their own, each of which is a pool
}

func (c tally) futile() int { return c.published + c.repeated + c.needless }

// firstTime is the share of writes that succeed at the first try, of those whose obstacle, if any, could be known.
func (c tally) firstTime() float64 {
	return float64(c.accepted-c.needless) / float64(max(c.accepted+c.published+c.repeated, 1))
}

func (c tally) perPool() float64 { return float64(c.futile()) / float64(c.pools) }

func (c tally) add(o tally) tally {
	return tally{
		writes:    c.writes + o.writes,
		accepted:  c.accepted + o.accepted,
		published: c.published + o.published,
		repeated:  c.repeated + o.repeated,
		surprises: c.surprises + o.surprises,
		needless:  c.needless + o.needless,
		pools:     c.pools + o.pools,
	}
}

// outage is an answer of Azure to requests for nodes of one size, or to all writes for the size "".
type outage struct {
	size  string
	spot  bool // spot machines only
	late  bool // the request is accepted, and fails later
	err   *capacity.CloudError
	until time.Time
}

// market is a Cloud that keeps to what it publishes, and fails.
type market struct {
	*capacitytest.Checked
	rng *rand.Rand

	refused map[string]bool // sizes with a restriction, published
	noSpot  map[string]bool // sizes that are not offered as spot, published
	limits  map[string]int  // vCPUs by family in lower case, published
	outages []outage
	told    map[string]time.Time // when which obstacle was last answered
	blind   bool                 // syncer may not read what is published
	tally
}

// quick are the classes that pass by themselves within minutes.
func quick(c capacity.Class) bool {
	return c.Action() == capacity.ActWait || c == capacity.ClassTransient || c == capacity.ClassThrottled
}

// Quota returns the restrictions, the limits, and what the pools use.
func (m *market) Quota(context.Context) (capacity.Quota, error) {
	if m.blind {
		return capacity.Quota{}, nil
	}
	return m.publish(), nil
}

func (m *market) publish() capacity.Quota {
	q := capacity.Quota{
		Families: map[string]capacity.Limit{},
		Offers:   map[string]capacity.Offering{},
		Regional: capacity.Limit{Max: 10_000, Known: true},
		Spot:     capacity.Limit{Max: m.limits[capacity.QuotaSpot], Known: true},
	}
	for s := range capacity.Usable() {
		o := capacity.Offering{Name: s.Name, Family: s.Family, VCPUs: s.VCPUs, Spot: !m.noSpot[s.Name]}
		if m.refused[s.Name] {
			o = o.Restrict(capacity.Restriction{Location: true, Reason: "NotAvailableForSubscription"})
		}
		q.Offers[strings.ToLower(s.Name)] = o
		q.Families[strings.ToLower(s.Family)] = capacity.Limit{Max: m.limit(s.Family), Known: true}
	}
	for _, p := range m.Live() {
		sku, _ := capacity.LookupSKU(p.Size)
		if p.Owned {
			q = q.Reserve(sku, p.Priority(), p.Count*sku.VCPUs)
		}
	}
	return q
}

func (m *market) limit(family string) int {
	if n, ok := m.limits[strings.ToLower(family)]; ok {
		return n
	}
	return 1000
}

// Ensure refuses what it publishes that it refuses, and what fails now.
func (m *market) Ensure(ctx context.Context, c capacity.PoolChange) error {
	d := c.Desired
	live := m.Find(c.Name)
	had := 0
	if live != nil {
		had = len(m.Fake.Nodes()[c.Name])
	}
	grows := d.Count > had
	if grows {
		if err := m.keeps(d, live); err != nil {
			m.writes++
			m.published++
			return err
		}
	}
	return m.write(d.SKU.Name, d.Spot, grows, func() error {
		changes := live == nil || live.State != capacity.Succeeded || live.Count != d.Count || grows || len(c.Remove) > 0
		err := m.Checked.Ensure(ctx, c)
		if err == nil && !changes {
			m.needless++
		}
		return err
	})
}

// Delete fails with what concerns all writes.
func (m *market) Delete(ctx context.Context, c capacity.PoolChange) error {
	return m.write("", false, false, func() error { return m.Checked.Delete(ctx, c) })
}

// keeps refuses nodes beyond what is published.
func (m *market) keeps(d *capacity.Pool, live *capacity.LivePool) error {
	q := m.publish()
	count := d.Count
	if live != nil {
		count -= live.Count
	}
	if count > 0 {
		l := q.Family(d.SKU)
		if d.Spot {
			l = q.Spot
		}
		if l.Used+count*d.SKU.VCPUs > l.Max {
			return capacitytest.Error("QuotaExceeded", capacitytest.TextFamilyQuota)
		}
	}
	if why := q.Offered(d.SKU, d.Priority()); why != "" {
		return capacitytest.Error("SkuNotAvailable", why)
	}
	if m.Stopped {
		return capacitytest.Error("OperationNotAllowed", "managed cluster is in stopped state")
	}
	return nil
}

// write carries one write out, unless an outage refuses it.
func (m *market) write(size string, spot, grows bool, do func() error) error {
	m.writes++
	now := time.Now()
	for _, o := range m.outages {
		if now.After(o.until) || o.size != "" && (o.size != size || !grows) || o.spot && !spot {
			continue
		}
		key := o.size + o.err.Code
		if last, told := m.told[key]; told && now.Sub(last) < 30*time.Minute && !quick(o.err.Class) {
			m.repeated++
		} else {
			m.surprises++
		}
		m.told[key] = now
		if !o.late {
			return o.err
		}
		m.Set(func(f *capacitytest.Fake) { f.Once = append(f.Once, &capacitytest.Fault{Late: o.err}) })
		return do()
	}
	err := do()
	var e *capacity.CloudError
	switch {
	case err == nil:
		m.accepted++
	case errors.As(err, &e) && quick(e.Class):
		m.surprises++
	default:
		m.repeated++
	}
	return err
}

// happen lets something happen, perhaps.
func (m *market) happen(s *reconciletest.Simulator) {
	now := time.Now()
	hours := func(most int) time.Time { return now.Add(time.Duration(1+m.rng.IntN(most)) * time.Hour) }
	sizes := []string{
		"Standard_NC24ads_A100_v4", "Standard_NC40ads_H100_v5", "Standard_NV36ads_A10_v5", "Standard_NV72ads_A10_v5",
		"Standard_NC48ads_A100_v4",
	}
	size := sizes[m.rng.IntN(len(sizes))]
	m.outages = slices.DeleteFunc(m.outages, func(o outage) bool { return now.After(o.until) })
	strike := func(o outage) { m.outages = append(m.outages, o) }
	switch m.rng.IntN(16) {
	case 0:
		strike(outage{size: size, late: true, err: capacitytest.Error("AllocationFailed", "none"), until: hours(24)})
	case 1:
		strike(outage{size: size, err: capacitytest.Error("SkuNotAvailable", "none"), until: hours(24)})
	case 2:
		strike(outage{
			size: size, spot: true, late: true, err: capacitytest.Error("AllocationFailed", "none"), until: hours(8),
		})
	case 3:
		strike(outage{err: capacitytest.Error("AuthorizationFailed", "no role"), until: hours(8)})
	case 4:
		strike(outage{err: capacitytest.Error("ScopeLocked", "locked"), until: hours(4)})
	case 5:
		strike(outage{err: capacitytest.Error("InternalServerError", "try again"), until: now.Add(10 * time.Minute)})
	case 6:
		busy := "Another operation (Upgrading) is in progress"
		strike(outage{err: capacitytest.Error("OperationNotAllowed", busy), until: now.Add(20 * time.Minute)})
	case 7:
		m.refused[size] = !m.refused[size]
	case 8:
		m.noSpot[size] = !m.noSpot[size]
	case 9:
		sku, _ := capacity.LookupSKU(size)
		m.limits[strings.ToLower(sku.Family)] = m.rng.IntN(3) * 48
	case 10:
		m.limits[capacity.QuotaSpot] = 24 + m.rng.IntN(200)
	case 11:
		for _, p := range s.Owned() {
			if p.Spot && p.State == capacity.Succeeded && m.rng.IntN(2) == 0 {
				m.Evict(p.Name)
			}
		}
	case 12:
		m.Set(func(f *capacitytest.Fake) { f.Stopped = !f.Stopped })
	case 13:
		strike(outage{size: size, err: capacitytest.Error("AksCapacityHeavyUsage", "heavy usage"), until: hours(3)})
	case 14:
		strike(outage{
			size: size, err: capacitytest.Error("VMSizeNotSupported", "is not supported for subscription"), until: hours(48),
		})
	default:
		if m.rng.IntN(4) == 0 {
			strike(outage{size: size, err: capacitytest.Error("SomethingNew", "a new text"), until: hours(24)})
		}
	}
	if m.Stopped && m.rng.IntN(2) == 0 {
		m.Set(func(f *capacitytest.Fake) { f.Stopped = false })
	}
}

// booting reports whether nodes that are there are not ready: the simulator starts a node within two steps.
func (m *market) booting(s *reconciletest.Simulator) bool {
	for _, nodes := range m.Fake.Nodes() {
		if slices.ContainsFunc(nodes, func(n string) bool { return !s.Azure.Nodes.Ready(n) }) {
			return true
		}
	}
	return false
}

// month plays days of failures and returns the tally. It runs in a bubble.
func month(t *testing.T, seed uint64, days int, blind bool) tally {
	t.Helper()
	s := reconciletest.New(t)
	s.Cache = rendered
	m := &market{
		Checked: s.Azure,
		rng:     rand.New(rand.NewPCG(seed, 10)),
		refused: map[string]bool{},
		noSpot:  map[string]bool{},
		limits:  map[string]int{capacity.QuotaSpot: 100, "standardndasv4_a100family": 0, "standardndsh100v5family": 0},
		told:    map[string]time.Time{},
		blind:   blind,
	}
	m.Set(func(f *capacitytest.Fake) { f.Takes = 5 * time.Minute })
	texts := []string{
		reconciletest.Phi, reconciletest.Automatic, onSpot(reconciletest.Phi), onSpot(reconciletest.Automatic),
		strings.Replace(reconciletest.Phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1),
		strings.Replace(reconciletest.Phi, "NC24ads_A100_v4", "NV36ads_A10_v5", 1),
	}
	const workspaces = 12
	name := func(i int) string { return fmt.Sprintf("w%02d", i) }
	push := func(i int) { s.Git.Push(name(i)+".yaml", reconciletest.Named(texts[i%len(texts)], name(i))) }
	for i := range workspaces {
		push(i)
	}
	parts := s.Parts()
	parts.Cloud = m
	loop := reconcile.New(s.Settings(), parts)
	end, next := time.Now().Add(time.Duration(days)*24*time.Hour), time.Now().Add(time.Hour)
	gone := -1
	for time.Now().Before(end) {
		if !time.Now().Before(next) {
			m.happen(s)
			next = time.Now().Add(time.Duration(1+m.rng.IntN(8)) * time.Hour)
			switch {
			case gone >= 0:
				push(gone)
				gone = -1
			case m.rng.IntN(4) == 0:
				gone = m.rng.IntN(workspaces)
				s.Git.Remove(name(gone) + ".yaml")
			}
		}
		out := loop.Pass(t.Context(), reconciletest.All)
		step := 15 * time.Minute
		if out.PoolWrites > 0 || out.Changes.Writes() > 0 || out.Retry {
			step = time.Minute
		} else if out.InFlight || m.booting(s) {
			step = 3 * time.Minute
		}
		s.Advance(step)
	}
	m.pools = workspaces
	return m.tally
}

// TestMonthOfFailures plays eight days twice with the same world: few writes are futile.
func TestMonthOfFailures(t *testing.T) {
	var sum tally
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) { sum = sum.add(month(t, seed, 8, false)) })
	}
	if sum.accepted < 40 || sum.surprises < 15 {
		t.Errorf("too little happens: %+v", sum)
	}
	if first, futile := sum.firstTime(), sum.perPool(); first < 0.95 || futile > 0.1 {
		t.Errorf("%.1f %% of writes succeed the first time, %.2f futile writes per pool: %+v", 100*first, futile, sum)
	}
}

// TestMonthCountsWhatIsFutile hides from syncer what Azure publishes: the tally of the test above counts what follows.
func TestMonthCountsWhatIsFutile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if sum := month(t, 0, 4, true); sum.published == 0 || sum.firstTime() > 0.95 {
			t.Errorf("%+v", sum)
		}
	})
}

// months is the tally of two months, played once for all runs of the benchmark.
var months = sync.OnceValue(func() (sum tally) {
	all := func(string, string) (bool, error) { return true, nil }
	testing.RunTests(all, []testing.InternalTest{{Name: "months", F: func(t *testing.T) {
		for seed := range uint64(2) {
			synctest.Test(t, func(t *testing.T) { sum = sum.add(month(t, seed, 30, false)) })
		}
	}}})
	return sum
})

// BenchmarkMonthOfFailures records how many writes to Azure are futile; its time says nothing.
func BenchmarkMonthOfFailures(b *testing.B) {
	sum := months()
	for b.Loop() {
	}
	row := bench.Row{Scenario: "month of failures", Subject: "syncer"}
	first, futile := row, row
	first.Metric, first.Value, first.Unit = "writes that succeed the first time", 100*sum.firstTime(), "%"
	first.Ratio = bench.Against(sum.firstTime() / 0.95)
	futile.Metric, futile.Value, futile.Unit = "futile writes", sum.perPool(), "per pool and month"
	futile.Ratio = bench.Against(sum.perPool() / 0.1)
	b.Logf("%+v", sum)
	bench.Record(b, first, futile)
}
