// SPDX-License-Identifier: Apache-2.0

package sizing

import "testing"

// BenchmarkSize sizes one Workspace that names no size: Size evaluates every size of the catalogue, and every part of a
// node.
func BenchmarkSize(b *testing.B) {
	r := Request{Preset: llama70Known, Region: "eastus"}
	for b.Loop() {
		if _, err := Size(r); err != nil {
			b.Fatal(err)
		}
	}
}
