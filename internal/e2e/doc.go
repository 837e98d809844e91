// SPDX-License-Identifier: Apache-2.0

// Package e2e holds the end-to-end tests: the real binary, as a process of its own, against a real Kubernetes control
// plane, a real Git repository and an emulator of Azure's API whose pools give the cluster its nodes.
package e2e
