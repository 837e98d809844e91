// SPDX-License-Identifier: Apache-2.0

// Package pagetest has fleets for tests of the page: one with a Workspace in every state that a person may have to look
// at, and large ones.
package pagetest
