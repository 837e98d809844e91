package capacity

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"
)

// Unavailable is what is known not to be had: learned from what Azure refused, and forgotten after a while. The zero value
// knows nothing. It is a value: every method that learns returns another.
type Unavailable struct {
	Blocks []Block // in the order of their scopes, each scope once
}

// Priority is the kind of price that a Block is about; empty is both.
type Priority string

// The priorities.
const (
	OnDemand Priority = "on-demand"
	Spot     Priority = "spot"
)

// Constraint is something that a pool asks for besides its size, and that can be given up.
type Constraint string

// The constraints, in the order in which they are given up.
const (
	PlacementGroup Constraint = "placementGroup"
	Zone           Constraint = "zone"
	EphemeralDisk  Constraint = "ephemeralDisk"
)

var constraints = []Constraint{PlacementGroup, Zone, EphemeralDisk}

// Block is one thing that cannot be had until a time. The scope is a Size, or the sizes of a Family, or with neither all
// sizes; of those with at least VCPUs vCPUs; at one Priority or both; in one Zone, or where no zone is asked for.
//
// A Block with a Constraint does not keep a size from being used: it says that the constraint has to be given up with it.
type Block struct {
	Family     string     `yaml:"family,omitempty" json:"family,omitempty"`
	Size       string     `yaml:"size,omitempty" json:"size,omitempty"`
	VCPUs      int        `yaml:"vcpus,omitempty" json:"vcpus,omitempty"`
	Priority   Priority   `yaml:"priority,omitempty" json:"priority,omitempty"`
	Zone       string     `yaml:"zone,omitempty" json:"zone,omitempty"`
	Constraint Constraint `yaml:"constraint,omitempty" json:"constraint,omitempty"`
	Code       string     `yaml:"code" json:"code"`
	Reason     string     `yaml:"reason" json:"reason"`
	Failures   int        `yaml:"failures" json:"failures"` // in a row
	Since      time.Time  `yaml:"since" json:"since"`       // the last failure
	Until      time.Time  `yaml:"until" json:"until"`
}

// Attempt is what was asked of Azure.
type Attempt struct {
	SKU         SKU
	Spot        bool
	Zones       []string
	Constraints []Constraint // that the pool had
}

// How long things stay blocked, after Karpenter's provider for Azure. A failure that follows right upon a block doubles it,
// up to maxBlock.
const (
	blockQuota       = 10 * time.Minute
	blockNoQuota     = time.Hour // the limit is 0, or spot has no quota left
	blockAllocation  = time.Hour
	blockSpotSize    = time.Hour
	blockUnavailable = 23 * time.Hour
	blockRegion      = time.Hour
	blockBroken      = time.Hour // the GPUs never appeared, or the operation never ended
	maxBlock         = 23 * time.Hour
	// jitterPart is how far, as a part of its length, the end of a block is put off, so that many syncers do not come back in step.
	jitterPart = 0.1
	// halfOpenPart is how long after its end a block still lets only the smallest of its sizes through, as a part of its length.
	halfOpenPart = 0.25
)

// UnavailableOf returns what recorded blocks say. Somebody may have edited them: their order and repetitions do not matter.
func UnavailableOf(blocks []Block) Unavailable {
	out := slices.SortedStableFunc(slices.Values(blocks), func(a, b Block) int { return cmp.Or(compareScope(a, b), b.Until.Compare(a.Until)) })
	return Unavailable{slices.CompactFunc(out, func(a, b Block) bool { return compareScope(a, b) == 0 })}
}

// Learn returns what is known after Azure answered an attempt with trouble. The seed decides about jitter.
func (u Unavailable) Learn(t *CloudError, a Attempt, now time.Time, seed string) Unavailable {
	if t.Class.Action() != ActBlock && t.Class.Action() != ActRelax {
		return u
	}
	for _, l := range lessons(t, a, u.Dropped(a.SKU, a.Spot, now)) {
		u = u.add(l, now, seed)
	}
	return u
}

// add puts in a block of the length that its Until tells, doubled for each failure that came right after the one before.
func (u Unavailable) add(l lesson, now time.Time, seed string) Unavailable {
	b := l.block
	b.Failures, b.Since = 1, now.UTC().Truncate(time.Second)
	length := l.length
	out := slices.Clone(u.Blocks)
	i, known := slices.BinarySearchFunc(out, b, compareScope)
	if known && now.Before(out[i].forgotten()) {
		b.Failures = out[i].Failures
		if !now.Before(out[i].Until) { // the probe failed
			b.Failures++
		}
		length = min(length<<min(b.Failures-1, 4), max(maxBlock, length))
	}
	b.Until = b.Since.Add(length + time.Duration(jitterPart*spread01(seed, b)*float64(length))).Truncate(time.Second)
	if known {
		if out[i].Until.After(b.Until) {
			return u // a longer block on the same scope says as much
		}
		out[i] = b
	} else {
		out = slices.Insert(out, i, b)
	}
	return Unavailable{out}
}

// spread01 returns a number from 0 to 1 that follows from the seed and the scope.
func spread01(seed string, b Block) float64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s|%s|%s|%d|%s|%s|%d", seed, b.Family, b.Size, b.VCPUs, b.Priority, b.Zone, b.Failures)
	return float64(h.Sum64()>>11) / (1 << 53)
}

// Expired returns what is still known at the time.
func (u Unavailable) Expired(now time.Time) Unavailable {
	if !slices.ContainsFunc(u.Blocks, func(b Block) bool { return !now.Before(b.forgotten()) }) {
		return u
	}
	return Unavailable{slices.DeleteFunc(slices.Clone(u.Blocks), func(b Block) bool { return !now.Before(b.forgotten()) })}
}

// Worked returns what is known after Azure gave what was asked for: nothing against it.
func (u Unavailable) Worked(sku SKU, spot bool) Unavailable {
	out := slices.DeleteFunc(slices.Clone(u.Blocks), func(b Block) bool { return b.Constraint == "" && b.Zone == "" && b.covers(sku, spot) })
	if len(out) == len(u.Blocks) {
		return u
	}
	return Unavailable{out}
}

// Blocked reports whether a size cannot be had without a zone, why, and until when. After the end of a block the smallest of
// its sizes is let through as a probe, the others a little later.
func (u Unavailable) Blocked(sku SKU, spot bool, now time.Time) (reason string, until time.Time, ok bool) {
	for _, b := range u.Blocks {
		if b.Constraint != "" || b.Zone != "" || !b.covers(sku, spot) {
			continue
		}
		end := b.Until
		if !b.smallest(sku) {
			end = b.forgotten()
		}
		if now.Before(end) && end.After(until) {
			reason, until, ok = b.Reason, end, true
		}
	}
	return reason, until, ok
}

// Chance estimates how likely it is, from 0 to 1, that a size can be had now. A failure takes it to lowest, and it comes back
// as time passes: at the end of a block it is at about three quarters.
func (u Unavailable) Chance(sku SKU, spot bool, now time.Time) float64 {
	// Of the attempts of Karpenter's provider for Azure over AKS as a whole, 27 % succeeded and 58 % of those with no lasting cause.
	const lowest, decayAtEnd = 0.27, 0.25
	p := 1.0
	for _, b := range u.Blocks {
		if b.Constraint != "" || b.Zone != "" || !b.covers(sku, spot) || !b.Until.After(b.Since) {
			continue
		}
		passed := float64(now.Sub(b.Since)) / float64(b.Until.Sub(b.Since))
		p = min(p, 1-(1-lowest)*math.Pow(decayAtEnd/(1-lowest), max(passed, 0)))
	}
	return p
}

// Dropped returns the constraints that have to be given up with a size.
func (u Unavailable) Dropped(sku SKU, spot bool, now time.Time) []Constraint {
	var out []Constraint
	for _, c := range constraints {
		if slices.ContainsFunc(u.Blocks, func(b Block) bool { return b.Constraint == c && b.covers(sku, spot) && now.Before(b.Until) }) {
			out = append(out, c)
		}
	}
	return out
}

// forgotten is when nothing is left of the block.
func (b Block) forgotten() time.Time {
	if b.Constraint != "" {
		return b.Until
	}
	return b.Until.Add(time.Duration(halfOpenPart * float64(b.Until.Sub(b.Since))))
}

func (b Block) covers(sku SKU, spot bool) bool {
	switch {
	case b.Priority == Spot && !spot, b.Priority == OnDemand && spot, sku.VCPUs < b.VCPUs:
		return false
	case b.Size != "":
		return strings.EqualFold(b.Size, sku.Name)
	}
	return b.Family == "" || strings.EqualFold(b.Family, sku.Family)
}

// smallest reports whether no size that the block covers has fewer vCPUs.
func (b Block) smallest(sku SKU) bool {
	spot := b.Priority == Spot
	return !slices.ContainsFunc(skus, func(s SKU) bool { return s.Unusable() == "" && s.VCPUs < sku.VCPUs && b.covers(s, spot) })
}

// compareScope orders blocks by what they are about. Two about the same differ in nothing else that matters.
func compareScope(a, b Block) int {
	return cmp.Or(
		strings.Compare(strings.ToLower(a.Family), strings.ToLower(b.Family)), strings.Compare(strings.ToLower(a.Size), strings.ToLower(b.Size)),
		cmp.Compare(a.VCPUs, b.VCPUs), strings.Compare(string(a.Priority), string(b.Priority)), strings.Compare(a.Zone, b.Zone),
		strings.Compare(string(a.Constraint), string(b.Constraint)),
	)
}
