// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"maps"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/depends"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/halt"
	"syncer.dev/syncer/internal/workspace"
)

// before is what the last plan against a cluster was made of, and came to. A plan follows from its inputs, so that
// equal inputs need no work: not for the plan as a whole, and not for the parts of it that a change does not reach.
type before struct {
	set      *workspace.Set
	seen     Observed
	desired  desired.Desired
	earlier  *desired.Earlier
	objects  objects
	previews []*cluster.Preview // of desired.Objects
	planned  plan.Plan          // with findings, and without reviews
	complete bool               // planned is set

	allowEmpty  bool
	allowDelete int
	held        map[workspace.Key]string
	halted      halt.Halted
	dependent   depends.Result
}

// desires reports whether the desired state is the same as before.
func (b *before) desires(set *workspace.Set, seen Observed) bool {
	return b != nil && b.set == set && b.seen.Observed.Same(seen.Observed)
}

// plans reports whether the plan is the same as before, given that the desired state is, and what is reported.
func (b *before) plans(
	rev Revision, seen Observed, previews []*cluster.Preview, held map[workspace.Key]string, halted halt.Halted,
) bool {
	if b.planned.Guard.Mass.Any() { // what commits allow to be deleted is asked again
		return false
	}
	return b.complete && b.planned.Holds(rev.Commit, seen.Now) && b.allowEmpty == rev.AllowEmpty &&
		b.allowDelete == rev.AllowDelete && b.halted.Same(halted) && b.seen.Stale == seen.Stale && b.seen.QuotaErr == nil &&
		seen.QuotaErr == nil && maps.Equal(b.held, held) && slices.EqualFunc(b.previews, previews, samePreview)
}

// samePreview reports whether two previews are equal. The content of objects counts by address: equal objects that are
// elsewhere only cost a new plan.
func samePreview(a, b *cluster.Preview) bool {
	return a == b || a.Before == b.Before && a.After == b.After && a.Replace == b.Replace && a.Ref == b.Ref &&
		sameError(a.Err, b.Err)
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b) && a.Error() == b.Error()
}

// again returns the plan for another commit with the same inputs. Callers may append to its lists, and set digests.
func (b *before) again(rev Revision) plan.Plan {
	p := b.planned
	p.Head = rev.Commit
	p.Findings, p.Warnings = slices.Clone(p.Findings), slices.Clone(p.Warnings)
	return p
}
