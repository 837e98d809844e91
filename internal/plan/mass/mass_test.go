// SPDX-License-Identifier: Apache-2.0

package mass_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/plan/mass"
)

// TestTooMany: small repositories are never hindered, and each limit counts by itself.
func TestTooMany(t *testing.T) {
	both := mass.Policy{Count: 10, Percent: 50}
	for name, tt := range map[string]struct {
		policy mass.Policy
		part   mass.Part
		want   bool
	}{
		"all of three":          {both, mass.Part{Gone: 3, All: 3}, false},
		"all of four":           {both, mass.Part{Gone: 4, All: 4}, true},
		"half":                  {both, mass.Part{Gone: 5, All: 10}, false},
		"more than half":        {both, mass.Part{Gone: 6, All: 10}, true},
		"ten of many":           {both, mass.Part{Gone: 10, All: 1000}, false},
		"eleven of many":        {both, mass.Part{Gone: 11, All: 1000}, true},
		"a part that waits":     {both, mass.Part{Gone: 4, All: 100, Waits: true}, true},
		"three that wait":       {both, mass.Part{Gone: 3, All: 100, Waits: true}, false},
		"off, and it waits":     {mass.Policy{}, mass.Part{Gone: 4, All: 100, Waits: true}, false},
		"off":                   {mass.Policy{}, mass.Part{Gone: 1000, All: 1000}, false},
		"only the count is off": {mass.Policy{Percent: 50}, mass.Part{Gone: 11, All: 1000}, false},
	} {
		for what, d := range map[string]mass.Deletion{
			"Workspaces": {Policy: tt.policy, Workspaces: tt.part},
			"objects":    {Policy: tt.policy, Objects: tt.part},
		} {
			if got := d.TooMany(); got != tt.want || d.Held() != tt.want {
				t.Errorf("%s, %s: too many %t, held %t", name, what, got, d.Held())
			}
			d.Allowed = tt.part.Gone
			if d.Held() {
				t.Errorf("%s, %s: held although it is allowed", name, what)
			}
		}
	}
	d := mass.Deletion{Policy: both, Workspaces: mass.Part{Gone: 11, All: 1000}, Allowed: 10}
	said := d.String() + d.Hint()
	if !d.Held() || !strings.Contains(said, "Syncer-Allow-Delete: 11") || !strings.Contains(said, "count is 10") {
		t.Errorf("%t, %s, %s", d.Held(), d.Hint(), d)
	}
	if got := mass.Allowed([]string{"3", "many", "-1", "7", ""}); got != 7 {
		t.Errorf("allowed: %d", got)
	}
}

// TestApart: neither Workspaces nor plain objects hide the others, or hold those that are few. A commit must allow the
// sum of what is too much.
func TestApart(t *testing.T) {
	both := mass.Policy{Count: 10, Percent: 50}
	for name, tt := range map[string]struct {
		workspaces, objects mass.Part
		needs               int
		says                string
	}{
		"few of both": {mass.Part{Gone: 3, All: 3}, mass.Part{Gone: 3, All: 3}, 0, ""},
		"all Workspaces among many objects": {
			mass.Part{Gone: 4, All: 4},
			mass.Part{Gone: 3, All: 500},
			4,
			`4 of 4 Workspaces would be deleted at once (policy.massDeletion.percent is 50); if that is meant, push a ` +
				`commit with the trailer "Syncer-Allow-Delete: 4"`,
		},
		"many objects and three Workspaces": {
			mass.Part{Gone: 3, All: 40},
			mass.Part{Gone: 500, All: 520},
			500,
			`500 of 520 plain objects would be deleted at once (policy.massDeletion.count is 10); if that is meant, push ` +
				`a commit with the trailer "Syncer-Allow-Delete: 500"`,
		},
		"too many of both": {
			mass.Part{Gone: 4, All: 5},
			mass.Part{Gone: 12, All: 100},
			16,
			`4 of 5 Workspaces would be deleted at once (policy.massDeletion.percent is 50), and 12 of 100 plain objects ` +
				`would be deleted at once (policy.massDeletion.count is 10); if that is meant, push a commit with the ` +
				`trailer "Syncer-Allow-Delete: 16", which is 4 Workspaces and 12 plain objects`,
		},
	} {
		d := mass.Deletion{Policy: both, Workspaces: tt.workspaces, Objects: tt.objects}
		if d.Needs() != tt.needs || d.Held() != (tt.needs > 0) {
			t.Errorf("%s: needs %d, held %t", name, d.Needs(), d.Held())
		}
		if said := d.String() + "; " + d.Hint(); tt.needs > 0 && said != tt.says {
			t.Errorf("%s:\n got %s\nwant %s", name, said, tt.says)
		}
		if d.Allowed = tt.needs - 1; tt.needs > 0 && !d.Held() {
			t.Errorf("%s: one less than needed is enough", name)
		}
		if d.Allowed = tt.needs; d.Held() {
			t.Errorf("%s: held although it is allowed", name)
		}
	}
}
