// SPDX-License-Identifier: Apache-2.0

package config

import "syncer.dev/syncer/internal/diag"

// Diagnostics returns the problems.
func (e Error) Diagnostics() []diag.Diagnostic { return e }
