// SPDX-License-Identifier: Apache-2.0

package index

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// TestIndex: the README of a branch lists its clusters with their totals, and repeats nothing else of what others may
// have written.
func TestIndex(t *testing.T) {
	report := func(name string, state status.State, cost string) *status.Report {
		return &status.Report{Key: workspace.Key{Namespace: "default", Name: name}, State: state, HourlyCost: cost}
	}
	demo := status.Summary{Cluster: "demo", Reports: []*status.Report{
		report("bad", status.Failed, ""), report("phi-4", status.Ready, "3.67"),
	}}
	found := map[string][]byte{
		"demo":  status.Files(demo)["README.md"],
		"empty": status.Files(status.Summary{Cluster: "empty"})["README.md"],
		"other": []byte("# other\n\n**1 of 1 ready** <script>\n\n[x](javascript:y)\n"),
		"a|b":   []byte("**1 of 1 ready**\n"),
		"new":   nil,
	}
	got, ok := Of("status", nil, found)
	if !ok {
		t.Fatal("a branch without a README gets none")
	}
	golden.Equal(t, "testdata/index.md", got)
	if again, ok := Of("status", got, found); !ok || string(again) != string(got) {
		t.Errorf("a second time: %t %s", ok, again)
	}
	if _, ok := Of("status", []byte("# Ours\n"), found); ok {
		t.Error("a README of others is replaced")
	}
	for _, bad := range []string{"script", "javascript", "a|b"} {
		if strings.Contains(string(got), bad) {
			t.Errorf("it holds %q", bad)
		}
	}
}
