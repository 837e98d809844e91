// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"io"

	"syncer.dev/syncer/internal/status"
)

// PrintReports prints Reports in one of the formats of "status": table, wide, json, yaml or name.
func PrintReports(w io.Writer, reports []*status.Report, format string) error {
	items := []any{}
	for _, r := range reports {
		items = append(items, r.Document())
	}
	return PrintAs(w, format, list("WorkspaceStatusList", items), keysOf(reports), func() error {
		return status.Table(w, reports, format == "wide")
	})
}

// PrintReport is PrintReports for the one Workspace that was asked for: its document, not a list of one.
func PrintReport(w io.Writer, r *status.Report, format string) error {
	return PrintAs(w, format, r.Document(), keysOf([]*status.Report{r}), func() error {
		return status.Table(w, []*status.Report{r}, format == "wide")
	})
}

func keysOf(reports []*status.Report) []string {
	var out []string
	for _, r := range reports {
		out = append(out, r.Key.String())
	}
	return out
}
