// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
)

// PrintObjects prints Kubernetes objects as YAML documents, as a JSON List, as a table, or by their names: "kind/name".
func PrintObjects(w io.Writer, items []map[string]any, format string) error {
	var names []string
	for _, item := range items {
		o := unstructured.Unstructured{Object: item}
		names = append(names, strings.ToLower(o.GetKind())+"/"+o.GetName())
	}
	switch format {
	case "json", "name":
		return PrintAs(w, format, map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, names, nil)
	case "table", "text":
		return printObjectTable(w, items)
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

func printObjectTable(w io.Writer, items []map[string]any) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "NAMESPACE\tKIND\tNAME")
	for _, item := range items {
		o := unstructured.Unstructured{Object: item}
		fmt.Fprintf(t, "%s\t%s\t%s\n", diag.EscapeText(o.GetNamespace()), diag.EscapeText(o.GetKind()),
			diag.EscapeText(o.GetName()))
	}
	return t.Flush()
}
