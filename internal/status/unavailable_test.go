// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
)

func TestUnavailableIsRecordedAndReadBack(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	u := unavailable.Offerings{}.Record(&capacity.CloudError{
		Class: capacity.ClassQuota, Code: "OperationNotAllowed",
		Message: "exceeding approved standardNCADSA100v4Family Cores quota. " +
			"Current Limit: 0, Current Usage: 0, Additional Required: 24",
	}, unavailable.Attempt{SKU: sku}, now, "demo")
	s := Summary{Cluster: "demo", Unavailable: u}
	files := Files(s)
	if diff := cmp.Diff(u, UnavailableFrom(files[CapacityFile], now)); diff != "" {
		t.Errorf("read back (-want +got):\n%s\n%s", diff, files[CapacityFile])
	}
	s.Unavailable = UnavailableFrom(files[CapacityFile], now).Expired(now.Add(time.Minute))
	if diff := cmp.Diff(string(files[CapacityFile]), string(Files(s)[CapacityFile])); diff != "" {
		t.Errorf("without a new offering (-want +got):\n%s", diff)
	}
	s.Unavailable = UnavailableFrom(files[CapacityFile], now).Expired(now.Add(24 * time.Hour))
	if gone := Files(s)[CapacityFile]; bytes.Contains(gone, []byte("unavailable")) {
		t.Errorf("an expired offering stays:\n%s", gone)
	}
	for _, broken := range []string{
		"",
		"{",
		"kind: Other\nunavailable: [{family: x}]",
		"kind: CapacityStatus\nunavailable: 7",
	} {
		if got := UnavailableFrom([]byte(broken), now); len(got.Entries) != 0 {
			t.Errorf("%q: %+v", broken, got)
		}
	}
}
