// SPDX-License-Identifier: Apache-2.0

package words

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

const (
	// Cheapest is the reason of a place that the search has found.
	Cheapest = "it is the cheapest place within quota and limits"
	// Misfit goes before the reason of a place for a Workspace that runs on another one.
	Misfit = "where it runs does not fit any more; "
	// HoldsNodes says of a Workspace of no higher standing why another one waits for it.
	HoldsNodes = "it has its nodes already, and policy.preemption leaves them to it"
	// Yielding is the reason of a Workspace that gives way, until it is known to whom.
	Yielding = "gives way"
)

// Moves is the reason of a Workspace that moves to a pool of a size, with the reason for that place.
func Moves(pool, size, reason string) string {
	return fmt.Sprintf("moves to pool %s (%s) once it is ready: %s", pool, size, reason)
}

// Saves is the reason of a move that saves millionths of a US dollar per hour against a size.
func Saves(microUSD int64, size string, horizon time.Duration) string {
	return fmt.Sprintf("saves %.2f USD/h against %s, which pays for the move within %s",
		float64(microUSD)/1e6, size, horizon)
}

// OutOfCapacity says why a size is unavailable. The zero until means that only a user can change that.
func OutOfCapacity(size, reason string, until, now time.Time) string {
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

// TooManyNodes refuses a pool more nodes than AKS allows.
func TooManyNodes(pool string, nodes int) capacity.Obstacle {
	return poolObstacle(diag.TooManyNodes,
		fmt.Sprintf("pool %s would have %d nodes, and AKS allows no more than %d; use fewer replicas",
			pool, nodes, capacity.MaxNodesPerPool),
		nodes, capacity.MaxNodesPerPool, "nodes")
}

// TooManyPools refuses a new pool where n exist.
func TooManyPools(n int) capacity.Obstacle {
	return poolObstacle(diag.TooManyPools,
		fmt.Sprintf("AKS allows a cluster %d pools: %d exist and other Workspaces need the rest; "+
			"delete a pool, or remove resource.instanceType to share pools", capacity.MaxPools, n),
		1, 0, "pools")
}

func poolObstacle(reason diag.Reason, message string, need, have int, unit string) capacity.Obstacle {
	return capacity.Obstacle{
		Check:   capacity.CheckPools,
		Reason:  reason,
		Message: message,
		Name:    "pools of AKS",
		Need:    float64(need),
		Have:    float64(have),
		Unit:    unit,
	}
}

// OtherSizes goes behind the obstacle of the nearest size. It names others that do not fit either.
func OtherSizes(names []string) string {
	return fmt.Sprintf("; the other sizes that fit are not available either (%s)", strings.Join(names, ", "))
}

// WaitsBehind goes behind an obstacle. It names who goes before, and how many more do.
func WaitsBehind(ahead []capacity.Ahead, more int) string {
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

// GivesWay is the reason of a Workspace that gives up its nodes to another one of a higher priority.
func GivesWay(to workspace.Key, priority workspace.Priority) string {
	return fmt.Sprintf("gives way to %s (priority %s): no nodes until there is room again", to, priority)
}

// TakesFrom is the reason of a Workspace of a priority that gets the nodes of others.
func TakesFrom(others []workspace.Key, priority workspace.Priority) string {
	var names []string
	for _, k := range others {
		names = append(names, k.String())
	}
	return fmt.Sprintf("it replaces %s, of lower priority than %s (policy.preemption: allow)",
		strings.Join(names, ", "), priority)
}
