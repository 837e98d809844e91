// SPDX-License-Identifier: Apache-2.0

// Package reconcile is the loop: it makes the cluster and the agent pools equal to the desired state in Git, and
// records reports in Git.
//
// One goroutine owns all state. An event (a push, a pod that becomes ready, a timer) only makes the next pass due; a
// pass is a list of small steps that recomputes everything from Git, Azure and the cluster, so that the process may end
// at any moment. A step that fails reports its error, and the pass skips only the steps that need its result.
package reconcile
