// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// LinkReasons says which command explains the reasons of problems, each once.
func LinkReasons(w io.Writer, list []diag.Diagnostic) {
	var names []string
	for _, d := range list {
		if d.Reason.Meaning() != "" {
			names = append(names, string(d.Reason))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		diag.Fprintf(w, "to learn more: syncer explain %s\n", strings.Join(names, " "))
	}
}
