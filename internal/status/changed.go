// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"slices"
)

// ChangedFiles lists the paths of the files that differ.
func ChangedFiles(before, after map[string][]byte) []string {
	var out []string
	for name, data := range after {
		if was, exists := before[name]; !exists || !bytes.Equal(was, data) {
			out = append(out, name)
		}
	}
	for name := range before {
		if _, exists := after[name]; !exists {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
