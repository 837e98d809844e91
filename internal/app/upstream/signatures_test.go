// SPDX-License-Identifier: Apache-2.0

package upstream_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/reconcile"
)

// TestSignaturesOfTheSource: an unsigned change is an error of Git that names the commit; the revision before stays.
func TestSignaturesOfTheSource(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	allowed := filepath.Join(dir, "allowed")
	if err := os.WriteFile(allowed, append([]byte("ada "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	repo := apptest.Repository(t)
	c := apptest.Config(t, repo.Dir)
	c.Status.Branch = c.Source.Branch
	c.Status.Signing.KeyFile = key
	c.Source.Signatures.Signers = []string{".=" + allowed}
	opened, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	from := upstream.Source{Repository: opened, Config: c}
	_, err = from.Fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it is not signed") || len(diag.Hints(err)) != 1 {
		t.Errorf("an unsigned commit: %v", err)
	}
	signed := repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "gpg.format=ssh",
		"-c", "user.signingkey="+key, "commit-tree", "-S", gittest.Main+"^{tree}", "-m", "signed")
	repo.Reset(gittest.Main, signed)
	if _, err := from.Fetch(t.Context()); err != nil {
		t.Errorf("a signed commit: %v", err)
	}
	recorder := statusbranch.Recorder{Branch: opened.Branch(c.Status.Branch), Config: c}
	tip, err := recorder.Record(t.Context(), reconcile.Recording{
		All: func() map[string][]byte { return map[string][]byte{"x": []byte("y")} }, Message: "status", When: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	repo.Git("-c", "gpg.ssh.allowedSignersFile="+allowed, "verify-commit", tip)
	if _, err := from.Fetch(t.Context()); err != nil {
		t.Errorf("after a status commit: %v", err)
	}
}
