// SPDX-License-Identifier: Apache-2.0

package pools

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace"
)

func TestUnprovisionablePools(t *testing.T) {
	key := workspace.Key{Namespace: "default", Name: "phi"}
	small := capacitytest.SKU(t, "Standard_NC24ads_A100_v4")
	pool := func(name string, managed bool) *capacity.Pool {
		return &capacity.Pool{
			Name:        name,
			Workspace:   key,
			SKU:         small,
			Count:       1,
			ManagedDisk: managed,
		}
	}
	live := func(name string, state capacity.PoolState, code string) *capacity.LivePool {
		return &capacity.LivePool{
			Name:      name,
			Size:      small.Name,
			Count:     1,
			State:     state,
			ErrorCode: code,
			Owned:     true,
			Workspace: key,
		}
	}
	blocked := unavailable.Offerings{}.Record(
		capacitytest.Error("AllocationFailed", ""),
		unavailable.Attempt{SKU: small},
		capacitytest.Noon,
		"",
	)
	unprovisionable := map[string]bool{"old": true}
	for _, tt := range []struct {
		name    string
		changes []capacity.PoolChange
		known   unavailable.Offerings
		quota   capacity.Quota
		want    string // the operations, one letter each
	}{
		{
			name: "another size waits until the deletion starts",
			changes: []capacity.PoolChange{
				{Op: capacity.Create, Name: "new", Desired: pool("new", false)},
				{Op: capacity.Delete, Name: "old", Live: live("old", capacity.Failed, "AllocationFailed")},
			},
			want: "wd",
		},
		{
			name: "another size waits until the deletion ends",
			changes: []capacity.PoolChange{
				{Op: capacity.Create, Name: "new", Desired: pool("new", false)},
				{Op: capacity.Wait, Name: "old", Live: live("old", capacity.Deleting, "")},
			},
			want: "ww",
		},
		{
			name: "a creation does not wait for a pool that stays",
			changes: []capacity.PoolChange{
				{Op: capacity.Create, Name: "new", Desired: pool("new", false)},
				{Op: capacity.Keep, Name: "old", Live: live("old", capacity.Failed, "AllocationFailed")},
			},
			want: "cn",
		},
		{
			name: "a creation does not wait for a pool with nodes",
			changes: []capacity.PoolChange{
				{Op: capacity.Create, Name: "new", Desired: pool("new", false)},
				{Op: capacity.Delete, Name: "other", Live: live("other", capacity.Succeeded, "")},
			},
			want: "cd",
		},
		{
			name: "another size waits until the pool is scaled to zero",
			changes: []capacity.PoolChange{
				{Op: capacity.Create, Name: "new", Desired: pool("new", false)},
				{Op: capacity.Update, Name: "old", Desired: &capacity.Pool{Name: "old"}, Live: live("old", capacity.Succeeded, "")},
			},
			want: "wu",
		},
		{
			name: "another disk",
			changes: []capacity.PoolChange{
				{
					Op:      capacity.Update,
					Name:    "old",
					Desired: pool("old", true),
					Live:    live("old", capacity.Failed, "OverconstrainedAllocationRequest"),
				},
			},
			want: "d",
		},
		{
			name: "a failed pool waits while its size is unavailable",
			changes: []capacity.PoolChange{
				{Op: capacity.Update, Name: "a", Desired: pool("a", false), Live: live("a", capacity.Failed, "AllocationFailed")},
			},
			known: blocked,
			want:  "w",
		},
		{
			name: "a repair that requests no nodes does not wait",
			changes: []capacity.PoolChange{
				{Op: capacity.Update, Name: "a", Desired: pool("a", false), Live: live("a", capacity.Failed, "PodDrainFailure")},
			},
			known: blocked,
			want:  "u",
		},
		{
			name: "a change of labels does not wait",
			changes: []capacity.PoolChange{
				{Op: capacity.Update, Name: "a", Desired: pool("a", false), Live: live("a", capacity.Succeeded, "")},
			},
			known: blocked,
			want:  "u",
		},
		{
			name:    "a new pool of an unavailable size waits",
			changes: []capacity.PoolChange{{Op: capacity.Create, Name: "a", Desired: pool("a", false)}},
			known:   blocked,
			want:    "w",
		},
		{
			name:    "a size that is not offered waits",
			changes: []capacity.PoolChange{{Op: capacity.Create, Name: "a", Desired: pool("a", false)}},
			quota:   capacity.Quota{Offers: map[string]capacity.Offering{}},
			want:    "w",
		},
		{
			name:    "without a list of sizes nothing waits",
			changes: []capacity.PoolChange{{Op: capacity.Create, Name: "a", Desired: pool("a", false)}},
			want:    "c",
		},
		{
			name: "missing GPUs: the pool is written again",
			changes: []capacity.PoolChange{
				{Op: capacity.Keep, Name: "broken", Desired: pool("broken", false), Live: live("broken", capacity.Succeeded, "")},
			},
			want: "u",
		},
		{
			name: "missing GPUs: an unavailable size is not written again",
			changes: []capacity.PoolChange{
				{Op: capacity.Keep, Name: "broken", Desired: pool("broken", false), Live: live("broken", capacity.Succeeded, "")},
			},
			known: blocked,
			want:  "n",
		},
	} {
		ReplaceUnprovisionable(tt.changes, unprovisionable)
		RecreateWithoutGPUs(tt.changes, map[string]bool{"broken": true}, tt.known, capacitytest.Noon)
		HoldUnavailable(tt.changes, tt.known, tt.quota, capacitytest.Noon)
		var got strings.Builder
		for _, c := range tt.changes {
			got.WriteByte(c.Op[0])
			if c.Op == capacity.Wait && c.Reason == "" && c.Desired != nil {
				t.Errorf("%s: %s waits without a reason", tt.name, c.Name)
			}
		}
		if got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got.String(), tt.want)
		}
	}
	stuck := []capacity.PoolChange{
		{Op: capacity.Delete, Name: "a", Live: live("a", capacity.Failed, "PodDrainFailure")},
		{Op: capacity.Delete, Name: "b", Live: live("b", capacity.Failed, "PodDrainFailure")},
		{Op: capacity.Delete, Name: "a", Live: live("a", capacity.Succeeded, "")},
	}
	IgnoreBudgets(stuck, func(pool string) bool { return pool == "a" })
	if !stuck[0].IgnoreBudgets || stuck[1].IgnoreBudgets || stuck[2].IgnoreBudgets {
		t.Errorf("%+v", stuck)
	}
}
