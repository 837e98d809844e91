// SPDX-License-Identifier: Apache-2.0

// Package testenv starts real parts for tests: a Kubernetes control plane in a process of its own. No process outlives
// the test.
package testenv
