// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
)

func TestWhatIsLearned(t *testing.T) {
	nc24, nc48, nc96, h100 := capacitytest.SKU(
		t,
		"Standard_NC24ads_A100_v4",
	), capacitytest.SKU(
		t,
		"Standard_NC48ads_A100_v4",
	), capacitytest.SKU(t, "Standard_NC96ads_A100_v4"), capacitytest.SKU(t, "Standard_NC40ads_H100_v5")
	type probe struct {
		sku      capacity.SKU
		priority capacity.Priority
		want     bool
	}
	for _, tt := range []struct {
		name, code, message string
		attempt             Attempt
		length              time.Duration
		probes              []probe
	}{
		{
			name:    "no family quota",
			code:    "OperationNotAllowed",
			message: capacitytest.TextNoQuota,
			attempt: Attempt{SKU: nc24},
			length:  time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: nc96, priority: capacity.OnDemand, want: true},
				{sku: nc24, priority: capacity.Spot, want: false},
				{sku: h100, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "some family quota",
			code:    "OperationNotAllowed",
			message: capacitytest.TextFamilyQuota,
			attempt: Attempt{SKU: nc96},
			length:  10 * time.Minute,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: false},
				{sku: nc48, priority: capacity.OnDemand, want: true},
				{sku: nc96, priority: capacity.OnDemand, want: true},
			},
		},
		{
			name:    "too many nodes for the quota",
			code:    "OperationNotAllowed",
			message: capacitytest.TextFamilyQuota,
			attempt: Attempt{SKU: nc24},
			length:  10 * time.Minute,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: h100, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "quota before the start",
			code:    "ErrCode_InsufficientVCPUQuota",
			message: capacitytest.TextPreflight,
			attempt: Attempt{SKU: nc24},
			length:  10 * time.Minute,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: h100, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "spot quota",
			code:    "OperationNotAllowed",
			message: capacitytest.TextSpotQuota,
			attempt: Attempt{SKU: nc24, Spot: true},
			length:  time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.Spot, want: true},
				{sku: h100, priority: capacity.Spot, want: true},
				{sku: nc24, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "regional quota",
			code:    "OperationNotAllowed",
			message: capacitytest.TextRegional,
			attempt: Attempt{SKU: nc24},
			length:  10 * time.Minute,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: h100, priority: capacity.OnDemand, want: true},
				{sku: h100, priority: capacity.Spot, want: false},
			},
		},
		{
			name:    "not offered, spot",
			code:    "SkuNotAvailable",
			attempt: Attempt{SKU: nc24, Spot: true},
			length:  time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.Spot, want: true},
				{sku: nc24, priority: capacity.OnDemand, want: false},
				{sku: nc48, priority: capacity.Spot, want: false},
			},
		},
		{
			name:    "not offered",
			code:    "SkuNotAvailable",
			attempt: Attempt{SKU: nc24},
			length:  23 * time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: nc24, priority: capacity.Spot, want: false},
			},
		},
		{
			name:    "not for the subscription",
			code:    "VMSizeNotSupported",
			attempt: Attempt{SKU: nc24},
			length:  23 * time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: nc24, priority: capacity.Spot, want: true},
				{sku: nc48, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "no capacity",
			code:    "AllocationFailed",
			attempt: Attempt{SKU: nc48},
			length:  time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: false},
				{sku: nc48, priority: capacity.OnDemand, want: true},
				{sku: nc96, priority: capacity.OnDemand, want: true},
				{sku: nc48, priority: capacity.Spot, want: false},
			},
		},
		{
			name:    "no capacity in a zone",
			code:    "ZonalAllocationFailed",
			attempt: Attempt{SKU: nc48, Zones: []string{"1"}},
			length:  time.Hour,
			probes:  []probe{{sku: nc48, priority: capacity.OnDemand, want: false}},
		},
		{
			name:    "overconstrained with nothing to give up",
			code:    "OverconstrainedAllocationRequest",
			attempt: Attempt{SKU: nc48},
			length:  time.Hour,
			probes: []probe{
				{sku: nc48, priority: capacity.OnDemand, want: true},
				{sku: nc96, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "region",
			code:    "AksCapacityHeavyUsage",
			attempt: Attempt{SKU: nc24},
			length:  time.Hour,
			probes: []probe{
				{sku: nc24, priority: capacity.OnDemand, want: true},
				{sku: h100, priority: capacity.Spot, want: true},
			},
		},
		{
			name:    "a zone without the size",
			code:    "AvailabilityZoneNotSupported",
			attempt: Attempt{SKU: nc48, Zones: []string{"1"}},
			length:  23 * time.Hour,
			probes:  []probe{{sku: nc48, priority: capacity.OnDemand, want: false}},
		},
		{
			name:    "zones without the size, not asked for",
			code:    "AvailabilityZoneNotSupported",
			attempt: Attempt{SKU: nc48},
			length:  23 * time.Hour,
			probes: []probe{
				{sku: nc48, priority: capacity.OnDemand, want: true},
				{sku: nc48, priority: capacity.Spot, want: true},
			},
		},
		{
			name:    "no room for the disk, but a managed one",
			code:    "VMCacheSizeTooSmall",
			attempt: Attempt{SKU: nc48, Constraints: []Constraint{EphemeralDisk}},
			length:  23 * time.Hour,
			probes:  []probe{{sku: nc48, priority: capacity.OnDemand, want: false}},
		},
		{
			name:    "no room for the managed disk",
			code:    "VMCannotFitEphemeralOSDisk",
			attempt: Attempt{SKU: nc48},
			length:  23 * time.Hour,
			probes: []probe{
				{sku: nc48, priority: capacity.OnDemand, want: true},
				{sku: nc96, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "no spot machine",
			code:    capacity.CodeSpotMissing,
			attempt: Attempt{SKU: nc48, Spot: true},
			length:  30 * time.Minute,
			probes: []probe{
				{sku: nc48, priority: capacity.Spot, want: true},
				{sku: nc48, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "an unknown code that has come often enough",
			code:    "SomethingNew",
			attempt: Attempt{SKU: nc48},
			length:  time.Hour,
			probes: []probe{
				{sku: nc48, priority: capacity.OnDemand, want: true},
				{sku: nc96, priority: capacity.OnDemand, want: false},
			},
		},
		{
			name:    "permission teaches nothing",
			code:    "AuthorizationFailed",
			attempt: Attempt{SKU: nc24},
			probes:  []probe{{sku: nc24, priority: capacity.OnDemand, want: false}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := Offerings{}.Record(capacitytest.Error(tt.code, tt.message), tt.attempt, capacitytest.Noon, "demo")
			for _, p := range tt.probes {
				reason, until, ok := u.Blocked(p.sku, p.priority, capacitytest.Noon)
				if ok != p.want || ok != (reason != "") {
					t.Errorf("%s %s: %t %q, want %t", p.sku.Name, p.priority, ok, reason, p.want)
				}
				if least := capacitytest.Noon.Add(tt.length); ok &&
					(until.Before(least) || until.After(least.Add(tt.length/10+tt.length*11/40))) {
					t.Errorf("%s: until %s, want %s and up to a tenth more", p.sku.Name, until, least)
				}
			}
			if tt.length > 0 && u.Expired(capacitytest.Noon.Add(2*tt.length)).Entries != nil &&
				len(u.Expired(capacitytest.Noon.Add(2*tt.length)).Entries) > 0 {
				t.Error("it is never forgotten")
			}
		})
	}
}

func TestBlocksEndWithAProbe(t *testing.T) {
	small, big := capacitytest.SKU(t, "Standard_NC24ads_A100_v4"), capacitytest.SKU(t, "Standard_NC96ads_A100_v4")
	u := Offerings{}.Record(
		capacitytest.Error("OperationNotAllowed", capacitytest.TextNoQuota),
		Attempt{SKU: big},
		capacitytest.Noon,
		"demo",
	)
	b := u.Entries[0]
	after := b.Until.Add(time.Minute)
	if _, _, blocked := u.Blocked(small, capacity.OnDemand, after); blocked {
		t.Error("the smallest size is not let through")
	}
	if _, _, blocked := u.Blocked(big, capacity.OnDemand, after); !blocked {
		t.Error("the big size is let through before the smallest has been tried")
	}
	if _, _, blocked := u.Blocked(big, capacity.OnDemand, b.forgotten()); blocked {
		t.Error("the big size is never let through")
	}
	if got := u.Worked(small, capacity.OnDemand, after, after); len(got.Entries) != 0 {
		t.Errorf("after success %+v", got)
	}
	again := u.Record(capacitytest.Error("OperationNotAllowed", capacitytest.TextNoQuota), Attempt{
		SKU: small,
	}, after, "demo").Entries[0]
	if again.Failures != 2 || again.Until.Sub(again.Since) < 2*time.Hour {
		t.Errorf("a probe that fails blocks for longer: %+v", again)
	}
	early := u.Record(capacitytest.Error("OperationNotAllowed", capacitytest.TextNoQuota), Attempt{
		SKU: small,
	}, capacitytest.Noon.Add(time.Minute), "demo").Entries[0]
	if early.Failures != 1 {
		t.Errorf("a failure while it is blocked is no failed probe: %+v", early)
	}
	last := 0.0
	for at := capacitytest.Noon; at.Before(b.Until.Add(3 * time.Hour)); at = at.Add(10 * time.Minute) {
		p := u.Chance(small, capacity.OnDemand, at)
		if p < last || p < 0.27 || p > 1 {
			t.Fatalf("chance %f after %f", p, last)
		}
		last = p
	}
	other := capacitytest.SKU(t, "Standard_NC40ads_H100_v5")
	if last < 0.95 || u.Chance(other, capacity.OnDemand, capacitytest.Noon) != 1 {
		t.Errorf("chance does not come back: %f", last)
	}
}

func TestConstraintsAreGivenUpInOrder(t *testing.T) {
	a := Attempt{
		SKU:         capacitytest.SKU(t, "Standard_NC24ads_A100_v4"),
		Zones:       []string{"1"},
		Constraints: []Constraint{EphemeralDisk, Zone, PlacementGroup},
	}
	var u Offerings
	for i, want := range []Constraint{PlacementGroup, Zone, EphemeralDisk} {
		now := capacitytest.Noon.Add(time.Duration(i) * time.Minute)
		for range 2 { // a restart records the same failure again
			u = u.Record(capacitytest.Error("OverconstrainedZonalAllocationRequest", ""), a, now, "demo")
		}
		dropped := u.Dropped(a.SKU, capacity.OnDemand, now)
		if len(dropped) != i+1 || dropped[i] != want {
			t.Fatalf("given up %v, want %s next", dropped, want)
		}
		if _, _, blocked := u.Blocked(a.SKU, capacity.OnDemand, now); blocked {
			t.Fatal("blocked while there is something to give up")
		}
	}
	a.Zones = nil // given up
	now := capacitytest.Noon.Add(time.Hour / 2)
	u = u.Record(capacitytest.Error("OverconstrainedAllocationRequest", ""), a, now, "demo")
	if _, _, blocked := u.Blocked(a.SKU, capacity.OnDemand, now); !blocked {
		t.Error("not blocked with nothing left to give up")
	}
}

func TestUnavailableSurvivesWriting(t *testing.T) {
	var u Offerings
	u = u.Record(
		capacitytest.Error("OperationNotAllowed", capacitytest.TextNoQuota),
		Attempt{SKU: capacitytest.SKU(t, "Standard_NC24ads_A100_v4")},
		capacitytest.Noon,
		"demo",
	)
	u = u.Record(
		capacitytest.Error("AllocationFailed", ""),
		Attempt{SKU: capacitytest.SKU(t, "Standard_NC40ads_H100_v5"), Spot: true},
		capacitytest.Noon,
		"demo",
	)
	u = u.Record(capacitytest.Error("AksCapacityHeavyUsage", ""), Attempt{}, capacitytest.Noon, "demo")
	for name, codec := range map[string]struct {
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}{"json": {json.Marshal, json.Unmarshal}, "yaml": {yaml.Marshal, yaml.Unmarshal}} {
		data, err := codec.marshal(u.Entries)
		if err != nil {
			t.Fatal(err)
		}
		var back []Entry
		if err := codec.unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, u.Entries) {
			t.Errorf("%s: %v\n%s\n%+v", name, err, data, back)
		}
	}
	if again := u.Record(
		capacitytest.Error("AksCapacityHeavyUsage", ""),
		Attempt{},
		capacitytest.Noon,
		"demo",
	); !reflect.DeepEqual(again, u) {
		t.Error("learning the same at the same time changes something")
	}
	if other := (Offerings{}).Record(
		capacitytest.Error("AksCapacityHeavyUsage", ""),
		Attempt{},
		capacitytest.Noon,
		"other",
	); other.Entries[0].Until.Equal(u.Entries[0].Until) {
		t.Error("two syncers come back in step")
	}
}

// TestRecordInvariants records random errors and checks rules that hold for all Offerings.
func TestRecordInvariants(t *testing.T) {
	codes := []string{
		"QuotaExceeded",
		"SkuNotAvailable",
		"VMSizeNotSupported",
		"AllocationFailed",
		"ZonalAllocationFailed",
		"OverconstrainedAllocationRequest",
		"AksCapacityHeavyUsage",
		"AuthorizationFailed",
		"VMCacheSizeTooSmall",
		"AvailabilityZoneNotSupported",
		"SomethingNew",
		capacity.CodeSpotMissing,
	}
	texts := []string{
		"",
		capacitytest.TextFamilyQuota,
		capacitytest.TextNoQuota,
		capacitytest.TextSpotQuota,
		capacitytest.TextRegional,
		capacitytest.TextPreflight,
	}
	skus := slices.Collect(capacity.SKUs())
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var u Offerings
		now := capacitytest.Noon
		for range 40 {
			now = now.Add(time.Duration(rng.IntN(120)) * time.Minute)
			a := Attempt{SKU: skus[rng.IntN(len(skus))], Spot: rng.IntN(2) == 0}
			if rng.IntN(3) == 0 {
				a.Zones, a.Constraints = []string{"1", "2"}, constraints
			}
			e := capacitytest.Error(codes[rng.IntN(len(codes))], texts[rng.IntN(len(texts))])
			u = u.Record(e, a, now, "demo").Expired(now)
			if again := u.Record(e, a, now, "demo"); !reflect.DeepEqual(again, u) {
				t.Fatalf("seed %d: recording %s again changes\n%+v\nto\n%+v", seed, e.Code, u.Entries, again.Entries)
			}
			if back := New(u.Entries); len(u.Entries) > 0 && !reflect.DeepEqual(back, u) {
				t.Fatalf("seed %d: not in order: %+v", seed, u.Entries)
			}
			for s := range capacity.SKUs() {
				reason, until, ok := u.Blocked(s, a.priority(), now)
				if p := u.Chance(s, a.priority(), now); p <= 0 || p > 1 ||
					ok && (reason == "" || !until.After(now) || until.Sub(now) > 2*maxBlock) {
					t.Fatalf("seed %d: %s: chance %f, blocked %t until %s, %q", seed, s.Name, p, ok, until, reason)
				}
			}
		}
		if left := u.Expired(now.Add(2 * maxBlock)); len(left.Entries) > 0 {
			t.Fatalf("seed %d: never forgotten: %+v", seed, left.Entries)
		}
	}
}

// TestChanges: until then every answer stays the same.
func TestChanges(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	began := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, class := range []capacity.Class{
		capacity.ClassQuota, capacity.ClassCapacity, capacity.ClassUnavailable, capacity.ClassDisk,
	} {
		a := Attempt{SKU: sku, Constraints: []Constraint{EphemeralDisk}}
		u := Offerings{}.Record(&capacity.CloudError{Class: class, Code: "no"}, a, began, "demo")
		said := func(now time.Time) string {
			reason, until, blocked := u.Blocked(sku, capacity.OnDemand, now)
			return fmt.Sprintln(reason, until, until.Sub(now) > 24*time.Hour, blocked, u.Chance(sku, capacity.OnDemand, now),
				u.Dropped(sku, capacity.OnDemand, now), len(u.Expired(now).Entries))
		}
		now, steps := began, 0
		for ; ; steps++ {
			next := u.Changes(now)
			if next.IsZero() {
				break
			}
			for _, at := range []time.Time{now.Add(next.Sub(now) / 2), next.Add(-1)} {
				if a, b := said(now), said(at); a != b {
					t.Fatalf("%s: at %s %sat %s %s", class, now, a, at, b)
				}
			}
			now = next
		}
		if steps < chanceSteps || len(u.Expired(now).Entries) > 0 {
			t.Errorf("%s: %d steps, and %v is left", class, steps, u.Expired(now))
		}
	}
}
