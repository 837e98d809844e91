// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/status/holding"
)

// Folder makes the files of one cluster's folder again and again: only those of Reports that have changed. It knows by
// digests what the folder holds, so that it keeps no files but those that are to be written. The zero value has made
// none, and knows nothing.
type Folder struct {
	holding.Holding

	shown    []shown           // of the Reports, in their order
	rest     map[string][]byte // the files that are of no Workspace
	capacity []byte            // CapacityFile as the folder holds it, which is read back
	buffer   []byte            // for a file that is likely to be held already
}

// shown is a Report as the folder shows it.
type shown struct {
	report *Report
	digest holding.Digest // of its file
	row    string         // of the overview; "" until that lists it
	cost   float64        // US dollars an hour
	state  State
	priced price
	bad    bool // its key is no name of a Workspace
}

// Files returns the files of a cluster's folder, by path. The bytes follow from the values alone.
func Files(s Summary) map[string][]byte {
	f := new(Folder)
	f.Update(s)
	return f.Differ()
}

// Forget makes the Folder not know what it holds.
func (f *Folder) Forget() {
	f.Holding.Forget()
	f.capacity = nil
}

// Capacity returns capacity.yaml as the folder holds it.
func (f *Folder) Capacity() []byte { return f.capacity }

// Holds takes over what the folder holds.
func (f *Folder) Holds(files map[string][]byte) {
	f.Begin(files)
	if f.capacity = nil; f.Mine(CapacityFile) {
		f.capacity = bytes.Clone(files[CapacityFile])
	}
	wanted := make(map[string]bool, len(f.shown)+len(f.rest))
	for i := range f.shown {
		if is := &f.shown[i]; !is.bad {
			name := FileName(is.report.Key)
			if wanted[name] = true; !f.Has(name, is.digest) {
				f.Wants(name, is.report.YAML())
			}
		}
	}
	for name, data := range f.rest {
		wanted[name] = true
		f.Wants(name, data)
	}
	f.Only(wanted)
}

// All makes all files that the folder is to hold.
func (f *Folder) All() map[string][]byte {
	out := make(map[string][]byte, len(f.shown)+len(f.rest))
	for i := range f.shown {
		if is := &f.shown[i]; !is.bad {
			if name := FileName(is.report.Key); f.Mine(name) {
				out[name] = is.report.YAML()
			}
		}
	}
	for name, data := range f.rest {
		if f.Mine(name) {
			out[name] = data
		}
	}
	return out
}

// Recorded says that the folder holds now what it is to hold.
func (f *Folder) Recorded() {
	if data, changed := f.Differ()[CapacityFile]; changed {
		f.capacity = bytes.Clone(data)
	}
	f.Holding.Recorded()
}

// Update takes over what the folder is to hold. Reports never change: a Report that is the same pointer as the last
// time costs nothing.
func (f *Folder) Update(s Summary) {
	f.arrange(s.Reports)
	s.Warnings = slices.Clone(s.Warnings)
	o := overview{shown: f.shown, links: s.Links}
	for i, r := range s.Reports {
		is := &f.shown[i]
		if is.report != r {
			f.show(is, r)
		}
		if is.bad {
			s.Warnings = append(s.Warnings, fmt.Sprintf("%q is no name of a Workspace, and has no status file", r.Key))
			continue
		}
		o.add(is)
	}
	s = s.clean()
	rest := objectsFiles(s)
	rest[OverviewFile], rest[CapacityFile] = readme(s, &o), capacityYAML(s)
	for name := range f.rest {
		if _, stays := rest[name]; !stays {
			f.Drops(name)
		}
	}
	for name, data := range rest {
		if !bytes.Equal(f.rest[name], data) {
			f.Wants(name, data)
		}
	}
	f.rest = rest
}

// arrange gives each Report its place. Those of the same Workspaces have it already.
func (f *Folder) arrange(reports []*Report) {
	same := len(reports) == len(f.shown)
	for i := 0; same && i < len(reports); i++ {
		same = f.shown[i].report == reports[i] || f.shown[i].report.Key == reports[i].Key
	}
	if same {
		return
	}
	was := f.shown
	f.shown = make([]shown, len(reports))
	for i, r := range reports {
		for len(was) > 0 && was[0].report.Key.Compare(r.Key) < 0 {
			f.gone(&was[0])
			was = was[1:]
		}
		if len(was) > 0 && was[0].report.Key == r.Key {
			f.shown[i], was = was[0], was[1:]
		}
	}
	for i := range was {
		f.gone(&was[i])
	}
}

func (f *Folder) gone(s *shown) {
	if !s.bad {
		f.Drops(FileName(s.report.Key))
	}
}

// show makes what the folder shows of a Report, unless it says the same as the one before.
func (f *Folder) show(is *shown, r *Report) {
	switch {
	case is.report != nil && is.report.Same(r):
		is.report = r
		return
	case !valid(r.Key):
		*is = shown{report: r, bad: true}
		return
	}
	clean := r.clean()
	f.buffer = new(clean.fields()).Append(f.buffer[:0])
	*is = shown{report: r, digest: holding.DigestOf(f.buffer), state: clean.State}
	is.cost, is.priced = priceOf(clean.HourlyCost)
	if name := FileName(r.Key); f.Mine(name) && !f.Keeps(name, is.digest) {
		f.Wants(name, bytes.Clone(f.buffer))
	}
}

// Same reports whether two Reports say the same.
func (r *Report) Same(o *Report) bool {
	return r == o || r.Key == o.Key && r.State == o.State &&
		r.ObservedCommit == o.ObservedCommit && r.Inputs == o.Inputs &&
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
