// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"os"
	"testing"
)

// TestMain guards the log as the program's main function does.
func TestMain(m *testing.M) {
	GuardLog()
	os.Exit(m.Run())
}
