// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status/events"
)

// PrintEvents prints events as a table in the manner of "kubectl events", or as json or yaml.
func PrintEvents(w io.Writer, all []events.Event, format string) error {
	items := []any{}
	var names []string
	for _, e := range all {
		names = append(names, e.Workspace.String())
		items = append(items, map[string]any{
			"time": e.Time.UTC().Format(time.RFC3339), "namespace": e.Workspace.Namespace, "name": e.Workspace.Name,
			"change": e.Change, "commit": e.Source, "statusCommit": e.Commit,
		})
	}
	return PrintAs(w, format, list("EventList", items), names, func() error {
		t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
		fmt.Fprintln(t, "TIME\tNAMESPACE\tNAME\tCOMMIT\tCHANGE")
		for _, e := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", e.Time.UTC().Format(time.RFC3339), diag.EscapeText(e.Workspace.Namespace),
				diag.EscapeText(e.Workspace.Name), diag.EscapeText(short(e.Source)), diag.EscapeText(e.Change))
		}
		return t.Flush()
	})
}
