// SPDX-License-Identifier: Apache-2.0

package answer

import "io"

// PrintObjects prints Kubernetes objects as YAML documents, or as a JSON List.
func PrintObjects(w io.Writer, items []any, format string) error {
	if format == "json" {
		return PrintJSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	for _, item := range items {
		if _, err := io.WriteString(w, "---\n"); err != nil {
			return err
		}
		if err := PrintYAML(w, item); err != nil {
			return err
		}
	}
	return nil
}
