// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
)

func TestRolloutIsChecked(t *testing.T) {
	const wrong = "rollout.maxInterrupted: "
	for text, want := range map[string]string{
		"1": "", "25": "", "10%": "", "100%": "", "0": "", "off": "", `"1"`: "",
		"0%":  wrong + `"0%" is not valid (write a number such as 1, a part of those that serve such as 10%, or off)`,
		"-1":  wrong,
		"1.5": wrong, "many": wrong, "101%": wrong, "9999999999": wrong,
	} {
		c, err := Load("syncer.yaml",
			[]byte("apiVersion: syncer.dev/v1alpha1\nkind: Config\nrollout: {maxInterrupted: "+text+"}\n"),
			func(string) (string, bool) { return "", false }, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if err == nil && c.Rollout.MaxInterrupted != strings.Trim(text, `"`) {
			t.Errorf("%q is read as %q", text, c.Rollout.MaxInterrupted)
		}
	}
	if c := Default(); c.Rollout.MaxInterrupted != "1" {
		t.Errorf("by default %q", c.Rollout.MaxInterrupted)
	}
}
