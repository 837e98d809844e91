// SPDX-License-Identifier: Apache-2.0

package cluster

// Health is what a plain object says of itself. The zero value is for objects that are not asked: those without a
// status, and those of Workspaces, whose state has words of its own.
type Health struct {
	State   HealthState
	Message string // in the words of the controller, not escaped
}

// HealthState is one of four words.
type HealthState string

// The states.
const (
	Healthy          HealthState = "Current"
	HealthInProgress HealthState = "InProgress"
	HealthFailed     HealthState = "Failed"
	HealthUnknown    HealthState = "Unknown"
)
