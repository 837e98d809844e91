// SPDX-License-Identifier: Apache-2.0

package reviewtest

import "testing"

// TestRepository: the forge in memory passes the test of the adapters.
func TestRepository(t *testing.T) {
	Conform(t, func(*testing.T) Harness { return NewRepository() })
}
