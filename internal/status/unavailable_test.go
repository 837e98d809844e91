package status

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

func TestUnavailableIsRecordedAndReadBack(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	u := capacity.Unavailable{}.Learn(&capacity.CloudError{
		Class: capacity.ClassQuota, Code: "OperationNotAllowed",
		Message: "exceeding approved standardNCADSA100v4Family Cores quota. Current Limit: 0, Current Usage: 0, Additional Required: 24",
	}, capacity.Attempt{SKU: sku}, now, "demo")
	s := Summary{Cluster: "demo", Unavailable: u}
	files := Files(s)
	if got := UnavailableFrom(files); !reflect.DeepEqual(got, u) {
		t.Errorf("%+v became %+v\n%s", u, got, files[capacityFile])
	}
	s.Unavailable = UnavailableFrom(files).Expired(now.Add(time.Minute))
	if again := Files(s)[capacityFile]; !bytes.Equal(again, files[capacityFile]) {
		t.Errorf("the bytes change though nothing was learned:\n%s\n%s", files[capacityFile], again)
	}
	s.Unavailable = UnavailableFrom(files).Expired(now.Add(24 * time.Hour))
	if gone := Files(s)[capacityFile]; bytes.Contains(gone, []byte("unavailable")) {
		t.Errorf("what has expired is still there:\n%s", gone)
	}
	for _, broken := range []string{"", "{", "kind: Other\nunavailable: [{family: x}]", "kind: CapacityStatus\nunavailable: 7"} {
		if got := UnavailableFrom(map[string][]byte{capacityFile: []byte(broken)}); len(got.Blocks) != 0 {
			t.Errorf("%q: %+v", broken, got)
		}
	}
}
