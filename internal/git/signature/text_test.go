// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestText: a signature of a text counts in its namespace, by a key that may sign there, and for these bytes only.
func TestText(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	run(t, dir, "", "ssh-keygen", "-q", "-t", "ed25519", "-f", key, "-N", "", "-C", "ci")
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	const space = "syncer-review"
	text, now := []byte("what was shown\n"), time.Unix(1e9, 0)
	sig, err := Signer{KeyFile: key}.SignText(text, space)
	if err != nil {
		t.Fatal(err)
	}
	for options, namespace := range map[string]string{
		"": space, `namespaces="git,syncer-review" `: space, `valid-after="20000101Z" `: space,
	} {
		keys, err := ParseSigners([]byte("ci "+options+string(public)), namespace)
		if err != nil {
			t.Fatal(err)
		}
		if who, err := keys.VerifyText(text, sig, now); err != nil || who != "ci" {
			t.Errorf("options %q: %q, %v", options, who, err)
		}
		if _, err := keys.VerifyText([]byte("what was not\n"), sig, now); err == nil {
			t.Errorf("options %q: another text counts", options)
		}
		if _, err := keys.VerifyText(text, nil, now); !errors.Is(err, ErrUnsigned) {
			t.Errorf("unsigned: %v", err)
		}
		for _, bad := range []string{"x", string(sig[:len(sig)/2]), strings.Replace(string(sig), "U1NIU0lH", "U1NIU0lI", 1)} {
			if _, err := keys.VerifyText(text, []byte(bad), now); err == nil {
				t.Errorf("%q counts", bad)
			}
		}
	}
	for _, c := range []struct{ options, namespace string }{{"", "git"}, {`valid-before="20000101Z" `, space}} {
		keys, err := ParseSigners([]byte("ci "+c.options+string(public)), c.namespace)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.VerifyText(text, sig, now); err == nil {
			t.Errorf("%+v: it counts", c)
		}
	}
	if _, err := ParseSigners([]byte(`ci namespaces="git" `+string(public)), space); err == nil {
		t.Error("a key for commits signs reviews")
	}
	allowed, signature := filepath.Join(dir, "allowed"), filepath.Join(dir, "sig")
	for name, data := range map[string]string{allowed: "ci " + string(public), signature: string(sig)} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "ci", "-n", space, "-s", signature)
	verify.Stdin = strings.NewReader(string(text))
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen: %v: %s", err, out)
	}
	pgp := filepath.Join(dir, "pgp")
	if err := os.WriteFile(pgp, []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Signer{KeyFile: pgp}).SignText(text, space); !errors.Is(err, ErrNotSSH) {
		t.Errorf("%v", err)
	}
	if _, err := (Signer{KeyFile: filepath.Join(dir, "none")}).SignText(text, space); err == nil {
		t.Error("a key that does not exist signs")
	}
}
