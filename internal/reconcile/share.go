// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// begin takes over what this pass may write, and returns the end of the pass. A loop that has lost a shard starts from
// nothing: what it remembers may be what another process has changed since.
func (l *Loop) begin() (end func()) {
	if l.parts.Share == nil {
		return func() {}
	}
	share, end := l.parts.Share()
	switch {
	case share == l.share:
		return end
	case !share.Covers(l.share) && l.share != (shard.Share{}):
		*l = *New(l.settings, l.parts)
	}
	l.share, l.recorded, l.fix = share, nil, nil
	l.log.Info("writing", "part", share.String())
	return end
}

// others are the status files that other processes write, as this loop has read them last.
type others struct {
	restored shard.Share // whose reports this loop has taken over
	files    map[string][]byte
	reports  map[workspace.Key]status.Report
}

// read takes over the present files of the folder, and reports whether those of others have changed.
func (o *others) read(share shard.Share, files map[string][]byte, now time.Time) (changed bool) {
	if !share.Divided() {
		return false
	}
	fresh, news := map[string][]byte{}, map[string][]byte{}
	for name, data := range files {
		if share.Owns(name) {
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
	reports := make(map[workspace.Key]status.Report, len(fresh))
	for key, r := range o.reports {
		if data, exists := fresh[status.FileName(key)]; exists && data != nil && news[status.FileName(key)] == nil {
			reports[key] = r
		}
	}
	for _, r := range status.FromFiles(news, now) {
		reports[r.Key] = r
	}
	o.files, o.reports = fresh, reports
	return true
}

// addTo adds to what this loop has seen of Workspaces what those have recorded who write them. That one has served is
// believed from either side: the record may be late, and one that counts too much only delays a restart.
func (o *others) addTo(out map[workspace.Key]rollout.Reported) {
	for key, r := range o.reports {
		said, seen := reportedOf(&r), out[key]
		said.Served = said.Served || seen.Served
		if seen.Served {
			said.NotReadySince = seen.NotReadySince
		}
		out[key] = said
	}
}

// readOthers takes over what other processes have recorded.
func (l *Loop) readOthers(p *pass, files map[string][]byte) {
	if !l.others.read(l.share, files, p.now) {
		return
	}
	l.fix = nil
	if !l.share.Fleet() {
		l.pools.Restore(status.UnavailableFrom(files, p.now))
	}
}

// takenOver returns the reports to continue with: those of this loop, and of Workspaces that it has not written so far
// those that are recorded.
func (l *Loop) takenOver(recorded []status.Report) []status.Report {
	gained, all := l.share.Less(l.others.restored), l.reports == nil || !l.share.Divided()
	l.others.restored = l.share
	if all {
		return recorded
	}
	out := slices.Clone(l.reports)
	out = slices.DeleteFunc(out, func(r status.Report) bool { return gained.Has(r.Namespace) })
	for i := range recorded {
		if gained.Has(recorded[i].Namespace) {
			out = append(out, recorded[i])
		}
	}
	slices.SortFunc(out, func(a, b status.Report) int { return a.Key.Compare(b.Key) })
	return out
}

// firstSeen returns when each Workspace was first reported on. The record of its writer counts for all processes, so
// that they agree who comes first.
func (l *Loop) firstSeen() map[workspace.Key]time.Time {
	out := make(map[workspace.Key]time.Time, len(l.reports))
	for i := range l.reports {
		out[l.reports[i].Key] = l.reports[i].FirstSeen
	}
	for key, r := range l.others.reports {
		out[key] = r.FirstSeen
	}
	return out
}

// ownFiles are the files of a folder that a Share has.
func ownFiles(s shard.Share, files map[string][]byte) map[string][]byte {
	if !s.Divided() {
		return files
	}
	out := map[string][]byte{}
	for name, data := range files {
		if s.Owns(name) {
			out[name] = data
		}
	}
	return out
}

// ownReports are the reports that this loop records.
func (l *Loop) ownReports(all []status.Report) []status.Report {
	if !l.share.Divided() {
		return all
	}
	out := []status.Report{}
	for i := range all {
		if l.share.Has(all[i].Namespace) {
			out = append(out, all[i])
		}
	}
	return out
}

// withOthers adds what other processes have recorded, for the overview.
func (l *Loop) withOthers(own []status.Report) []status.Report {
	if !l.share.Fleet() || len(l.others.reports) == 0 {
		return own
	}
	out := slices.Concat(own, slices.Collect(maps.Values(l.others.reports)))
	slices.SortFunc(out, func(a, b status.Report) int { return a.Key.Compare(b.Key) })
	return out
}

// failedForOthers says what this loop could not do for Workspaces whose status another process writes.
func (l *Loop) failedForOthers(p *pass) []string {
	if !l.share.Divided() || !l.share.Fleet() {
		return nil
	}
	errs := map[workspace.Key]error{}
	for key, all := range p.objErrs {
		errs[key] = errors.Join(all...)
	}
	for key, err := range p.poolErrs {
		errs[key] = cmp.Or(errs[key], err)
	}
	var out []string
	for _, key := range slices.SortedFunc(maps.Keys(errs), workspace.Key.Compare) {
		if key.Namespace != "" && !l.share.Has(key.Namespace) && errs[key] != nil {
			out = append(out, "Workspace "+key.String()+": "+errs[key].Error())
		}
	}
	return out
}

// elsewhere are the Workspaces whose nodes wait because another process has to apply their objects first: it may be
// refused, and a refused object must not cost a GPU.
func (p *pass) elsewhere() map[workspace.Key]string {
	out := make(map[workspace.Key]string, len(p.part.Pending))
	for key := range p.part.Pending {
		out[key] = "the replica that writes namespace " + key.Namespace + " has not applied the objects of " + key.String() +
			" yet"
	}
	return out
}
