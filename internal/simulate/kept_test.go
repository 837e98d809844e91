// SPDX-License-Identifier: Apache-2.0

package simulate_test

// kept is a seed that each run plays first, with what it has found. The trace of a seed changes with the simulation and
// with the calls of the loop: tests of the packages keep what was found from coming back.
type kept struct {
	seed uint64
	what string
}

var keptWhole = []kept{
	{5, "a Workspace whose deletion is held back stayed Ready without its pods"},
	{39, "an operation on the pool of a suspended Workspace was aborted"},
	{1092, "an InferenceSet that is only observed lost its further replicas"},
	{1034, "the reason for the size was a move that did not take place"},
	{13, "one more server than allowed restarts, if rollout.Decide lets it"},
	{9, "many Workspaces go at once, if package mass lets them"},
	{47, "a volume claim goes without its annotation, if package plan lets it"},
	{2, "a Workspace does not wait for what it depends on, if package depends lets it"},
}

// keptDivided have found nothing, and cover what a few seeds of a divided world may not meet.
var keptDivided = []kept{
	{22, "shards change hands, and servers restart in their turn"},
	{28, "a Workspace follows the one that it depends on"},
}
