// SPDX-License-Identifier: Apache-2.0

// Package shared keeps apart the status files that several processes write on one branch: those of this one, and what
// the others have recorded.
package shared

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Others is what other processes have recorded, as this one has read it last. The zero value is that of a process that
// writes everything.
type Others struct {
	Share shard.Share // of this process

	taken   shard.Share // whose reports this process has taken over
	files   map[string][]byte
	reports map[workspace.Key]*status.Report
}

// Read takes over the present files of the folder, and reports whether those of others have changed.
func (o *Others) Read(files map[string][]byte, now time.Time) (changed bool) {
	if !o.Share.Divided() {
		return false
	}
	fresh, news := map[string][]byte{}, map[string][]byte{}
	for name, data := range files {
		if o.Share.Owns(name) {
			continue
		}
		fresh[name] = data
		if was, exists := o.files[name]; !exists || !bytes.Equal(was, data) {
			news[name] = data
		}
	}
	if len(news) == 0 && len(fresh) == len(o.files) {
		return false
	}
	reports := make(map[workspace.Key]*status.Report, len(fresh))
	for key, r := range o.reports {
		name := status.FileName(key)
		_, stays := fresh[name]
		if _, changes := news[name]; stays && !changes {
			reports[key] = r
		}
	}
	for _, r := range status.FromFiles(news, now) {
		reports[r.Key] = r
	}
	o.files, o.reports = fresh, reports
	return true
}

// Reports are those of others, by Workspace.
func (o *Others) Reports() map[workspace.Key]*status.Report { return o.reports }

// AddTo adds to what this process has seen of Workspaces what those have recorded who write them. That one has served
// is believed from either side: the record may be late, and one that counts too much only delays a restart.
func (o *Others) AddTo(out map[workspace.Key]rollout.Reported) {
	for key, r := range o.reports {
		seen := out[key]
		said := Reported(r)
		said.Served = said.Served || seen.Served
		if seen.Served {
			said.NotReadySince = seen.NotReadySince
		}
		out[key] = said
	}
}

// TakeOver returns the reports to continue with: those of this process, and of Workspaces that it has not written so
// far those that are recorded.
func (o *Others) TakeOver(reports, recorded []*status.Report) []*status.Report {
	gained, all := o.Share.Less(o.taken), reports == nil || !o.Share.Divided()
	o.taken = o.Share
	if all {
		return recorded
	}
	out := slices.DeleteFunc(slices.Clone(reports), func(r *status.Report) bool { return gained.Has(r.Namespace) })
	for i := range recorded {
		if gained.Has(recorded[i].Namespace) {
			out = append(out, recorded[i])
		}
	}
	return sorted(out)
}

// FirstSeen returns when each Workspace was first reported on. The record of its writer counts for all processes, so
// that they agree who comes first.
func (o *Others) FirstSeen(reports []*status.Report) map[workspace.Key]time.Time {
	out := make(map[workspace.Key]time.Time, len(reports))
	for i := range reports {
		out[reports[i].Key] = reports[i].FirstSeen
	}
	for key := range o.reports {
		out[key] = o.reports[key].FirstSeen
	}
	return out
}

// Own are the reports that this process records.
func (o *Others) Own(all []*status.Report) []*status.Report {
	if !o.Share.Divided() {
		return all
	}
	out := []*status.Report{}
	for i := range all {
		if o.Share.Has(all[i].Namespace) {
			out = append(out, all[i])
		}
	}
	return out
}

// With adds to the reports of this process what others have recorded, for the overview of the fleet.
func (o *Others) With(own []*status.Report) []*status.Report {
	if !o.Share.Fleet() || len(o.reports) == 0 {
		return own
	}
	return sorted(slices.Concat(own, slices.Collect(maps.Values(o.reports))))
}

func sorted(reports []*status.Report) []*status.Report {
	slices.SortFunc(reports, func(a, b *status.Report) int { return a.Key.Compare(b.Key) })
	return reports
}

// Reported reads from a report what a plan depends on.
func Reported(r *status.Report) rollout.Reported {
	is := rollout.Reported{
		Served:     r.State == status.Ready || r.State == status.NotReady,
		Commit:     cmp.Or(r.DesiredCommit, r.ObservedCommit),
		Inputs:     cmp.Or(r.DesiredInputs, r.Inputs),
		CarriedOut: r.ObservedCommit,
	}
	for _, c := range r.Conditions {
		switch {
		case c.Type == status.Applied:
			is.TooMany = c.Status == "False" && c.Reason == string(diag.MassDeletion)
		case c.Type != status.InferenceReady:
		case c.Status == "True":
			is.Served = true
		case is.Served:
			is.NotReadySince = c.LastTransitionTime
		}
	}
	is.Output, is.OutputOf = r.Pushed()
	return is
}
