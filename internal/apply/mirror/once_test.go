// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// TestOnce: each text comes back as it was, also where texts share a place, and one that is asked for often is there
// once.
func TestOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 5000 {
				text := fmt.Sprintf("%0*d", i%90, i%700)
				if got := Once(text); got != text {
					t.Errorf("%q is %q", text, got)
				}
			}
		})
	}
	all.Wait()
	for _, text := range []string{"default", strings.Repeat("a", 2*maxRecent)} {
		a, b := Once(strings.Clone(text)), Once(strings.Clone(text))
		if unsafe.StringData(a) != unsafe.StringData(b) {
			t.Errorf("%q is there twice", text)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		whole, text string
		part        bool
	}{{"model-0", "model", true}, {"a", "a", true}, {"a", "", false}, {"model-0", "other", false}, {"a", "abc", false}} {
		got := Within(tt.whole, tt.text)
		if got != tt.text || tt.part != (got != "" && unsafe.StringData(got) == unsafe.StringData(tt.whole)) {
			t.Errorf("%q within %q is %q", tt.text, tt.whole, got)
		}
	}
}
