// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"bytes"
	"io"
	"strings"
	"text/tabwriter"
)

// table lines up cells, which tabs separate, and leaves no blanks at the end of a line.
type table struct {
	*tabwriter.Writer
	text *bytes.Buffer
	to   io.Writer
}

// newTable returns a table that Flush prints on w. The padding is the number of blanks between columns, and flags are
// those of package tabwriter.
func newTable(w io.Writer, padding int, flags uint) table {
	var text bytes.Buffer
	return table{tabwriter.NewWriter(&text, 0, 8, padding, ' ', flags), &text, w}
}

// Flush prints the table.
func (t table) Flush() error {
	if err := t.Writer.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(t.text.String()) {
		if _, err := io.WriteString(t.to, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}
