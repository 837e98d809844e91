// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/imagespec"
)

// TestTables: what the tables say about flags by name is about flags that the image has, or no longer has. After the
// image is raised, it shows which entries have lost their meaning.
func TestTables(t *testing.T) {
	spec := imagespec.Current()
	for _, name := range slices.Concat(slices.Collect(maps.Keys(fixed)), slices.Collect(maps.Keys(without)),
		slices.Collect(maps.Keys(uncounted))) {
		if _, ok := spec.Flags[name]; !ok {
			t.Errorf("the image has no flag %s", name)
		}
	}
	for old, use := range successors {
		if _, ok := spec.Retired[old]; !ok {
			t.Errorf("%s is not retired", old)
		}
		rest, names := strings.CutPrefix(use, "use ")
		for name := range strings.SplitSeq(rest, " and ") {
			if _, ok := spec.Flags[name]; names && !ok {
				t.Errorf("%s: the image has no flag %s", old, name)
			}
		}
	}
	for section, names := range tuned {
		for name := range names {
			if _, ok := spec.Tuning[section][name]; !ok {
				t.Errorf("the section %s has no key %s", section, name)
			}
		}
	}
	for _, section := range []string{unpinned, "DatasetConfig"} {
		if len(spec.Tuning[section]) == 0 {
			t.Errorf("the image has no section %s", section)
		}
	}
	if _, ok := spec.Tuning["DatasetConfig"]["train_test_split"]; !ok {
		t.Error("no train_test_split")
	}
}
