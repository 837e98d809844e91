// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"syncer.dev/syncer/internal/diag"
)

// Table prints Reports with the columns of "kubectl get workspace".
func Table(w io.Writer, reports []*Report, wide bool) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	header := []string{
		"NAMESPACE",
		"NAME",
		"INSTANCE",
		"RESOURCEREADY",
		"INFERENCEREADY",
		"JOBSTARTED",
		"WORKSPACESUCCEEDED",
		"TARGETNODECOUNT",
		"STATE",
	}
	if wide {
		header = append(header, "POOLS", "USD/H", "USD/MONTH", "PRICES OF", "ENDPOINT", "SOURCE", "COMMIT", "MESSAGE")
	}
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, r := range reports {
		row := []string{
			r.Namespace,
			r.Name,
			r.InstanceType,
			r.is(ResourceReady),
			r.is(InferenceReady),
			r.is(JobStarted),
			r.is(WorkspaceSucceeded),
			strconv.Itoa(r.TargetNodeCount),
			string(r.State),
		}
		if wide {
			var pools []string
			for _, p := range r.Pools {
				pools = append(pools, p.Name)
			}
			row = append(
				row,
				strings.Join(pools, ","),
				r.HourlyCost,
				r.MonthlyCost,
				r.PricesDate,
				r.Endpoint,
				r.Source,
				r.commitColumn(),
				r.Headline(),
			)
		}
		for i := range row {
			row[i] = diag.EscapeText(row[i])
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// commitColumn shows the commit that was carried out, and after an arrow the one that was not.
func (r Report) commitColumn() string {
	if r.DesiredCommit == "" {
		return short(r.ObservedCommit)
	}
	return short(r.ObservedCommit) + "->" + short(r.DesiredCommit)
}

func (r Report) is(kind string) string {
	for _, c := range r.Conditions {
		if c.Type == kind {
			return c.Status
		}
	}
	return ""
}
