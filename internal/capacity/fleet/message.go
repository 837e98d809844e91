// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// The reasons of bindings and unplaced Workspaces, as users read them in plans and on the status branch.
const (
	reasonCheapest = "it is the cheapest place within quota and limits"
	reasonMisfit   = "where it runs does not fit any more; "
)

func moves(pool, size, reason string) string {
	return fmt.Sprintf("moves to pool %s (%s) once it is ready: %s", pool, size, reason)
}

func saves(microUSD int64, size string, horizon time.Duration) string {
	return fmt.Sprintf("saves %.2f USD/h against %s, which pays for the move within %s",
		float64(microUSD)/1e6, size, horizon)
}

func outOfCapacity(size, reason string, until, now time.Time) string {
	if until.IsZero() {
		return reason
	}
	layout := "15:04"
	if until.Sub(now) > 24*time.Hour {
		layout = "2006-01-02 15:04"
	}
	text := fmt.Sprintf("%s is unavailable until %s UTC", size, until.UTC().Format(layout))
	if reason != "" {
		text += ": " + reason
	}
	return text
}

func tooManyNodes(pool string, nodes int) Unplaced {
	return Unplaced{
		Reason: diag.TooManyNodes,
		Message: fmt.Sprintf("pool %s would have %d nodes, and AKS allows no more than %d; use fewer replicas",
			pool, nodes, capacity.MaxNodesPerPool),
	}
}

func tooManyPools(n int) Unplaced {
	return Unplaced{
		Reason: diag.TooManyPools,
		Message: fmt.Sprintf("AKS allows a cluster %d pools: %d exist and other Workspaces need the rest; "+
			"delete a pool, or remove resource.instanceType to share pools", capacity.MaxPools, n),
	}
}

func otherSizes(names []string) string {
	return fmt.Sprintf("; the other sizes that fit are not available either (%s)", strings.Join(names, ", "))
}

// holdsNodes says of a Workspace of no higher standing why another one waits for it.
const holdsNodes = "it has its nodes already, and policy.preemption leaves them to it"

func waitsBehind(ahead []capacity.Ahead, more int) string {
	if len(ahead) == 0 {
		return ""
	}
	var names []string
	for _, a := range ahead {
		names = append(names, fmt.Sprintf("%s (%s)", a.Workspace, a.Why))
	}
	if more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return "; it waits behind " + strings.Join(names, ", ")
}

func givesWay(to *assignment) string {
	return fmt.Sprintf("gives way to %s (priority %s): no nodes until there is room again",
		to.workload.Workspace, to.standing.Priority)
}

// yielding is the reason of a Workspace that gives way, until it is known to whom.
const yielding = "gives way"

func takesFrom(s *assignment) string {
	var names []string
	for _, k := range s.takes {
		names = append(names, k.String())
	}
	return fmt.Sprintf("it replaces %s, of lower priority than %s (policy.preemption: allow)",
		strings.Join(names, ", "), s.standing.Priority)
}
