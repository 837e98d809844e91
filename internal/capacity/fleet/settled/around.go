// SPDX-License-Identifier: Apache-2.0

package settled

import (
	"reflect"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/question"
)

// Around is what decides, beside a Workload and the nodes, whether it stays where it runs and where it might move.
// While two are the same, so are the numbers of the classes.
type Around struct {
	cluster, region string
	pools           []capacity.LivePool
	classes         []nodeclass.Class
	blocked         []bool // by class
}

// AroundOf returns that of a question with these classes; blocked says of which classes there are no new nodes.
func AroundOf(in *question.Input, classes []nodeclass.Class, blocked func(c *nodeclass.Class) bool) Around {
	a := Around{cluster: in.Cluster, region: in.Region, pools: slices.Clone(in.Pools), classes: slices.Clone(classes)}
	for i := range a.pools { // how many nodes they have, and what becomes of these, moves nothing
		p := &a.pools[i]
		p.Count, p.ETag, p.ErrorCode, p.Error, p.Changed = 0, "", "", "", time.Time{}
		if p.State != capacity.Deleting {
			p.State = capacity.Succeeded
		}
	}
	for i := range classes {
		a.blocked = append(a.blocked, blocked(&classes[i]))
	}
	return a
}

// Same reports whether two are equal.
func (a *Around) Same(b *Around) bool {
	return a.cluster == b.cluster && a.region == b.region && slices.Equal(a.blocked, b.blocked) &&
		reflect.DeepEqual(a.pools, b.pools) && reflect.DeepEqual(a.classes, b.classes)
}
