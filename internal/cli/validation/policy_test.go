// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/validation"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestCheckPolicies: what a policy forbids of a change makes it invalid, as it blocks the plan.
func TestCheckPolicies(t *testing.T) {
	another := "---\n" + strings.ReplaceAll(phi(small), "name: phi}", "name: other}")
	for name, tt := range map[string]struct {
		policy string
		after  string
		want   []string // the texts of what is forbidden
	}{
		"nothing is forbidden": {"{deletion: warn}", phi(small), nil},
		"deletion": {
			"{deletion: fail, interruption: fail}", phi(small),
			[]string{"the Workspace is deleted, and serving stops for good"},
		},
		"interruption": {
			"{interruption: fail}", phi(large) + another,
			[]string{"serving stops until the new pods are ready; for how long is unknown"},
		},
		"cost": {
			"{costDelta: {verdict: fail, hourly: 1}}", phi(large) + another,
			[]string{"policy.costDelta.hourly is 1.00"},
		},
		"cost within the limit": {"{costDelta: {verdict: fail, hourly: 100}}", phi(large) + another, nil},
		"quota":                 {"{unknownQuota: fail}", phi(large) + another, nil},
		"no change":             {"{deletion: fail, interruption: fail}", phi(small) + another, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := gittest.NewRepo(t)
			config := "apiVersion: syncer.dev/v1alpha1\nkind: Config\npolicy: " + tt.policy + "\n"
			r.Commit(map[string]string{"models/phi.yaml": phi(small) + another, "syncer.yaml": config}, "one")
			dir := t.TempDir()
			r.Git("clone", "--quiet", ".", dir)
			t.Chdir(dir)
			write(t, "models/phi.yaml", tt.after)
			for _, path := range []string{"models", "models/phi.yaml"} {
				got, err := check(t, validation.Request{Paths: []string{path}, Base: "HEAD"})
				if err != nil {
					t.Fatal(err)
				}
				forbidden := slices.DeleteFunc(got.Problems, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
				if len(forbidden) != len(tt.want) {
					t.Fatalf("%s: got %v, want %q", path, forbidden, tt.want)
				}
				for i, d := range forbidden {
					if d.Reason != diag.ChangeNotAllowed || !strings.Contains(d.Message, tt.want[i]) || d.Hint == "" {
						t.Errorf("%s: got %v, want %q", path, d, tt.want[i])
					}
				}
			}
		})
	}
}
