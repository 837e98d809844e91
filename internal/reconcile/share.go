// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"errors"
	"maps"
	"slices"

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
	l.share, l.fix = share, nil
	l.others.Share = share
	l.follows.FirstSeen, l.follows.Reported = nil, nil
	l.folder.Forget()
	if l.folder.Owns = nil; share.Divided() {
		l.folder.Owns = share.Owns
	}
	l.log.Info("writing", "part", share.String())
	return end
}

// readOthers takes over what other processes have recorded.
func (l *Loop) readOthers(p *pass, files map[string][]byte) {
	if !l.others.Read(files, p.now) {
		return
	}
	l.fix = nil
	if !l.share.Fleet() {
		l.pools.Restore(status.UnavailableFrom(files[status.CapacityFile], p.now))
	}
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
