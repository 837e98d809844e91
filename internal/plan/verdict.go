// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Outcome is what a plan comes down to: exit codes, commit statuses and headlines follow from it.
type Outcome string

// The outcomes, in the form of JSON.
const (
	NoChanges Outcome = "no-changes" // nothing to carry out, and nothing to say
	Changed   Outcome = "changes"    // without anything that speaks against them
	Warned    Outcome = "warnings"   // something should be read first
	Blocked   Outcome = "blocked"    // something is refused, invalid, without a place, or held by a policy
)

// Verdict is a plan in one line.
type Verdict struct {
	// Line is the whole answer, such as "1 model replaced, serving interrupted, +2,679 USD/month, quota short by 24 vCPU:
	// blocked". It holds no text from files.
	Line    string
	Outcome Outcome
}

// Verdict says what the plan comes down to. It takes the Findings into account: set them first.
func (p *Plan) Verdict() Verdict {
	parts := p.refusedWords()
	parts = append(parts, p.modelWords()...)
	parts = append(parts, p.servingWords()...)
	parts = append(parts, p.costWords()...)
	parts = append(parts, p.quotaWords()...)
	v := Verdict{Outcome: Changed}
	switch {
	case p.Refused() > 0:
		v.Outcome = Blocked
	case p.warns():
		v.Outcome = Warned
	case p.Empty() && len(parts) == 0:
		v.Outcome = NoChanges
	}
	if len(parts) == 0 && v.Outcome != Blocked {
		parts = []string{"no changes"}
	}
	v.Line = strings.Join(parts, ", ")
	switch v.Outcome {
	case Blocked:
		v.Line = strings.TrimPrefix(v.Line+": "+string(Blocked), ": ")
	case Warned:
		v.Line += ": read the warnings"
	}
	return v
}

// modelWords counts the Workspaces by what happens to them, and the other objects if no Workspace changes.
func (p *Plan) modelWords() []string {
	n, waits := map[Op]int{}, 0
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		if w.Op == Hold && len(w.Blocked) == 0 && !w.Refused {
			waits++
		}
		n[w.Op]++
	}
	var out []string
	for _, op := range []Op{Create, Update, Replace, Delete} {
		if n[op] > 0 {
			out = append(out, some(n[op], "model")+" "+past[op])
		}
	}
	if waits > 0 {
		out = append(out, some(waits, "model")+" held")
	}
	if len(out) > 0 {
		return out
	}
	clear(n)
	for i := range p.Changes {
		if c := p.Changes[i]; !c.ofOne() {
			n[c.Op]++
		}
	}
	for _, op := range []Op{Create, Update, Replace, Delete} {
		if n[op] > 0 {
			out = append(out, some(n[op], "object")+" "+past[op])
		}
	}
	return out
}

var past = map[Op]string{Create: "created", Update: "updated", Replace: "replaced", Delete: "deleted"}

// refusedWords counts what does not become true by itself.
func (p *Plan) refusedWords() []string {
	invalid, unplaced, objects, files := 0, 0, 0, 0
	for i := range p.Workspaces {
		switch w := p.Workspaces[i]; {
		case len(w.Blocked) > 0:
			invalid++
		case w.Refused:
			unplaced++
		}
	}
	for i := range p.Changes {
		if p.Changes[i].Refused {
			objects++
		}
	}
	for i := range p.Problems {
		if d := &p.Problems[i]; d.Severity == diag.Error && d.Workspace == (workspace.Key{}) {
			files++
		}
	}
	var out []string
	for _, part := range []struct {
		n          int
		what, does string
	}{
		{invalid, "model", "invalid"},
		{unplaced, "model", "without a place"},
		{objects, "object", "refused"},
		{files, "error", "outside of models"},
	} {
		if part.n > 0 {
			out = append(out, strings.TrimSpace(some(part.n, part.what)+" "+part.does))
		}
	}
	return out
}

// servingWords says for how many models serving stops, for a while and for good.
func (p *Plan) servingWords() []string {
	interrupted, ends := 0, 0
	for i := range p.Findings {
		if p.Findings[i].Kind == Interrupted {
			interrupted++
		}
	}
	fewer := p.FewerReplicas()
	for i := range p.Workspaces {
		if w := p.Workspaces[i]; w.Op == Delete && w.Before.Serves && !fewer[w.Key] {
			ends++
		}
	}
	var out []string
	for _, part := range []struct {
		n    int
		does string
	}{{interrupted, "interrupted"}, {ends, "stops for good"}} {
		switch {
		case part.n == 1:
			out = append(out, "serving "+part.does)
		case part.n > 1:
			out = append(out, "serving of "+some(part.n, "model")+" "+part.does)
		}
	}
	return out
}

// ReasonFewerReplicas ends the text of the Finding about a replica that goes while others of its InferenceSet stay.
const ReasonFewerReplicas = "its InferenceSet has fewer replicas"

// FewerReplicas are the Workspaces that go while other replicas of their InferenceSet stay, by the Findings: the model
// is served all the same.
func (p *Plan) FewerReplicas() map[workspace.Key]bool {
	out := map[workspace.Key]bool{}
	for i := range p.Findings {
		if f := &p.Findings[i]; f.Kind == Deleted && strings.HasSuffix(f.Text, ReasonFewerReplicas) {
			out[f.Workspace] = true
		}
	}
	return out
}

// costWords is the difference of the cost of a month.
func (p *Plan) costWords() []string {
	before, after := p.Cost.Before, p.Cost.After
	switch {
	case before == after:
		return nil
	case !before.Known || !after.Known:
		return []string{"cost unknown"}
	}
	if text := SignedUSD(after.Monthly().USD - before.Monthly().USD); text != "0" {
		return []string{text + " USD/month"}
	}
	return nil
}

// quotaWords says by how much quota is short, or that it is unknown.
func (p *Plan) quotaWords() []string {
	var out []string
	if n := p.shortVCPUs(); n > 0 {
		out = append(out, "quota short by "+Thousands(n)+" vCPU")
	}
	for i := range p.Findings {
		if p.Findings[i].Kind == QuotaUnknown {
			return append(out, "quota unknown")
		}
	}
	return out
}

// shortVCPUs is by how many vCPUs known quotas are short: those of families together, or that of the region, which
// counts the same vCPUs.
func (p *Plan) shortVCPUs() int {
	families, region := 0, 0
	for _, q := range p.Quota {
		missing := q.Limit.Used + q.Needed - q.Limit.Max
		switch {
		case !q.Limit.Known || missing <= 0:
		case q.Family == capacity.QuotaRegional:
			region += missing
		default:
			families += missing
		}
	}
	if n := max(families, region); n > 0 {
		return n
	}
	return p.unplacedVCPUs()
}

// unplacedVCPUs is what the Workspaces that have no place for lack of quota miss, on the first size for which nothing
// else is missing.
func (p *Plan) unplacedVCPUs() int {
	sum := 0
	for i := range p.Workspaces {
		for _, v := range p.Workspaces[i].Sizes {
			if n := quotaAlone(v.Obstacles); p.Workspaces[i].Refused && n > 0 {
				sum += n
				break
			}
		}
	}
	return sum
}

// quotaAlone returns how many vCPUs are missing if nothing but quotas speaks against a size; 0 otherwise.
func quotaAlone(obstacles []capacity.Obstacle) int {
	n := 0
	for _, o := range obstacles {
		if o.Check != capacity.CheckQuota {
			return 0
		}
		n = max(n, int(o.Missing()))
	}
	return n
}

// warns reports whether something should be read before the change is carried out. Warnings about files that the plan
// changes nothing of do not count.
func (p *Plan) warns() bool {
	if len(p.Warnings) > 0 {
		return true
	}
	for i := range p.Findings {
		if p.Findings[i].Verdict == diag.Warn {
			return true
		}
	}
	changes := map[workspace.Key]bool{{}: !p.Empty()}
	for i := range p.Workspaces {
		if w := p.Workspaces[i]; w.Op != NoOp {
			changes[w.Key] = true
		}
	}
	for i := range p.Problems {
		if d := &p.Problems[i]; d.Severity == diag.Warning && changes[d.Workspace] {
			return true
		}
	}
	return false
}

// OldWarnings counts the warnings about files of Workspaces that stay as they are: the change is not their reason.
func (p *Plan) OldWarnings() int {
	same := map[workspace.Key]bool{}
	for i := range p.Workspaces {
		same[p.Workspaces[i].Key] = p.Workspaces[i].Op == NoOp
	}
	n := 0
	for i := range p.Problems {
		if d := &p.Problems[i]; d.Severity == diag.Warning && same[d.Workspace] {
			n++
		}
	}
	return n
}

// some is a number of things: "1 model", "2 models", "1,200 objects".
func some(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Thousands(n) + " " + thing
}

// Thousands is a number with a comma after each group of thousands.
func Thousands(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// SignedUSD is a difference in whole US dollars, "+2,679" or "-12", and "0" for less than half a dollar.
func SignedUSD(usd float64) string {
	whole := int(math.Round(usd))
	if whole > 0 {
		return "+" + Thousands(whole)
	}
	return Thousands(whole)
}
