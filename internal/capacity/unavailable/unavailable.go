// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// Offerings holds the unavailable offerings: what Azure refused, until when. The zero value blocks nothing. It is a
// value: methods return a changed copy.
type Offerings struct {
	Entries []Entry // sorted by scope, each scope once
}

// Constraint is a property of a pool that Azure may be unable to satisfy, and that the pool can do without.
type Constraint string

// The constraints, in the order in which pools give them up.
const (
	PlacementGroup Constraint = "placementGroup"
	Zone           Constraint = "zone"
	EphemeralDisk  Constraint = "ephemeralDisk"
)

var constraints = []Constraint{PlacementGroup, Zone, EphemeralDisk}

// Entry is one unavailable offering. Its scope is a Size, the sizes of a Family, or all sizes if both are empty; of
// these, the sizes with at least VCPUs vCPUs; at one Priority or both; in one Zone, or in pools without zones.
//
// An Entry with a Constraint does not block a size: pools of the size have to give up the constraint.
type Entry struct {
	Family     string            `yaml:"family,omitempty" json:"family,omitempty"`
	Size       string            `yaml:"size,omitempty" json:"size,omitempty"`
	VCPUs      int               `yaml:"vcpus,omitempty" json:"vcpus,omitempty"`
	Priority   capacity.Priority `yaml:"priority,omitempty" json:"priority,omitempty"`
	Zone       string            `yaml:"zone,omitempty" json:"zone,omitempty"`
	Constraint Constraint        `yaml:"constraint,omitempty" json:"constraint,omitempty"`
	Code       string            `yaml:"code" json:"code"`
	Reason     string            `yaml:"reason" json:"reason"`
	Failures   int               `yaml:"failures" json:"failures"` // in a row
	Since      time.Time         `yaml:"since" json:"since"`       // the last failure
	Until      time.Time         `yaml:"until" json:"until"`
}

// Attempt describes nodes that syncer requested from Azure.
type Attempt struct {
	SKU         capacity.SKU
	Spot        bool
	Zones       []string
	Constraints []Constraint // of the pool
}

func (a Attempt) priority() capacity.Priority { return capacity.PriorityOf(a.Spot) }

// How long an Entry blocks after a first failure; the values are those of Karpenter's provider for Azure. A failure of
// the probe after a block doubles the time, up to maxBlock.
const (
	blockQuota       = 10 * time.Minute
	blockNoQuota     = time.Hour // the limit is 0, or spot has no quota left
	blockAllocation  = time.Hour
	blockSpotSize    = time.Hour
	blockSpotTaken   = 30 * time.Minute // a guess: spot capacity comes and goes
	blockUnknown     = time.Hour        // a guess
	blockUnavailable = 23 * time.Hour
	blockRegion      = time.Hour
	blockBroken      = time.Hour // the GPUs never appeared, or the operation did not finish
	maxBlock         = 23 * time.Hour
	maxSpotBlock     = 4 * time.Hour // a guess: a Workspace that waits for spot machines is asked for several times a day
	// jitterPart is the largest delay of the end of a block, as a part of its length. It keeps many syncers from
	// probing at the same time.
	jitterPart = 0.1
	// halfOpenPart is the time after the end of a block in which only the smallest of its sizes is available, as a part
	// of its length.
	halfOpenPart = 0.25
)

// New returns the Offerings with the given entries. Users may edit the recorded entries, so New sorts them and keeps
// the one that lasts longest of each scope.
func New(entries []Entry) Offerings {
	out := slices.SortedStableFunc(
		slices.Values(entries),
		func(a, b Entry) int { return cmp.Or(compareScope(a, b), b.Until.Compare(a.Until)) },
	)
	return Offerings{slices.CompactFunc(out, func(a, b Entry) bool { return compareScope(a, b) == 0 })}
}

// Record returns the Offerings with the blocks that follow from a failed attempt. Errors of classes that neither block
// nor relax change nothing. The seed, such as the name of the cluster, sets the jitter.
func (u Offerings) Record(err *capacity.CloudError, a Attempt, now time.Time, seed string) Offerings {
	action := err.Class.Action()
	if action != capacity.ActBlock && action != capacity.ActRelax && err.Class != capacity.ClassUnknown {
		return u
	}
	// What was given up by this very failure is not given up before it: the failure may be recorded twice.
	before := Offerings{slices.DeleteFunc(slices.Clone(u.Entries), func(b Entry) bool {
		return b.Code == err.Code && b.Since.Equal(now.UTC().Truncate(time.Second))
	})}
	for _, b := range blocksFor(err, a, before.Dropped(a.SKU, a.priority(), now)) {
		u = u.add(b, now, seed)
	}
	return u
}

// add inserts a block, or extends the one with the same scope: each failed probe doubles its length.
func (u Offerings) add(first block, now time.Time, seed string) Offerings {
	b := first.entry
	b.Failures, b.Since = 1, now.UTC().Truncate(time.Second)
	length := first.length
	out := slices.Clone(u.Entries)
	i, known := slices.BinarySearchFunc(out, b, compareScope)
	if known && now.Before(out[i].forgotten()) {
		b.Failures = out[i].Failures
		if !now.Before(out[i].Until) { // the probe failed
			b.Failures++
		}
		most := maxBlock
		if b.Priority == capacity.Spot {
			most = maxSpotBlock
		}
		length = min(length<<min(b.Failures-1, 4), max(most, length))
	}
	b.Until = b.Since.Add(length + time.Duration(jitterPart*spread01(seed, b)*float64(length))).Truncate(time.Second)
	if known {
		if out[i].Until.After(b.Until) {
			return u // the same scope is blocked for longer already
		}
		out[i] = b
	} else {
		out = slices.Insert(out, i, b)
	}
	return Offerings{out}
}

// spread01 returns a number from 0 to 1, a hash of the seed and the scope.
func spread01(seed string, b Entry) float64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s|%s|%s|%d|%s|%s|%d", seed, b.Family, b.Size, b.VCPUs, b.Priority, b.Zone, b.Failures)
	return float64(h.Sum64()>>11) / (1 << 53)
}

// Expired returns the Offerings without the entries that have no effect any more.
func (u Offerings) Expired(now time.Time) Offerings {
	if !slices.ContainsFunc(u.Entries, func(b Entry) bool { return !now.Before(b.forgotten()) }) {
		return u
	}
	return Offerings{slices.DeleteFunc(slices.Clone(u.Entries), func(b Entry) bool { return !now.Before(b.forgotten()) })}
}

// Worked returns the Offerings after Azure delivered nodes that syncer requested at the time asked. It removes the
// entries on the size from before that time, and those for missing GPUs from before due, the time by which the GPUs
// should have appeared.
func (u Offerings) Worked(sku capacity.SKU, priority capacity.Priority, asked, due time.Time) Offerings {
	out := slices.DeleteFunc(slices.Clone(u.Entries), func(b Entry) bool {
		missing := b.Code == capacity.CodeGPUsMissing || b.Code == capacity.CodeNodesMissing ||
			b.Code == capacity.CodeSpotMissing
		old := b.Since.Before(asked) || missing && !b.Since.After(due)
		return old && b.Constraint == "" && b.Zone == "" && b.covers(sku, priority)
	})
	if len(out) == len(u.Entries) {
		return u
	}
	return Offerings{out}
}

// Blocked reports whether a size is unavailable, why, and until when. It ignores zonal entries; In resolves them first.
// After the end of a block its smallest size becomes available as a probe, the others a little later.
func (u Offerings) Blocked(
	sku capacity.SKU, priority capacity.Priority, now time.Time,
) (reason string, until time.Time, ok bool) {
	b, until := u.blocking(sku, priority, now)
	return b.Reason, until, !until.IsZero()
}

// Code returns Azure's code of the refusal for which a size is unavailable, or "".
func (u Offerings) Code(sku capacity.SKU, priority capacity.Priority, now time.Time) string {
	b, _ := u.blocking(sku, priority, now)
	return b.Code
}

// blocking returns the entry that blocks a size for longest, and until when; the zero time for none.
func (u Offerings) blocking(
	sku capacity.SKU, priority capacity.Priority, now time.Time,
) (entry Entry, until time.Time) {
	for _, b := range u.Entries {
		if b.Constraint != "" || b.Zone != "" || !b.covers(sku, priority) {
			continue
		}
		end := b.Until
		if !b.smallest(sku) {
			end = b.forgotten()
		}
		if now.Before(end) && end.After(until) {
			entry, until = b, end
		}
	}
	return entry, until
}

// Chance estimates the probability, from 0 to 1, that a size is available now. A failure sets it to lowest. It recovers
// with time, in steps (see Changes): at the end of a block it is about three quarters.
func (u Offerings) Chance(sku capacity.SKU, priority capacity.Priority, now time.Time) float64 {
	// Over AKS as a whole, 27 % of the attempts by Karpenter's provider for Azure succeeded, and 58 % of those without a
	// lasting cause.
	const lowest, decayAtEnd = 0.27, 0.25
	p := 1.0
	for _, b := range u.Entries {
		if b.Constraint != "" || b.Zone != "" || !b.covers(sku, priority) || !b.Until.After(b.Since) {
			continue
		}
		passed := float64(b.steps(now)) / chanceSteps
		p = min(p, 1-(1-lowest)*math.Pow(decayAtEnd/(1-lowest), passed))
	}
	return p
}

// chanceSteps is the number of steps in which a chance recovers until the end of a block: one every nine seconds of
// blockQuota, and every minute of blockAllocation.
const chanceSteps = 64

// steps returns how many steps have passed since the failure; the block ends after chanceSteps.
func (b Entry) steps(now time.Time) int64 {
	return int64(max(now.Sub(b.Since), 0)) * chanceSteps / int64(b.Until.Sub(b.Since))
}

// Changes returns the next time at which any answer about these Offerings may change; zero once all have expired. A
// text about a block may change a day before its end: from then on it leaves the date out.
func (u Offerings) Changes(now time.Time) time.Time {
	var next time.Time
	for _, b := range u.Expired(now).Entries {
		times := []time.Time{b.Until, b.forgotten(), b.Until.Add(-day), b.forgotten().Add(-day)}
		if length := int64(b.Until.Sub(b.Since)); length > 0 {
			step := ((b.steps(now)+1)*length + chanceSteps - 1) / chanceSteps
			times = append(times, b.Since.Add(time.Duration(step)))
		}
		for _, at := range times {
			if at.After(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}

const day = 24 * time.Hour

// Dropped returns the constraints that pools of a size have to give up now.
func (u Offerings) Dropped(sku capacity.SKU, priority capacity.Priority, now time.Time) []Constraint {
	var out []Constraint
	for _, c := range constraints {
		if slices.ContainsFunc(
			u.Entries,
			func(b Entry) bool { return b.Constraint == c && b.covers(sku, priority) && now.Before(b.Until) },
		) {
			out = append(out, c)
		}
	}
	return out
}

// forgotten returns the time from which the entry has no effect.
func (b Entry) forgotten() time.Time {
	if b.Constraint != "" {
		return b.Until
	}
	return b.Until.Add(time.Duration(halfOpenPart * float64(b.Until.Sub(b.Since))))
}

// covers reports whether a size at a priority is in the scope of the entry.
func (b Entry) covers(sku capacity.SKU, p capacity.Priority) bool {
	switch {
	case b.Priority == capacity.Spot && p == capacity.OnDemand,
		b.Priority == capacity.OnDemand && p == capacity.Spot, sku.VCPUs < b.VCPUs:
		return false
	case b.Size != "":
		return strings.EqualFold(b.Size, sku.Name)
	}
	return b.Family == "" || strings.EqualFold(b.Family, sku.Family)
}

// smallest reports whether no size that the block covers has fewer vCPUs.
func (b Entry) smallest(sku capacity.SKU) bool {
	p := capacity.PriorityOf(b.Priority == capacity.Spot)
	for s := range capacity.Usable() {
		if s.VCPUs < sku.VCPUs && b.covers(s, p) {
			return false
		}
	}
	return true
}

// compareScope orders entries by their scopes. Offerings holds each scope once.
func compareScope(a, b Entry) int {
	return cmp.Or(
		strings.Compare(strings.ToLower(a.Family), strings.ToLower(b.Family)),
		strings.Compare(strings.ToLower(a.Size), strings.ToLower(b.Size)),
		cmp.Compare(a.VCPUs, b.VCPUs),
		strings.Compare(string(a.Priority), string(b.Priority)),
		strings.Compare(a.Zone, b.Zone),
		strings.Compare(string(a.Constraint), string(b.Constraint)),
	)
}
