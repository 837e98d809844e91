package capacity

import "testing"

// BenchmarkSize is what one Workspace costs whose size is ours to choose: every size is tried, and every part of a node.
func BenchmarkSize(b *testing.B) {
	r := Request{Preset: llama70Known, Region: "eastus"}
	for b.Loop() {
		if _, err := Size(r); err != nil {
			b.Fatal(err)
		}
	}
}
