// SPDX-License-Identifier: Apache-2.0

// Package reconcile is the loop: it makes the cluster and the agent pools equal to the desired state in Git, and
// records reports in Git.
//
// One goroutine owns all state. An event (a push, a pod that becomes ready, a timer) only makes the next pass due; a
// pass is a list of small steps that recomputes everything from Git, Azure and the cluster, so that the process may end
// at any moment. A step that fails reports its error, and the pass skips only the steps that need its result.
//
// # Passes that change nothing
//
// A pass is a function of its inputs and of the time. Its inputs are the content of the revision, the live State, the
// list of pools with what the executor concludes from it, the quota, the records of reviews, the objects that
// Workspaces refer to, and the reports of the pass before. A pass that wrote nothing and left its inputs as they were
// is a fixpoint: another one with equal inputs does the same, which is nothing. So the loop remembers what such a pass
// has seen, and the next pass compares a few versions and ends (still.go). What depends on the time alone is covered
// so:
//
//   - Deadlines of operations, of GPUs and of spot machines: the executor looks at the list of pools in every pass,
//     also in a short one. A pool that is overdue ends the fixpoint.
//   - The chance that Azure has an offering grows with the time, in steps, and a block of an offering ends: the
//     executor says when the next of these is (Executor.Changes). While a pool is busy nothing else changes with the
//     time but its deadline. With a list of pools that is older than an operation of ours there is no fixpoint, nor
//     with a change that waits for the end of a back-off, for a place or for quota.
//   - The quota is asked for in every pass, and compared; the executor asks Azure as often as it does anyhow.
//   - Progress that waits to be recorded ends the fixpoint when the time has come, a failed push at once.
//   - Retries: a pass in which a step failed, or in which the API server refused an object, is no fixpoint. Nor is one
//     that asks neither Git nor Azure after one that could not read them: it deletes nothing, and the next one may.
//   - What commits allow to be deleted is in no input: while many deletions wait, each commit ends the fixpoint.
//   - References: an answer ends after a while (Parts.Due). Then they are asked for again, and compared.
//   - Contested fields that are set back from time to time: Parts.Due says when.
//   - Reviews age, and texts say by how much: with a Workspace that was judged there is no fixpoint.
//   - A restart that lasts too long stops the roll-out: the plan says until when it holds (plan.Plan.Holds). What waits
//     for a Workspace that becomes ready, or for a tuning that ends, follows from the live State and the reports.
//   - The status branch is read again after Settings.Resync, and a difference ends the fixpoint.
//   - Times in reports change only with what they report: conditions keep their last transition.
//
// Last, a pass computes everything after Settings.Resync, also if nothing differs. A test plays random sequences with
// and without short passes, and compares all that they write and say.
package reconcile
