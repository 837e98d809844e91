// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestCatalogue checks the rules that hold for every size.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for s := range SKUs() {
		key := strings.ToLower(s.Name)
		if seen[key] {
			t.Errorf("%s is listed twice", s.Name)
		}
		seen[key] = true
		checkShape(t, s)
		checkSelectable(t, s)
		checkRetired(t, s)
	}
	if len(seen) < 100 {
		t.Errorf("only %d sizes", len(seen))
	}
}

// checkShape reports a size with an impossible name, host or GPU.
func checkShape(t *testing.T, s SKU) {
	t.Helper()
	switch {
	case !strings.HasPrefix(s.Name, "Standard_N") || strings.TrimSpace(s.Name) != s.Name:
		t.Errorf("%q is not the name of a GPU size", s.Name)
	case s.VCPUs <= 0:
		t.Errorf("%s has no vCPUs", s.Name)
	case s.GPUs&(s.GPUs-1) != 0:
		t.Errorf("%s has %d GPUs: packing assumes powers of two", s.Name, s.GPUs)
	case s.Share <= 0 || s.Share > 1 || s.Share < 1 && s.GPUs != 1:
		t.Errorf("%s has a share of %v", s.Name, s.Share)
	}
	limit := float64(s.GPUMemoryGiB)
	if s.Share < 1 {
		limit++ // the nominal memory of a share is rounded down
	}
	if s.GPUs > 0 && (s.GPUUsableGiB <= 0 || s.GPUUsableGiB > limit) {
		t.Errorf("%s: usable %v of %d GiB", s.Name, s.GPUUsableGiB, s.GPUMemoryGiB)
	}
}

// checkSelectable reports a size that sizing may select although it lacks facts.
func checkSelectable(t *testing.T, s SKU) {
	t.Helper()
	if s.Unusable() != "" {
		return
	}
	if s.GPUs == 0 {
		t.Errorf("%s has no GPU, and is usable", s.Name)
	}
	if s.Unverified != "" {
		return
	}
	if s.Share < 1 {
		t.Errorf("%s has a share of a GPU, and sizing would select it", s.Name)
	}
	if s.MemoryGiB == 0 || s.Family == "" || s.ComputeCapability < MinComputeCapability {
		t.Errorf("sizing may select %s, which lacks facts: %+v", s.Name, s)
	}
}

// checkRetired reports a retired size without a date or without a usable successor that is at least as large.
func checkRetired(t *testing.T, s SKU) {
	t.Helper()
	if s.Retired == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, s.Retired); err != nil {
		t.Errorf("%s: %v", s.Name, err)
	}
	next, ok := LookupSKU(s.Successor)
	if !ok || next.Unusable() != "" ||
		float64(next.GPUs*next.GPUMemoryGiB) < float64(s.GPUs*s.GPUMemoryGiB)*s.Share {
		t.Errorf("%s: the successor %q is no match", s.Name, s.Successor)
	}
}

func TestEverySizeWithAPriceIsInTheCatalogue(t *testing.T) {
	list, err := ParsePrices(pricesJSON)
	if err != nil {
		t.Fatal(err)
	}
	regions, sizes := 0, map[string]bool{}
	for _, region := range list.Regions() {
		regions++
		for _, size := range list.Sizes(region) {
			sizes[size] = true
			if s, ok := LookupSKU(size); !ok || s.Name != size {
				t.Errorf("%s: %s is not in the catalogue", region, size)
			}
		}
	}
	if regions < 50 || len(sizes) < 85 {
		t.Errorf("%d regions, %d sizes", regions, len(sizes))
	}
}

func TestLookupSKU(t *testing.T) {
	for name, want := range map[string]string{
		"standard_nc24ads_a100_v4":   "Standard_NC24ads_A100_v4",
		"Standard_ND96asr_A100_v4":   "Standard_ND96asr_v4", // KAITO's spelling, and the price list's
		"Standard_NG32adms_V620":     "Standard_NG32adms_V620_v1",
		"Standard_NM16ads_MA35D  ":   "Standard_NM16ads_MA35D",
		"Standard_NC6s_v3":           "Standard_NC6s_v3",
		"Standard_D4s_v5":            "",
		"Standard_NC24ads_A100_v4_x": "",
	} {
		if got, _ := LookupSKU(name); got.Name != want {
			t.Errorf("%q: %q, want %q", name, got.Name, want)
		}
	}
}

func TestUnusable(t *testing.T) {
	for name, want := range map[string]string{
		"Standard_NC6s_v3":                    "retired it on 2025-09-30",
		"Standard_NV12s_v3":                   "retired it on 2026-09-30",
		"Standard_NC4as_T4_v3":                "bfloat16",
		"Standard_ND40rs_v2":                  "bfloat16",
		"Standard_ND96isr_MI300X_v5":          "AMD",
		"Standard_NG32ads_V620_v1":            "AMD",
		"Standard_ND128isr_NDR_GB200_v6":      "Arm",
		"Standard_NP10s":                      "no GPU",
		"Standard_NC24ads_A100_v4":            "",
		"Standard_ND96isr_H200_v5":            "",
		"Standard_NV18ads_A10_v5":             "", // but not verified
		"Standard_NC36ds_xl_RTXPRO6000BSE_v6": "",
	} {
		s, ok := LookupSKU(name)
		if why := s.Unusable(); !ok || (want == "") != (why == "") || !strings.Contains(why, want) {
			t.Errorf("%s: %q, want %q", name, why, want)
		}
	}
	quarter, _ := LookupSKU("Standard_NC36ds_xl_RTXPRO6000BSE_v6")
	if quarter.GPUMemoryGiB != 24 || quarter.ComputeCapability != 12 || quarter.Unverified == "" || quarter.MIG {
		t.Errorf("a quarter of an RTX PRO 6000: %+v", quarter)
	}
	sixth, _ := LookupSKU("Standard_NV6ads_A10_v5")
	if sixth.GPUMemoryGiB != 4 || math.Abs(sixth.Share-1.0/6) > 1e-9 || sixth.Unverified == "" {
		t.Errorf("a sixth of an A10: %+v", sixth)
	}
}

func TestCapabilityOfProducts(t *testing.T) {
	for product, want := range map[string]float64{
		"NVIDIA-A100-SXM4-80GB": 8.0,
		"Tesla-A100-SXM4-80GB":  8.0,
		"NVIDIA-A10":            8.6,
		"Tesla-T4":              7.5,
		"NVIDIA-H100-NVL":       9.0,
		"NVIDIA H100 80GB HBM3": 9.0,
		"NVIDIA-L4":             0,
		"":                      0,
	} {
		if got := CapabilityOf(product); got != want {
			t.Errorf("%q: %v, want %v", product, got, want)
		}
	}
}
