// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric describes one metric of syncer.
type Metric struct {
	Name, Help string
	Kind       string // counter, gauge or histogram
	Labels     []string
}

// described reads a description, which has no other way to its parts.
var described = regexp.MustCompile(
	`^Desc\{fqName: "(\w+)", help: "(.*?)"(?:, unit: ".*?")?, constLabels: \{.*\}, variableLabels: \{([\w,]*)\}\}$`,
)

// Metrics lists the metrics of a State, by name.
func Metrics() ([]Metric, error) {
	descs := make(chan *prometheus.Desc)
	go func() {
		(&State{}).Describe(descs)
		close(descs)
	}()
	var out []Metric
	var failed error
	for d := range descs {
		m := described.FindStringSubmatch(d.String())
		if m == nil {
			failed = fmt.Errorf("cannot read the description %s", d)
			continue
		}
		one := Metric{Name: m[1], Help: m[2], Kind: "gauge", Labels: strings.Split(m[3], ",")}
		switch {
		case strings.HasSuffix(one.Name, "_total"):
			one.Kind = "counter"
		case slices.Contains([]string{stepOpts.Name, pushOpts.Name, readyOpts.Name}, one.Name):
			one.Kind = "histogram"
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	return out, failed
}

// Markdown returns the metrics as docs/metrics.md has them.
func Markdown(all []Metric) string {
	var b strings.Builder
	b.WriteString("# Metrics\n\n<!-- Generated from internal/app/monitoring by \"make generate\". -->\n\n")
	b.WriteString("`syncer run` serves these metrics at `/metrics`, on the address of `listen`. " +
		"Counters and histograms start over with the process,\nand with a new configuration. " +
		"The metrics of the Go runtime (`go_*`) and of the process (`process_*`) are there as well.\n\n" +
		"Replicas that follow report the fleet too: take the maximum over pods, not the sum. " +
		"`deploy/monitoring` has alert rules and a board, which\ndo so; " +
		"[operating](operating.md#metrics-alerts-and-a-board) says how to install them.\n\n" +
		"| metric | kind | labels | meaning |\n|---|---|---|---|\n")
	for _, m := range all {
		labels := "`" + strings.Join(m.Labels, "`, `") + "`"
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, labels, m.Help)
	}
	return b.String()
}
