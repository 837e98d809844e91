// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"syncer.dev/syncer/internal/app/monitoring"
)

// TestMetricsAreDocumented compares the metrics, with their labels, with the table in docs/operating.md.
func TestMetricsAreDocumented(t *testing.T) {
	descs := make(chan *prometheus.Desc)
	go func() {
		(&monitoring.State{}).Describe(descs)
		close(descs)
	}()
	var made []string
	described := regexp.MustCompile(`fqName: "(\w+)".*variableLabels: \{([\w,]*)\}`)
	for d := range descs {
		m := described.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("cannot read %s", d)
		}
		made = append(made, m[1]+" "+m[2])
	}
	text, err := os.ReadFile("../../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(syncer_\\w+)` \\| ([\\w`, ]*)\\|").FindAllSubmatch(text, -1) {
		labels := strings.NewReplacer("`", "", " ", "").Replace(string(m[2]))
		documented = append(documented, string(m[1])+" "+labels)
	}
	slices.Sort(made)
	slices.Sort(documented)
	if d := cmp.Diff(made, documented); d != "" {
		t.Errorf("metrics and docs/operating.md differ (-metrics +document):\n%s", d)
	}
}
