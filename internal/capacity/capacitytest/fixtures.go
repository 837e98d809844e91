// SPDX-License-Identifier: Apache-2.0

package capacitytest

import (
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
)

// Noon is the time at which tests take place that need some time.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Phi4Mini is a small model with the figures of its own configuration.
var Phi4Mini = preset.Preset{Name: "phi-4-mini-instruct", Model: preset.Model{
	WeightBytes:     7677254042,
	Heads:           24,
	KVHeads:         8,
	Attention:       "gqa",
	KVBytesPerToken: 131072,
	ContextLength:   131072,
	Distributed:     true,
	TensorParallel:  true,
}}

// Texts of Azure's refusals, with the figures that quota errors carry.
const (
	TextFamilyQuota = "Operation could not be completed as it results in exceeding approved " +
		"standardNCADSA100v4Family Cores quota. " +
		"Additional details - Deployment Model: Resource Manager, Location: eastus, Current Limit: 48, " +
		"Current Usage: 24, Additional Required: 96, (Minimum) New Limit Required: 120."
	TextNoQuota = "Operation could not be completed as it results in exceeding approved " +
		"standardNCADSA100v4Family Cores quota. " +
		"Additional details - Current Limit: 0, Current Usage: 0, Additional Required: 24"
	TextSpotQuota = "Operation could not be completed as it results in exceeding approved " +
		"LowPriorityCores quota. Additional details - Current Limit: 0, Current Usage: 0, Additional Required: 24"
	TextRegional = "Operation could not be completed as it results in exceeding approved " +
		"Total Regional Cores quota. Additional details - Current Limit: 100, Current Usage: 90, Additional Required: 24"
	TextPreflight = "Insufficient vcpu quota requested 24, remaining 0 " +
		"for family standardNCADSA100v4Family for region eastus. " +
		"Surge nodes would also consume vcpu quota."
)

// SKU returns a size of the catalogue.
func SKU(t testing.TB, name string) capacity.SKU {
	t.Helper()
	s, ok := capacity.LookupSKU(name)
	if !ok {
		t.Fatal(name)
	}
	return s
}

// Error returns the error that a Cloud returns for a code and message of Azure.
func Error(code, message string) *capacity.CloudError {
	return &capacity.CloudError{Class: capacity.Classify(code, message), Code: code, Message: message}
}
