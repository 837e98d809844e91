// SPDX-License-Identifier: Apache-2.0

package markdown_test

import (
	"testing"

	"syncer.dev/syncer/internal/plan/markdown"
)

// BenchmarkRender writes the comment of 500 Workspaces for GitHub.
func BenchmarkRender(b *testing.B) {
	p := fleet(500, 0, 0)
	for b.Loop() {
		if got := markdown.Render(p, markdown.Options{Limit: github}); len(got) > github {
			b.Fatal(len(got))
		}
	}
}
