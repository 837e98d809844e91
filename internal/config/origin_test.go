// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
)

// TestOrigin: a problem names the place of the value that counts, not that of the one which it replaces.
func TestOrigin(t *testing.T) {
	const file = "apiVersion: syncer.dev/v1alpha1\nkind: Config\n" +
		"policy:\n  deletion: warn\n  pods: {secrets: [a]}\nnamespaces: [default]\n"
	for name, tt := range map[string]struct {
		env, flags map[string]string
		file, want string
	}{
		"file": {file: strings.Replace(file, "warn", "wrn", 1), want: `syncer.yaml:4:3: policy.deletion: "wrn" is`},
		"variable": {
			env: map[string]string{"SYNCER_POLICY_DELETION": "x"}, want: `SYNCER_POLICY_DELETION: policy.deletion: "x" is`,
		},
		"flag": {flags: map[string]string{"policy.deletion": "x"}, want: `--policy-deletion: policy.deletion: "x" is`},
		"flag over variable": {
			env:   map[string]string{"SYNCER_POLICY_DELETION": "warn"},
			flags: map[string]string{"policy.deletion": "x"},
			want:  `--policy-deletion: policy.deletion: "x" is`,
		},
		"wrong type": {env: map[string]string{"SYNCER_PRUNE": "x"}, want: "SYNCER_PRUNE: prune: must be true or false"},
		"list": {
			env: map[string]string{"SYNCER_POLICY_PODS_SECRETS": "A_B"}, want: "SYNCER_POLICY_PODS_SECRETS: policy.pods.secrets",
		},
		"list of namespaces": {
			flags: map[string]string{"namespaces": "default,A_B"}, want: `--namespaces: namespaces`,
		},
		"path": {flags: map[string]string{"status.path": "."}, want: "--status-path: status.path: must not be the root"},
		"by default": {
			env:  map[string]string{"SYNCER_SOURCE_BRANCH": "syncer/status", "SYNCER_SOURCE_PATH": "status"},
			want: "\n  status.path: ",
		},
	} {
		env := func(k string) (string, bool) { v, ok := tt.env[k]; return v, ok }
		text := file
		if tt.file != "" {
			text = tt.file
		}
		_, err := Load("syncer.yaml", []byte(text), env, tt.flags)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err != nil && tt.file == "" && strings.Contains(err.Error(), "syncer.yaml") {
			t.Errorf("%s: blames the file: %v", name, err)
		}
	}
}
