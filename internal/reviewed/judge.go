// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Verdict says what happens to a plan that was not reviewed, or is worse (policy.review.verdict).
type Verdict string

// The verdicts. The zero value is Off.
const (
	Off     Verdict = "off"
	Warn    Verdict = "warn"    // it is carried out, and status says so
	Require Verdict = "require" // it is held
)

// Policy says how much a plan may differ from what was shown, and for how long that counts (policy.review).
type Policy struct {
	Verdict       Verdict
	CostTolerance float64       // percent
	MaxAge        time.Duration // of a record
}

// On reports whether plans are compared with reviews at all.
func (p Policy) On() bool { return p.Verdict == Warn || p.Verdict == Require }

// CarriedOut is what syncer has carried out for a Workspace: it needs no review again. The zero value is nothing.
type CarriedOut struct {
	Digest       string
	InstanceType string
	Region       string
	Spot         bool
	Nodes        int
	// Told means that only the status branch says so, where that is not enough: it then needs a review.
	Told bool
}

// Lookup returns what was carried out for a Workspace. near is a place where it may be, in the order of the keys.
type Lookup func(near int, k workspace.Key) CarriedOut

// Of returns what is carried out once a plan with these values is.
func Of(digest string, s Shown) CarriedOut {
	return CarriedOut{Digest: digest, InstanceType: s.InstanceType, Region: s.Region, Spot: s.Spot, Nodes: s.Nodes}
}

// Covers reports whether values ask for nothing that is not carried out already: the same inputs at the same place. The
// price is left out, because carrying out the same again is no reason for another one.
func (c CarriedOut) Covers(digest string, now Shown) bool {
	return !c.Told && c.Digest == digest && digest != "" && !now.Deletes && len(c.place().elsewhere(now)) == 0
}

func (c CarriedOut) place() Shown {
	return Shown{InstanceType: c.InstanceType, Region: c.Region, Spot: c.Spot, Nodes: c.Nodes}
}

// Merge returns c after next was carried out. While a Workspace pauses, or its job is over, it keeps its place: the
// same inputs may take it again.
func (c CarriedOut) Merge(next CarriedOut) CarriedOut {
	if c.Digest == next.Digest && (next.Nodes == 0 || next.InstanceType == c.InstanceType && next.Nodes < c.Nodes) {
		c.Told = false
		return c
	}
	return next
}

// Case is one Workspace of a plan.
type Case struct {
	Workspace  workspace.Key
	Digest     string // of the record that is looked for; "" if it could not be computed
	Now        Shown
	CarriedOut CarriedOut
}

// Judgement is the result for one Workspace.
type Judgement struct {
	// Reason is diag.AsReviewed, diag.NotReviewed or diag.WorseThanReviewed; "" for what is carried out already, which
	// needs no review.
	Reason diag.Reason
	// Text says by how much it is worse, or when it was shown. It has no full stop, and is not escaped.
	Text string
}

// OK reports whether the plan may be carried out.
func (j Judgement) OK() bool {
	return j.Reason != diag.NotReviewed && j.Reason != diag.WorseThanReviewed
}

// Judge compares the values of a Workspace with what was shown of it. It is pure. A price that became unknown is not
// within the tolerance.
func Judge(records Records, c Case, p Policy, now time.Time) Judgement {
	if c.CarriedOut.Covers(c.Digest, c.Now) {
		return Judgement{}
	}
	if records.Unread != "" {
		return Judgement{diag.NotReviewed, "the reviews cannot be read: " + records.Unread}
	}
	r, ok := records.Find(c.Workspace, c.Digest)
	if !ok {
		return Judgement{diag.NotReviewed, records.missing(c, now)}
	}
	if age := now.Sub(r.At); age > p.MaxAge {
		return Judgement{diag.NotReviewed, fmt.Sprintf("it was reviewed %s ago%s; reviews count for %s",
			span(age), in(r), span(p.MaxAge))}
	}
	if worse := r.Shown.worse(c.Now, p.CostTolerance); len(worse) > 0 {
		return Judgement{diag.WorseThanReviewed, "worse than reviewed: " + strings.Join(worse, "; ") + shownIn(r)}
	}
	return Judgement{diag.AsReviewed, "as reviewed" + in(r) + " at " + r.At.UTC().Format(time.RFC3339)}
}

// missing says that a state has no record, and whether another one has.
func (r Records) missing(c Case, now time.Time) string {
	newest, ok := r.Newest(c.Workspace)
	switch {
	case c.Now.Deletes && !ok:
		return "its deletion was never reviewed"
	case c.Now.Deletes:
		return fmt.Sprintf("its deletion was never reviewed; what was, %s ago%s, is another change",
			span(now.Sub(newest.At)), in(newest))
	case !ok:
		return "it was never reviewed"
	}
	return fmt.Sprintf("it was never reviewed as it is now; what was, %s ago%s, is another version of it",
		span(now.Sub(newest.At)), in(newest))
}

// in names the pull request of a record.
func in(r Record) string {
	if r.PullRequest == "" {
		return ""
	}
	return " in " + r.PullRequest
}

// shownIn names the pull request of a record at the end of a text: a commit status has no room for all of it.
func shownIn(r Record) string {
	if r.PullRequest == "" {
		return ""
	}
	return " (reviewed in " + r.PullRequest + ")"
}

// worse lists in what values are worse than those that were shown; tolerance is in percent.
func (s Shown) worse(now Shown, tolerance float64) []string {
	var out []string
	if now.Deletes && !s.Deletes {
		out = append(out, "it is deleted")
	}
	if now.Deletes {
		return out
	}
	if s.Deletes {
		return []string{"its deletion was reviewed"}
	}
	out = append(out, dearer(s.HourlyCost, now.HourlyCost, tolerance)...)
	out = append(out, s.elsewhere(now)...)
	if now.Replaces && !s.Replaces {
		out = append(out, "its workload or its nodes are replaced")
	}
	if now.Interrupts && !s.Interrupts {
		out = append(out, "serving is interrupted")
	}
	return out
}

// rounding keeps the sum of prices from being dearer than itself.
const rounding = 1e-9

// dearer compares prices. An unknown one is not within any tolerance, unless it was shown as unknown.
func dearer(shown, now capacity.Cost, tolerance float64) []string {
	switch {
	case !shown.Known && !now.Known:
		return nil
	case !now.Known:
		return []string{fmt.Sprintf("its price is unknown, and was %s USD/h", shown)}
	case !shown.Known:
		return []string{fmt.Sprintf("it costs %s USD/h, and its price was unknown", now)}
	case now.USD <= shown.USD*(1+tolerance/100)+rounding:
		return nil
	case shown.USD == 0:
		return []string{fmt.Sprintf("it costs %s USD/h, and cost nothing", now)}
	}
	return []string{fmt.Sprintf("it costs %s USD/h, and was %s: %.0f%% more, where policy.review.costTolerance is %g%%",
		now, shown, (now.USD/shown.USD-1)*100, tolerance)}
}

// elsewhere lists in what a place is not the one that was shown.
func (s Shown) elsewhere(now Shown) []string {
	var out []string
	paused := now.Nodes == 0 // it runs nowhere
	if !paused && now.InstanceType != s.InstanceType && !strings.EqualFold(now.InstanceType, s.InstanceType) {
		out = append(out, fmt.Sprintf("its size is %s, and was %s", orNone(now.InstanceType), orNone(s.InstanceType)))
	}
	if !paused && now.Region != s.Region {
		out = append(out, fmt.Sprintf("its region is %s, and was %s", orNone(now.Region), orNone(s.Region)))
	}
	if !paused && now.Spot != s.Spot {
		out = append(out, map[bool]string{
			true: "it runs on spot nodes, and was not to", false: "it does not run on spot nodes, and was to",
		}[now.Spot])
	}
	if now.Nodes > s.Nodes {
		out = append(out, fmt.Sprintf("it takes %d nodes, and took %d", now.Nodes, s.Nodes))
	}
	return out
}

func orNone(text string) string {
	if text == "" {
		return "not known"
	}
	return text
}

// span says a length of time as people do: in days, hours or minutes, rounded down.
func span(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := d / unit.length; n >= 1 {
			if n == 1 {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return "less than a minute"
}
