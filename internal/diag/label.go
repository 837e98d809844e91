// SPDX-License-Identifier: Apache-2.0

package diag

import "strings"

// maxLabel bounds the value of a label, in bytes.
const maxLabel = 64

// EscapeLabel returns s as the value of a Prometheus label: UTF-8, which the client insists on, on one line, and short.
func EscapeLabel(s string) string {
	s = EscapeText(s)
	if len(s) > maxLabel {
		s = strings.ToValidUTF8(s[:maxLabel], "")
	}
	return s
}
