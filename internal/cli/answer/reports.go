// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"io"

	"syncer.dev/syncer/internal/status"
)

// PrintReports prints Reports in one of the formats of "status": table, wide, json or yaml.
func PrintReports(w io.Writer, reports []status.Report, format string) error {
	items := []any{}
	for _, r := range reports {
		items = append(items, r.Document())
	}
	return printAs(w, format, list("WorkspaceStatusList", items), func() error {
		return status.Table(w, reports, format == "wide")
	})
}
