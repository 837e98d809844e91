// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Refuse returns which limit forbids more nodes at moreCost in addition to nodes at cost, or "". With a limit on the
// hourly cost, it refuses an unknown price.
func (l Limits) Refuse(nodes int, cost Cost, more int, moreCost Cost) string {
	sum := cost.Add(moreCost)
	switch {
	case l.Nodes > 0 && nodes+more > l.Nodes:
		return fmt.Sprintf("%s would make %d; capacity.limits.nodes is %d", moreNodes(more), nodes+more, l.Nodes)
	case l.HourlyCost > 0 && !sum.Known:
		return "the price is unknown, and capacity.limits.hourlyCost is set"
	case l.HourlyCost > 0 && sum.USD > l.HourlyCost:
		return fmt.Sprintf(
			"%.2f USD/h more would make %.2f; capacity.limits.hourlyCost is %.2f",
			moreCost.USD,
			sum.USD,
			l.HourlyCost,
		)
	}
	return ""
}

// RefuseShare returns why more nodes at moreCost, in addition to the nodes of a namespace at cost, exceed the share
// that the namespace has of the limits, or "".
func (l Limits) RefuseShare(namespace string, nodes int, cost Cost, more int, moreCost Cost) string {
	percent, bounded := l.Shares[namespace]
	if !bounded {
		return ""
	}
	sum := cost.Add(moreCost)
	of := fmt.Sprintf("namespace %s may use %d%% of", namespace, percent)
	switch {
	case l.Nodes > 0 && (nodes+more)*100 > l.Nodes*percent:
		return fmt.Sprintf("%s capacity.limits.nodes, which is %d (policy.priority.shares); %s would make %d",
			of, l.Nodes, moreNodes(more), nodes+more)
	case l.HourlyCost > 0 && sum.USD*100 > l.HourlyCost*float64(percent):
		return fmt.Sprintf("%s capacity.limits.hourlyCost, which is %.2f (policy.priority.shares); "+
			"%.2f USD/h more would make %.2f", of, l.HourlyCost, moreCost.USD, sum.USD)
	}
	return ""
}

func moreNodes(n int) string {
	if n == 1 {
		return "1 more node"
	}
	return fmt.Sprintf("%d more nodes", n)
}

// Allows reports whether AllowedSizes permits a size. An empty list permits all.
func (l Limits) Allows(size string) bool {
	if len(l.AllowedSizes) == 0 {
		return true
	}
	return slices.ContainsFunc(l.AllowedSizes, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(size))
		return ok && err == nil
	})
}

// Names reports whether AllowedSizes holds the full name of a size, rather than a pattern that matches it.
func (l Limits) Names(size string) bool {
	return slices.ContainsFunc(l.AllowedSizes, func(pattern string) bool { return strings.EqualFold(pattern, size) })
}

// Limits bound what syncer may create (capacity.limits in the configuration). Zero values set no limit.
type Limits struct {
	HourlyCost   float64  // US dollars per hour, for all pools together
	Nodes        int      // of all pools together
	AllowedSizes []string // path.Match patterns
	Zones        []string // availability zones of new pools; empty for no zones
	NoSpot       bool     // refuse Workspaces that request spot nodes
	// Shares is the largest part of each quota and limit that the Workspaces of a namespace may use together, in percent.
	// A namespace without a share is not bounded.
	Shares map[string]int
}
