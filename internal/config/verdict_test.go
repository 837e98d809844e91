// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
)

// TestUnpinnedRevision: the policy has three values, of which a warning is the default.
func TestUnpinnedRevision(t *testing.T) {
	const start = "apiVersion: syncer.dev/v1alpha1\nkind: Config\npolicy: {unpinnedRevision: "
	none := func(string) (string, bool) { return "", false }
	for value, ok := range map[string]bool{"fail": true, "warn": true, "off": true, "no": false, "''": false} {
		c, err := Load("syncer.yaml", []byte(start+value+"}\n"), none, nil)
		if (err == nil) != ok || ok && c.Policy.UnpinnedRevision != value {
			t.Errorf("%s: %q, %v", value, c.Policy.UnpinnedRevision, err)
		}
		if err != nil && !strings.Contains(err.Error(), "syncer.yaml:3:10: policy.unpinnedRevision") {
			t.Errorf("%s: %v", value, err)
		}
	}
	if got := Default().Policy.UnpinnedRevision; got != "warn" {
		t.Errorf("the default is %q", got)
	}
}
