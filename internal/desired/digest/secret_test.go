// SPDX-License-Identifier: Apache-2.0

package digest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/sops/keys"
	"syncer.dev/syncer/internal/sops/sopstest"
	"syncer.dev/syncer/internal/workspace/load"
)

// tokenOf returns an encrypted Secret. Each call encrypts with another key.
func tokenOf(t *testing.T, key string) string {
	t.Helper()
	text, err := sopstest.Encrypt("apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\n  namespace: default\n"+
		"  annotations:\n    syncer.dev/secret: only default/token (Opaque)\nstringData:\n  "+key+": s3cret\n",
		sopstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestDigestOfEncrypted: a pull request is planned without any key, and carried out with one. A Workspace that names an
// encrypted Secret has the same digest for both.
func TestDigestOfEncrypted(t *testing.T) {
	phi := strings.Replace(reconciletest.Phi, "{name: phi-4-mini-instruct}",
		"{name: phi-4-mini-instruct, presetOptions: {modelAccessSecret: token}}", 1)
	if phi == reconciletest.Phi {
		t.Fatal("the Workspace names no Secret")
	}
	file := filepath.Join(t.TempDir(), "age.txt")
	if err := os.WriteFile(file, []byte(sopstest.Identity), 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := keys.New(keys.Options{AgeKeyFile: file})
	if err != nil {
		t.Fatal(err)
	}
	accepted := load.Options{Objects: []string{"Secret"}, DefaultNamespace: "default"}
	planned := identified{
		files: map[string]string{"phi.yaml": phi, "token.yaml": tokenOf(t, "HF_TOKEN")}, options: accepted,
	}
	want := planned.digest(t)
	opened := planned
	opened.options.Open, opened.seen = ring.Read().Open, desired.Observed{Live: true}
	if got := opened.digest(t); got != want {
		t.Errorf("digest %s with the key, and %s without", got, want)
	}
	other := planned
	other.files = map[string]string{"phi.yaml": phi, "token.yaml": tokenOf(t, "OTHER")}
	if other.digest(t) == want {
		t.Error("a Secret with other keys has the same digest")
	}
}
