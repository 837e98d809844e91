// SPDX-License-Identifier: Apache-2.0

package capacity_test

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
)

func TestNearSKU(t *testing.T) {
	for name, want := range map[string]string{
		"Standard_NC24_ads_A100_v4":   "Standard_NC24ads_A100_v4",
		"NC24ads_A100_v4":             "Standard_NC24ads_A100_v4",
		"standard-nc24ads-a100-v4":    "Standard_NC24ads_A100_v4",
		"Standard_NC24ads_A100":       "Standard_NC24ads_A100_v4",
		"Standard_NC24ads_A10O_v4":    "Standard_NC24ads_A100_v4",
		"Standard_ND96isr_H10_v5":     "Standard_ND96isr_H100_v5",
		"Standard_NV36ads_A10_v4":     "Standard_NV36ads_A10_v5",
		"Standard_D8s_v5":             "", // no typing error, and no GPU
		"Standard_DC24ads_v6":         "",
		"Standard_E96ias_v4":          "",
		"p4d.24xlarge":                "",
		"Standard_":                   "",
		"":                            "",
		"Standard_NVveryLongAndOther": "",
	} {
		if got := capacity.NearSKU(name); got != want {
			t.Errorf("NearSKU(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{
		"Standard_D8s_v5": true, "Standard_DC2as_v5": true, "Basic_A1": true,
		"standard_hb120rs_v3": true, "Standard_M416ms_v2": true,
		"Standard_NC24ads_A100_v4": false, "Standard_NP10s": false,
		"p4d.24xlarge": false, "Standard_": false, "D8s_v5": false,
	} {
		if got := capacity.HasNoGPU(name); got != want {
			t.Errorf("HasNoGPU(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestNearRegion(t *testing.T) {
	for name, want := range map[string]string{
		"West Europe": "westeurope", "swedencentrl": "swedencentral", "eastus22": "eastus2", "moonbase": "",
	} {
		if got := (capacity.Prices{}).Near(name); got != want {
			t.Errorf("Near(%q) = %q, want %q", name, got, want)
		}
	}
}
