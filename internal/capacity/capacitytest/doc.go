// SPDX-License-Identifier: Apache-2.0

// Package capacitytest has a Cloud in memory for tests, and the conformance test that this Cloud and the real one pass.
package capacitytest
