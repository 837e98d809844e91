// SPDX-License-Identifier: Apache-2.0

//go:build race

package e2e

// buildFlags let the binary under test be built as the tests are.
var buildFlags = []string{"-race"}
