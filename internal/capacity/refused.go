// SPDX-License-Identifier: Apache-2.0

package capacity

import "syncer.dev/syncer/internal/diag"

// RefusedError means that no nodes can satisfy a Workspace. Its Diagnostic has the field; the caller adds the position.
type RefusedError struct{ diag.Diagnostic }

// Error returns the message without the position.
func (e *RefusedError) Error() string { return e.Message }

// Hint returns the remedy, or ""; it implements diag.Hinter.
func (e *RefusedError) Hint() string { return e.Diagnostic.Hint }

// Unwrap returns the Diagnostic.
func (e *RefusedError) Unwrap() error { return e.Diagnostic }
