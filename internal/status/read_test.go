// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/status/fields"
)

// TestReadersShare: files of a fleet that are read one after the other have their common texts once, and nothing else
// in common.
func TestReadersShare(t *testing.T) {
	var r fields.Reader
	var files [][]byte
	for _, report := range fleet(20) {
		files = append(files, report.YAML())
	}
	var all []Report
	for _, data := range files {
		one, err := parse(&r, data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	for i, one := range all {
		alone, err := Parse(files[i])
		if diff := cmp.Diff(alone, one); diff != "" || err != nil {
			t.Errorf("%v (-alone +after others):\n%s", err, diff)
		}
		if got := string(one.YAML()); got != string(files[i]) {
			t.Errorf("%s\nbecame\n%s", files[i], got)
		}
	}
	if got := testing.AllocsPerRun(100, func() { _, _ = parse(&r, files[0]) }); got > 30 {
		t.Errorf("%.0f allocations for a file, of which most is known", got)
	}
}
