// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"bytes"
	"encoding/json"
	"io"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
)

// APIVersion is the version of every document that commands print.
const APIVersion = wellknown.APIVersion

// PrintJSON prints a document for programs. People and build logs see it as well, so control characters and starts of
// log commands in its strings are escaped; a parser reads the same values.
func PrintJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(diag.EscapeJSON(b.Bytes()))
	return err
}

// list is the document of several items of one kind.
func list(kind string, items any) any {
	return map[string]any{"apiVersion": APIVersion, "kind": kind, "items": items}
}

// PrintAs prints a document if the format is json or yaml, a line for each of the names if it is name, and calls text
// for any other format. It is the one way in which commands answer -o.
func PrintAs(w io.Writer, format string, document any, names []string, text func() error) error {
	switch format {
	case "json":
		return PrintJSON(w, document)
	case "yaml":
		return PrintYAML(w, document)
	case "name":
		return printNames(w, names)
	}
	return text()
}

// printNames prints each name once, on a line of its own.
func printNames(w io.Writer, names []string) error {
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			continue
		}
		seen[n] = true
		if _, err := io.WriteString(w, diag.EscapeText(n)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// PrintYAML prints a document for programs as YAML. The fields are those of its JSON.
func PrintYAML(w io.Writer, v any) error {
	return diag.WriteYAML(w, v)
}
