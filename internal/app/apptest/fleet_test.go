// SPDX-License-Identifier: Apache-2.0

package apptest_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/config"
)

// TestDocumentedLimits: docs/performance.md names the limits that large fleets need, with the defaults as they are, and
// they are at least those that benchmarks run with.
func TestDocumentedLimits(t *testing.T) {
	text, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	limits := func(c config.Config) map[string]int {
		l := c.Source.Limits
		return map[string]int{
			"workspaces": l.Workspaces, "manifests": l.Manifests, "files": l.Files, "values": l.Values, "objects": l.Objects,
		}
	}
	row := regexp.MustCompile("(?m)^\\| `source\\.limits\\.(\\w+)` \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|")
	rows := row.FindAllStringSubmatch(string(text), -1)
	found := map[string]bool{}
	for _, row := range rows {
		name := row[1]
		found[name] = true
		for i, want := range []map[string]int{
			limits(config.Default()), limits(apptest.FleetConfig(10_000)), limits(apptest.FleetConfig(50_000)),
		} {
			n, err := strconv.Atoi(row[2+i])
			if err != nil || n < want[name] || i == 0 && n != want[name] {
				t.Errorf("%s: column %d says %s, want %d", name, i+1, row[2+i], want[name])
			}
		}
	}
	for name := range limits(config.Default()) {
		if !found[name] {
			t.Errorf("no row for %s", name)
		}
	}
}
