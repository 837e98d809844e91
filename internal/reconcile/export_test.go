// SPDX-License-Identifier: Apache-2.0

package reconcile

import "syncer.dev/syncer/internal/capacity/pools/executor"

// Executor returns the executor of the loop, which holds the history of its agent pools.
func (l *Loop) Executor() *executor.Executor { return l.pools }

// Dirty reports whether there is progress that is not recorded yet.
func (l *Loop) Dirty() bool { return !l.dirtyAt.IsZero() }

// Kept reports whether the last pass changed nothing, so that the next one may be short.
func (l *Loop) Kept() bool { return l.fix != nil }
