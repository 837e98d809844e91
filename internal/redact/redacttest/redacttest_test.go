// SPDX-License-Identifier: Apache-2.0

package redacttest

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/redact"
)

// TestSecrets: there are at least 30, all different, and each is found alone and among the others.
func TestSecrets(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Secrets() {
		if seen[s.Bare] || !strings.Contains(s.Form, s.Bare) || len(s.Bare) < 12 {
			t.Errorf("%+v", s)
		}
		seen[s.Bare] = true
		Look(t, s.Form, redact.Text(s.Form))
	}
	if len(seen) < 30 {
		t.Errorf("only %d secrets", len(seen))
	}
	Look(t, "all", redact.Text(Text()))
	Look(t, "an error", redact.Text(Error{}.Error()))
}
