// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"maps"
	"reflect"
	"slices"
)

// Same reports whether two observed states give the same desired state. It is quick, and false where it would have to
// look at every object: for a State without a version, and while offerings are unavailable, which time alone changes.
// Reported counts by what follows from it: Adapters, Notes and Last.
func (o Observed) Same(p Observed) bool {
	return o.State.Version != 0 && o.State.Version == p.State.Version && len(o.State.Objects) == len(p.State.Objects) &&
		o.ObjectsWait == p.ObjectsWait && o.Live == p.Live && o.NodesKnown == p.NodesKnown &&
		o.Explain == p.Explain && o.Eventual == p.Eventual &&
		len(o.Unavailable.Entries) == 0 && len(p.Unavailable.Entries) == 0 &&
		reflect.DeepEqual(o.Pools, p.Pools) && reflect.DeepEqual(o.Quota, p.Quota) &&
		reflect.DeepEqual(o.Found, p.Found) &&
		maps.Equal(o.Unprovisionable, p.Unprovisionable) &&
		maps.Equal(o.WithoutGPUs, p.WithoutGPUs) &&
		maps.Equal(o.FirstSeen, p.FirstSeen) &&
		maps.Equal(o.Last, p.Last) &&
		maps.EqualFunc(o.Adapters, p.Adapters, maps.Equal) &&
		maps.EqualFunc(o.Notes, p.Notes, slices.Equal)
}

// Kept returns the observed state for a comparison later on: what callers may change meanwhile is a copy. The version
// of State says whether what it holds is the same.
func (o Observed) Kept() Observed {
	o.Pools, o.Last = slices.Clone(o.Pools), maps.Clone(o.Last)
	o.Unprovisionable, o.WithoutGPUs = maps.Clone(o.Unprovisionable), maps.Clone(o.WithoutGPUs)
	o.Quota.Families = maps.Clone(o.Quota.Families)
	return o
}
