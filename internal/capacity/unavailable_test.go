package capacity

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sku(t *testing.T, name string) SKU {
	t.Helper()
	s, ok := LookupSKU(name)
	if !ok {
		t.Fatal(name)
	}
	return s
}

func cloudError(code, message string) *CloudError {
	return &CloudError{Class: Classify(code, message), Code: code, Message: message}
}

func TestWhatIsLearned(t *testing.T) {
	nc24, nc48, nc96, h100 := sku(t, "Standard_NC24ads_A100_v4"), sku(t, "Standard_NC48ads_A100_v4"), sku(t, "Standard_NC96ads_A100_v4"), sku(t, "Standard_NC40ads_H100_v5")
	type probe struct {
		sku  SKU
		spot bool
		want bool
	}
	for _, tt := range []struct {
		name, code, message string
		attempt             Attempt
		length              time.Duration
		probes              []probe
	}{
		{"no family quota", "OperationNotAllowed", textNoQuota, Attempt{SKU: nc24}, time.Hour, []probe{{nc24, false, true}, {nc96, false, true}, {nc24, true, false}, {h100, false, false}}},
		{"some family quota", "OperationNotAllowed", textFamilyQuota, Attempt{SKU: nc96}, 10 * time.Minute, []probe{{nc24, false, false}, {nc48, false, true}, {nc96, false, true}}},
		{"too many nodes for the quota", "OperationNotAllowed", textFamilyQuota, Attempt{SKU: nc24}, 10 * time.Minute, []probe{{nc24, false, true}, {h100, false, false}}},
		{"quota before the start", "ErrCode_InsufficientVCPUQuota", textPreflight, Attempt{SKU: nc24}, 10 * time.Minute, []probe{{nc24, false, true}, {h100, false, false}}},
		{"spot quota", "OperationNotAllowed", textSpotQuota, Attempt{SKU: nc24, Spot: true}, time.Hour, []probe{{nc24, true, true}, {h100, true, true}, {nc24, false, false}}},
		{"regional quota", "OperationNotAllowed", textRegional, Attempt{SKU: nc24}, 10 * time.Minute, []probe{{nc24, false, true}, {h100, false, true}, {h100, true, false}}},
		{"not offered, spot", "SkuNotAvailable", "", Attempt{SKU: nc24, Spot: true}, time.Hour, []probe{{nc24, true, true}, {nc24, false, false}, {nc48, true, false}}},
		{"not offered", "SkuNotAvailable", "", Attempt{SKU: nc24}, 23 * time.Hour, []probe{{nc24, false, true}, {nc24, true, false}}},
		{"not for the subscription", "VMSizeNotSupported", "", Attempt{SKU: nc24}, 23 * time.Hour, []probe{{nc24, false, true}, {nc24, true, true}, {nc48, false, false}}},
		{"no capacity", "AllocationFailed", "", Attempt{SKU: nc48}, time.Hour, []probe{{nc24, false, false}, {nc48, false, true}, {nc96, false, true}, {nc48, true, false}}},
		{"no capacity in a zone", "ZonalAllocationFailed", "", Attempt{SKU: nc48, Zones: []string{"1"}}, time.Hour, []probe{{nc48, false, false}}},
		{"overconstrained with nothing to give up", "OverconstrainedAllocationRequest", "", Attempt{SKU: nc48}, time.Hour, []probe{{nc48, false, true}, {nc96, false, false}}},
		{"region", "AksCapacityHeavyUsage", "", Attempt{SKU: nc24}, time.Hour, []probe{{nc24, false, true}, {h100, true, true}}},
		{"permission teaches nothing", "AuthorizationFailed", "", Attempt{SKU: nc24}, 0, []probe{{nc24, false, false}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := Unavailable{}.Learn(cloudError(tt.code, tt.message), tt.attempt, noon, "demo")
			for _, p := range tt.probes {
				reason, until, ok := u.Blocked(p.sku, p.spot, noon)
				if ok != p.want || ok != (reason != "") {
					t.Errorf("%s spot %t: %t %q, want %t", p.sku.Name, p.spot, ok, reason, p.want)
				}
				if least := noon.Add(tt.length); ok && (until.Before(least) || until.After(least.Add(tt.length/10+tt.length*11/40))) {
					t.Errorf("%s: until %s, want %s and up to a tenth more", p.sku.Name, until, least)
				}
			}
			if tt.length > 0 && u.Expired(noon.Add(2*tt.length)).Blocks != nil && len(u.Expired(noon.Add(2*tt.length)).Blocks) > 0 {
				t.Error("it is never forgotten")
			}
		})
	}
}

func TestBlocksEndWithAProbe(t *testing.T) {
	small, big := sku(t, "Standard_NC24ads_A100_v4"), sku(t, "Standard_NC96ads_A100_v4")
	u := Unavailable{}.Learn(cloudError("OperationNotAllowed", textNoQuota), Attempt{SKU: big}, noon, "demo")
	b := u.Blocks[0]
	after := b.Until.Add(time.Minute)
	if _, _, blocked := u.Blocked(small, false, after); blocked {
		t.Error("the smallest size is not let through")
	}
	if _, _, blocked := u.Blocked(big, false, after); !blocked {
		t.Error("the big size is let through before the smallest has been tried")
	}
	if _, _, blocked := u.Blocked(big, false, b.forgotten()); blocked {
		t.Error("the big size is never let through")
	}
	if got := u.Worked(small, false); len(got.Blocks) != 0 {
		t.Errorf("after success %+v", got)
	}
	again := u.Learn(cloudError("OperationNotAllowed", textNoQuota), Attempt{SKU: small}, after, "demo").Blocks[0]
	if again.Failures != 2 || again.Until.Sub(again.Since) < 2*time.Hour {
		t.Errorf("a probe that fails blocks for longer: %+v", again)
	}
	early := u.Learn(cloudError("OperationNotAllowed", textNoQuota), Attempt{SKU: small}, noon.Add(time.Minute), "demo").Blocks[0]
	if early.Failures != 1 {
		t.Errorf("a failure while it is blocked is no failed probe: %+v", early)
	}
	last := 0.0
	for at := noon; at.Before(b.Until.Add(3 * time.Hour)); at = at.Add(10 * time.Minute) {
		p := u.Chance(small, false, at)
		if p < last || p < 0.27 || p > 1 {
			t.Fatalf("chance %f after %f", p, last)
		}
		last = p
	}
	if last < 0.95 || u.Chance(sku(t, "Standard_NC40ads_H100_v5"), false, noon) != 1 {
		t.Errorf("chance does not come back: %f", last)
	}
}

func TestConstraintsAreGivenUpInOrder(t *testing.T) {
	a := Attempt{SKU: sku(t, "Standard_NC24ads_A100_v4"), Zones: []string{"1"}, Constraints: []Constraint{EphemeralDisk, Zone, PlacementGroup}}
	var u Unavailable
	for i, want := range []Constraint{PlacementGroup, Zone, EphemeralDisk} {
		u = u.Learn(cloudError("OverconstrainedZonalAllocationRequest", ""), a, noon, "demo")
		dropped := u.Dropped(a.SKU, false, noon)
		if len(dropped) != i+1 || dropped[i] != want {
			t.Fatalf("given up %v, want %s next", dropped, want)
		}
		if _, _, blocked := u.Blocked(a.SKU, false, noon); blocked {
			t.Fatal("blocked while there is something to give up")
		}
	}
	a.Zones = nil // given up
	u = u.Learn(cloudError("OverconstrainedAllocationRequest", ""), a, noon, "demo")
	if _, _, blocked := u.Blocked(a.SKU, false, noon); !blocked {
		t.Error("not blocked with nothing left to give up")
	}
}

func TestUnavailableSurvivesWriting(t *testing.T) {
	var u Unavailable
	u = u.Learn(cloudError("OperationNotAllowed", textNoQuota), Attempt{SKU: sku(t, "Standard_NC24ads_A100_v4")}, noon, "demo")
	u = u.Learn(cloudError("AllocationFailed", ""), Attempt{SKU: sku(t, "Standard_NC40ads_H100_v5"), Spot: true}, noon, "demo")
	u = u.Learn(cloudError("AksCapacityHeavyUsage", ""), Attempt{}, noon, "demo")
	for name, codec := range map[string]struct {
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}{"json": {json.Marshal, json.Unmarshal}, "yaml": {yaml.Marshal, yaml.Unmarshal}} {
		data, err := codec.marshal(u.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		var back []Block
		if err := codec.unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, u.Blocks) {
			t.Errorf("%s: %v\n%s\n%+v", name, err, data, back)
		}
	}
	if again := u.Learn(cloudError("AksCapacityHeavyUsage", ""), Attempt{}, noon, "demo"); !reflect.DeepEqual(again, u) {
		t.Error("learning the same at the same time changes something")
	}
	if other := (Unavailable{}).Learn(cloudError("AksCapacityHeavyUsage", ""), Attempt{}, noon, "other"); other.Blocks[0].Until.Equal(u.Blocks[0].Until) {
		t.Error("two syncers come back in step")
	}
}

// TestUnavailableHoldsTogether learns at random, and checks what has to be true of whatever was learned.
func TestUnavailableHoldsTogether(t *testing.T) {
	codes := []string{"QuotaExceeded", "SkuNotAvailable", "VMSizeNotSupported", "AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest", "AksCapacityHeavyUsage", "AuthorizationFailed"}
	texts := []string{"", textFamilyQuota, textNoQuota, textSpotQuota, textRegional, textPreflight}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var u Unavailable
		now := noon
		for range 40 {
			now = now.Add(time.Duration(rng.IntN(120)) * time.Minute)
			a := Attempt{SKU: skus[rng.IntN(len(skus))], Spot: rng.IntN(2) == 0}
			if rng.IntN(3) == 0 {
				a.Zones, a.Constraints = []string{"1", "2"}, constraints
			}
			e := cloudError(codes[rng.IntN(len(codes))], texts[rng.IntN(len(texts))])
			u = u.Learn(e, a, now, "demo").Expired(now)
			if again := u.Learn(e, a, now, "demo"); e.Class != ClassConstraint && !reflect.DeepEqual(again, u) {
				t.Fatalf("seed %d: learning %s again changes\n%+v\nto\n%+v", seed, e.Code, u.Blocks, again.Blocks)
			}
			if back := UnavailableOf(u.Blocks); len(u.Blocks) > 0 && !reflect.DeepEqual(back, u) {
				t.Fatalf("seed %d: not in order: %+v", seed, u.Blocks)
			}
			for _, s := range skus {
				reason, until, ok := u.Blocked(s, a.Spot, now)
				if p := u.Chance(s, a.Spot, now); p <= 0 || p > 1 || ok && (reason == "" || !until.After(now) || until.Sub(now) > 2*maxBlock) {
					t.Fatalf("seed %d: %s: chance %f, blocked %t until %s, %q", seed, s.Name, p, ok, until, reason)
				}
			}
		}
		if left := u.Expired(now.Add(2 * maxBlock)); len(left.Blocks) > 0 {
			t.Fatalf("seed %d: never forgotten: %+v", seed, left.Blocks)
		}
	}
}
