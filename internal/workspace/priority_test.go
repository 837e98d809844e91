// SPDX-License-Identifier: Apache-2.0

package workspace

import "testing"

func TestPriority(t *testing.T) {
	for text, want := range map[string]Priority{"low": Low, "normal": Normal, "high": High, "": Normal, "urgent": Normal} {
		w := &Workspace{Annotations: map[string]string{AnnotationPriority: text}}
		if got := w.Priority(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if High.Compare(Normal) <= 0 || Low.Compare(Normal) >= 0 || Priority("").Compare(Normal) != 0 {
		t.Error("low < normal < high does not hold")
	}
}
