// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
)

// runs reports whether the Workspace has nodes on both sides.
func (s *subject) runs() bool { return s.Before.Nodes > 0 && s.After.Nodes > 0 }

// size says that the nodes are of another size, or in another region.
func size(r *review, s *subject) {
	if s.runs() && changed(s.Before.InstanceType, s.After.InstanceType) {
		r.tell(s, plan.SizeChanged, diag.Off, "size "+s.Before.InstanceType+" -> "+s.After.InstanceType, "")
	}
	if s.runs() && changed(s.Before.Region, s.After.Region) {
		r.tell(s, plan.SizeChanged, diag.Warn, "region "+s.Before.Region+" -> "+s.After.Region, "")
	}
}

// gpus says that the Workspace takes more or fewer GPUs.
func gpus(r *review, s *subject) {
	if s.runs() && s.Before.GPUs != s.After.GPUs {
		r.tell(s, plan.GPUsChanged, diag.Off, fmt.Sprintf("GPUs %d -> %d", s.Before.GPUs, s.After.GPUs), "")
	}
}

// parallelism says that the model is split in another way.
func parallelism(r *review, s *subject) {
	for _, p := range []struct {
		name    string
		was, is int
	}{
		{"tensor parallel", s.Before.TensorParallel, s.After.TensorParallel},
		{"pipeline parallel", s.Before.PipelineParallel, s.After.PipelineParallel},
		{"data parallel", copies(&s.Before), copies(&s.After)},
	} {
		if p.was > 0 && p.is > 0 && p.was != p.is {
			r.tell(s, plan.ParallelismChanged, diag.Off, fmt.Sprintf("%s %d -> %d", p.name, p.was, p.is), "")
		}
	}
}

// copies returns how many copies of the model run on a node; 0 if that is unknown.
func copies(v *plan.Values) int {
	if v.TensorParallel == 0 {
		return 0
	}
	return max(v.DataParallel, 1)
}

// spot says that Azure may take the nodes away.
func spot(r *review, s *subject) {
	switch {
	case s.After.Spot && s.After.Nodes > 0 && !s.Before.Spot:
		r.tell(s, plan.SpotNodes, diag.Warn, "it runs on spot nodes, which Azure takes back at any time", "")
	case s.Before.Spot && s.runs() && !s.After.Spot:
		r.tell(s, plan.SpotNodes, diag.Off, "it no longer runs on spot nodes", "")
	}
}

// retired says that the file names a size that Azure no longer offers.
func retired(r *review, s *subject) {
	for _, d := range r.problems(s, diag.SizeSubstituted, diag.SizeRetired) {
		r.tell(s, plan.SizeRetired, verdictOf(d), d.Message, d.Hint)
		return
	}
}

// scarce says that Azure has refused the size lately.
func scarce(r *review, s *subject) {
	if !s.stays || s.After.Nodes <= s.Before.Nodes && s.After.InstanceType == s.Before.InstanceType {
		return
	}
	if s.desired.NodeFailure.Reason == string(diag.OutOfCapacity) {
		r.tell(s, plan.SizeScarce, diag.Fail, s.desired.NodeFailure.Message, "")
		return
	}
	sku, ok := capacity.LookupSKU(s.After.InstanceType)
	if !ok {
		return
	}
	reason, until, blocked := r.Unavailable.Blocked(sku, capacity.PriorityOf(s.After.Spot), r.Now)
	if !blocked {
		return
	}
	if !until.IsZero() {
		reason += "; syncer asks again after " + until.UTC().Format("15:04 MST on 2 January")
	}
	r.tell(s, plan.SizeScarce, diag.Warn, reason, "allow other sizes")
}

// limits says that the Workspace has no place within the limits or the quota.
func limits(r *review, s *subject) {
	if s.desired == nil || !s.Refused {
		return
	}
	no, ok := s.desired.Obstacle()
	if !ok {
		return
	}
	switch no.Reason {
	case diag.LimitReached:
		r.tell(s, plan.LimitExceeded, diag.Fail, no.Message, no.Hint)
	case diag.QuotaExceeded:
		r.tell(s, plan.QuotaShort, diag.Fail, no.Message, no.Hint)
	}
}

// waits says who goes before a Workspace without a place, and who gives up nodes for another.
func waits(r *review, s *subject) {
	if len(s.WaitsFor) > 0 {
		var names []string
		for _, a := range s.WaitsFor {
			names = append(names, fmt.Sprintf("%s (%s)", a.Workspace, a.Why))
		}
		r.tell(s, plan.WaitsForOther, diag.Warn, "it waits behind "+strings.Join(names, ", "), "")
	}
	for _, k := range s.Interrupts {
		r.tell(s, plan.WaitsForOther, diag.Warn, fmt.Sprintf("%s gives up its nodes for it, of lower priority", k), "")
	}
}
