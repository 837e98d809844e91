package capacity

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

func TestWhatBecomesOfLostPools(t *testing.T) {
	key := workspace.Key{Namespace: "default", Name: "phi"}
	small := sku(t, "Standard_NC24ads_A100_v4")
	pool := func(name string, managed bool) *Pool {
		return &Pool{Name: name, Workspace: key, SKU: small, Count: 1, ManagedDisk: managed}
	}
	live := func(name string, state PoolState, code string) *LivePool {
		return &LivePool{Name: name, Size: small.Name, Count: 1, State: state, ErrorCode: code, Owned: true, Workspace: key}
	}
	blocked := Unavailable{}.Learn(cloudError("AllocationFailed", ""), Attempt{SKU: small}, noon, "")
	lost := map[string]bool{"old": true}
	for _, tt := range []struct {
		name    string
		changes []PoolChange
		known   Unavailable
		quota   Quota
		want    string // the operations, one letter each
	}{
		{"another size waits for the deletion", []PoolChange{{Op: Create, Name: "new", Desired: pool("new", false)}, {Op: Delete, Name: "old", Live: live("old", Failed, "AllocationFailed")}}, Unavailable{}, Quota{}, "wd"},
		{"and for its end", []PoolChange{{Op: Create, Name: "new", Desired: pool("new", false)}, {Op: Wait, Name: "old", Live: live("old", Deleting, "")}}, Unavailable{}, Quota{}, "ww"},
		{"but not for one that must stay", []PoolChange{{Op: Create, Name: "new", Desired: pool("new", false)}, {Op: Keep, Name: "old", Live: live("old", Failed, "AllocationFailed")}}, Unavailable{}, Quota{}, "cn"},
		{"nor for one that has nodes", []PoolChange{{Op: Create, Name: "new", Desired: pool("new", false)}, {Op: Delete, Name: "other", Live: live("other", Succeeded, "")}}, Unavailable{}, Quota{}, "cd"},
		{"nor while it is scaled to zero", []PoolChange{{Op: Create, Name: "new", Desired: pool("new", false)}, {Op: Update, Name: "old", Desired: &Pool{Name: "old"}, Live: live("old", Succeeded, "")}}, Unavailable{}, Quota{}, "wu"},
		{"another disk", []PoolChange{{Op: Update, Name: "old", Desired: pool("old", true), Live: live("old", Failed, "OverconstrainedAllocationRequest")}}, Unavailable{}, Quota{}, "d"},
		{"a failed pool waits while its size is not to be had", []PoolChange{{Op: Update, Name: "a", Desired: pool("a", false), Live: live("a", Failed, "AllocationFailed")}}, blocked, Quota{}, "w"},
		{"a repair that asks for nothing does not", []PoolChange{{Op: Update, Name: "a", Desired: pool("a", false), Live: live("a", Failed, "PodDrainFailure")}}, blocked, Quota{}, "u"},
		{"nor do labels", []PoolChange{{Op: Update, Name: "a", Desired: pool("a", false), Live: live("a", Succeeded, "")}}, blocked, Quota{}, "u"},
		{"a new pool waits", []PoolChange{{Op: Create, Name: "a", Desired: pool("a", false)}}, blocked, Quota{}, "w"},
		{"a size that is not offered waits", []PoolChange{{Op: Create, Name: "a", Desired: pool("a", false)}}, Unavailable{}, Quota{Offers: map[string]Offer{}}, "w"},
		{"without a list everything may be offered", []PoolChange{{Op: Create, Name: "a", Desired: pool("a", false)}}, Unavailable{}, Quota{}, "c"},
		{"GPUs that never came", []PoolChange{{Op: Keep, Name: "broken", Desired: pool("broken", false), Live: live("broken", Succeeded, "")}}, Unavailable{}, Quota{}, "u"},
		{"and not while it is known not to help", []PoolChange{{Op: Keep, Name: "broken", Desired: pool("broken", false), Live: live("broken", Succeeded, "")}}, blocked, Quota{}, "n"},
	} {
		ReplaceLost(tt.changes, lost)
		RepairBroken(tt.changes, map[string]bool{"broken": true}, tt.known, noon)
		HoldUnavailable(tt.changes, tt.known, tt.quota, noon)
		var got strings.Builder
		for _, c := range tt.changes {
			got.WriteByte(c.Op[0])
			if c.Op == Wait && c.Reason == "" && c.Desired != nil {
				t.Errorf("%s: %s waits without a reason", tt.name, c.Name)
			}
		}
		if got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got.String(), tt.want)
		}
	}
	stuck := []PoolChange{{Op: Delete, Name: "a", Live: live("a", Failed, "PodDrainFailure")}, {Op: Delete, Name: "b", Live: live("b", Failed, "PodDrainFailure")}, {Op: Delete, Name: "a", Live: live("a", Succeeded, "")}}
	IgnoreBudgets(stuck, func(pool string) bool { return pool == "a" })
	if !stuck[0].IgnoreBudgets || stuck[1].IgnoreBudgets || stuck[2].IgnoreBudgets {
		t.Errorf("%+v", stuck)
	}
}
