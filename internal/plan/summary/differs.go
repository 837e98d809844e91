// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/plan"
)

// maxDiffers bounds the differences that the report on a Workspace lists.
const maxDiffers = 10

// Shortened is a list of differences as one text.
func Shortened(texts []string) string {
	if len(texts) == 0 {
		return "nothing differs from Git"
	}
	more := ""
	if n := len(texts) - maxDiffers; n > 0 {
		texts, more = texts[:maxDiffers], fmt.Sprintf(", and %d more", n)
	}
	return "differs from Git: " + strings.Join(texts, ", ") + more
}

// Differs says what a change that waits would do. The paths and values of a plan are redacted.
func Differs(c *plan.Change) string {
	values := c.Texts.Fields()
	switch {
	case c.Pool != nil && c.Pool.Live == nil:
		return c.Target + " would be created"
	case c.Pool != nil && c.Pool.Desired == nil:
		return c.Target + " would be deleted"
	case c.Pool != nil:
		return fmt.Sprintf("%s has %d nodes, and would have %d", c.Target, c.Pool.Live.Count, c.Pool.Desired.Count)
	case c.Live != nil:
		return c.Target + " would be deleted"
	case len(values) == 0 && c.Texts.Empty():
		return c.Target + ": " + c.Reason
	case len(values) == 0:
		return c.Target + " would be created"
	}
	var fields []string
	for _, f := range values {
		text := f.Path
		if len(f.Lines) > 0 && len(f.Lines) <= 2 {
			text += " " + strings.Join(f.Lines, " ")
		}
		fields = append(fields, text)
	}
	if n := len(fields) - maxDiffers; n > 0 {
		fields = append(fields[:maxDiffers], fmt.Sprintf("%d more fields", n))
	}
	return c.Target + " (" + strings.Join(fields, "; ") + ")"
}
