// SPDX-License-Identifier: Apache-2.0

// Package simulate runs the loop against a world that fails: Git, the API server with its watches, and Azure, as
// stateful models in virtual time, under a scheduler that admits one side effect at a time.
//
// Everything follows from a seed. Each process of syncer is a goroutine that waits at a gate before each call of a
// port of internal/reconcile, and Apply and Prune before each object too. The scheduler admits one waiting call, plays
// one event of the world, or lets time go by; nothing else runs meanwhile. So a seed has one trace:
//
//	apply StatefulSet/m1   A    the answer is lost
//	tick                   -    17s
//	ensure create wm1      B    killed after
//
// A call may fail before its effect, after it (the answer is lost), or end its process, before or after. Watches lag,
// each kind by itself, and go back to an older list. Two processes may run at once, with clocks that differ by hours.
// People push, break, remove and force-push files, and change by hand what syncer applied. Azure refuses, fails late,
// never ends, takes machines, and has pools deleted by others. Documents of kind Suspend, observed files, plain
// objects, dependencies, commits that restart all servers or remove most files, and trailers come and go.
//
// # What must hold
//
// Each request is judged by what its process has seen, which is all that it can know:
//
//   - Nothing foreign is written: no object or pool of another owner, none that the server refuses.
//   - Nothing is lost: no workload that the present revision asks for is deleted, and no node under a pod.
//   - One operation per pool, under the ETag that was listed, and no more at once than allowed.
//   - No deletion on doubt: not after a fetch or a list that failed, nor for a file that is unreadable or gone with all
//     others.
//   - The status is never greener than what was seen.
//   - Nothing of a Workspace is written that is suspended by a document, or only observed.
//   - Changes interrupt no more servers at once than rollout.maxInterrupted.
//   - No volume claim is deleted without its annotation, and no more Workspaces at once than policy.massDeletion
//     without a trailer.
//   - Nothing is made of a Workspace before the one that it depends on is done.
//
// If nothing has changed since the process looked, Azure's own checks (capacitytest.Checked) must hold as well.
//
// In the end faults stop and time goes by. Things happen to a loop at rest, whose passes end at once. The loop must
// come to rest again, write nothing more, and leave the same end state as a fresh world that got the last files at
// once: the same objects, pools and status files but for times.
//
// A fault that was never met proves nothing: Result.Met counts each, and the test wants all of Faults.
package simulate
