// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/weblink"
	"syncer.dev/syncer/internal/workspace"
)

// Folder makes the files of one cluster's folder again and again, and keeps those of Reports that have not changed. The
// zero value has made none.
type Folder struct {
	kept map[workspace.Key]shown
}

// shown is a Report as the folder shows it.
type shown struct {
	report Report
	file   []byte
	row    string // of the overview
	state  State
	cost   float64 // US dollars an hour
	priced price
}

// Files returns the files of a cluster's folder, by path. The bytes follow from the values alone; those of a Report
// that is the same as the last time are the same slice.
func Files(s Summary) map[string][]byte { return new(Folder).Files(s) }

// Files is the function Files, which makes only those files again whose Reports have changed.
func (f *Folder) Files(s Summary) map[string][]byte {
	out := make(map[string][]byte, len(s.Reports)+3)
	kept := make(map[workspace.Key]shown, len(s.Reports))
	s.Warnings = slices.Clone(s.Warnings)
	o := overview{rows: make([]*shown, 0, len(s.Reports)), states: map[State]int{}}
	for i := range s.Reports {
		r := &s.Reports[i]
		is, known := f.kept[r.Key]
		switch {
		case known && is.report.Same(r):
		case !valid(r.Key):
			s.Warnings = append(s.Warnings, fmt.Sprintf("%q is no name of a Workspace, and has no status file", r.Key))
			continue
		default:
			is = show(*r, s.Links)
		}
		kept[r.Key] = is
		o.add(&is)
		out[FileName(r.Key)] = is.file
	}
	f.kept = kept
	s = s.clean()
	out[OverviewFile], out[CapacityFile] = readme(s, o), capacityYAML(s)
	maps.Copy(out, objectsFiles(s))
	return out
}

// show makes what the folder shows of a Report.
func show(r Report, links weblink.Links) shown {
	clean := r.clean()
	out := shown{report: r, file: encode(clean.fields()), row: row(clean, links), state: clean.State}
	out.cost, out.priced = priceOf(clean.HourlyCost)
	return out
}

// Same reports whether two Reports say the same.
func (r *Report) Same(o *Report) bool {
	return r.Key == o.Key && r.State == o.State && r.ObservedCommit == o.ObservedCommit && r.Inputs == o.Inputs &&
		r.DesiredCommit == o.DesiredCommit && r.DesiredInputs == o.DesiredInputs && r.CarriedOut == o.CarriedOut &&
		r.Source == o.Source && r.sameModel(o) && r.FirstSeen.Equal(o.FirstSeen) &&
		r.sameNodes(o) && slices.EqualFunc(r.Conditions, o.Conditions, Condition.same) && r.Endpoint == o.Endpoint &&
		slices.Equal(r.Objects, o.Objects)
}

func (r *Report) sameModel(o *Report) bool {
	return r.Model == o.Model && r.Revision == o.Revision && r.Runtime == o.Runtime
}

func (r *Report) sameNodes(o *Report) bool {
	return r.InstanceType == o.InstanceType && r.Why == o.Why && r.TargetNodeCount == o.TargetNodeCount &&
		slices.Equal(r.WorkerNodes, o.WorkerNodes) && slices.EqualFunc(r.Pools, o.Pools, Pool.same) &&
		r.HourlyCost == o.HourlyCost && r.MonthlyCost == o.MonthlyCost && r.PricesDate == o.PricesDate
}

func (c Condition) same(o Condition) bool {
	at := c.LastTransitionTime.Equal(o.LastTransitionTime)
	c.LastTransitionTime = o.LastTransitionTime
	return at && c == o
}

func (p Pool) same(o Pool) bool {
	at := p.Since.Equal(o.Since)
	p.Since = o.Since
	return at && p == o
}
