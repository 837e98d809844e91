// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keyring is a person's keys, made by the real tools.
type keyring struct {
	dir            string
	sshPublic      string // one line
	pgpPublic      []byte
	ssh, sshLocked string // files
	pgp, pgpLocked string
}

func run(t *testing.T, dir, stdin, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GNUPGHOME="+filepath.Join(dir, "gnupg"), "GIT_CONFIG_GLOBAL="+os.DevNull)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, said.String())
	}
	return out
}

func newKeyring(t *testing.T) keyring {
	t.Helper()
	dir, err := os.MkdirTemp("", "keys") // the path of gpg-agent's socket must be short
	if err != nil {
		t.Fatal(err)
	}
	k := keyring{
		dir: dir, ssh: filepath.Join(dir, "ssh"), sshLocked: filepath.Join(dir, "locked"),
		pgp: filepath.Join(dir, "pgp"), pgpLocked: filepath.Join(dir, "pgp-locked"),
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", filepath.Join(dir, "gnupg"), "--kill", "all").Run()
		os.RemoveAll(dir)
	})
	if err := os.Mkdir(filepath.Join(dir, "gnupg"), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "", "ssh-keygen", "-q", "-t", "ed25519", "-f", k.ssh, "-N", "", "-C", "ada")
	run(t, dir, "", "ssh-keygen", "-q", "-t", "ecdsa", "-f", k.sshLocked, "-N", "s3cret", "-C", "ada")
	public, err := os.ReadFile(k.ssh + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	k.sshPublic = strings.TrimSpace(string(public))
	gpg := func(args ...string) []byte {
		return run(t, dir, "", "gpg", append([]string{"--batch", "--pinentry-mode", "loopback"}, args...)...)
	}
	for user, phrase := range map[string]string{"ada@example.com": "", "bob@example.com": "s3cret"} {
		gpg("--passphrase", phrase, "--quick-generate-key", user, "ed25519", "sign", "never")
	}
	k.pgpPublic = gpg("--armor", "--export")
	for file, user := range map[string]string{k.pgp: "ada@example.com", k.pgpLocked: "bob@example.com"} {
		secret := gpg("--passphrase", "s3cret", "--armor", "--export-secret-keys", user)
		if err := os.WriteFile(file, secret, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

const unsigned = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n" +
	"author A <a@example.com> 1767225600 +0000\ncommitter A <a@example.com> 1767225600 +0000\n" +
	"\nmessage\n\ngpgsig no header\n"

// signed puts a signature into a commit, as Git does.
func signed(sig []byte) []byte {
	header := "gpgsig " + strings.ReplaceAll(strings.TrimRight(string(sig), "\n"), "\n", "\n ") + "\n"
	head, body, _ := strings.Cut(unsigned, "\n\n")
	return []byte(head + "\n" + header + "\n" + body)
}

func mustParse(t *testing.T, text string) *Keys {
	t.Helper()
	k, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRoundTrip(t *testing.T) {
	k := newKeyring(t)
	lockedPublic, err := os.ReadFile(k.sshLocked + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	sshKeys := mustParse(t, "# team\nada@example.com "+k.sshPublic+"\n\nbob "+string(lockedPublic))
	pgpKeys := mustParse(t, string(k.pgpPublic))
	secret := func() (string, error) { return "s3cret", nil }
	now := time.Now()
	for name, test := range map[string]struct {
		signer Signer
		keys   *Keys
		want   string
	}{
		"SSH":                 {Signer{KeyFile: k.ssh}, sshKeys, "ada@example.com"},
		"SSH, passphrase":     {Signer{KeyFile: k.sshLocked, Passphrase: secret}, sshKeys, "bob"},
		"OpenPGP":             {Signer{KeyFile: k.pgp, Passphrase: secret}, pgpKeys, "ada@example.com"},
		"OpenPGP, passphrase": {Signer{KeyFile: k.pgpLocked, Passphrase: secret}, pgpKeys, "bob@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			sig, err := test.signer.Sign([]byte(unsigned))
			if err != nil {
				t.Fatal(err)
			}
			commit := signed(sig)
			if who, err := test.keys.Verify(commit, now, now); err != nil || !strings.Contains(who, test.want) {
				t.Errorf("%q, %v; want %s", who, err, test.want)
			}
			for what, forged := range map[string][]byte{
				"message": bytes.Replace(commit, []byte("message"), []byte("massage"), 1),
				"tree":    bytes.Replace(commit, []byte("tree 4"), []byte("tree 5"), 1),
				"header":  bytes.Replace(commit, []byte("\nauthor"), []byte("\nparent x\nauthor"), 1),
				"twice":   bytes.Replace(commit, []byte("\ngpgsig "), []byte("\ngpgsig x\ngpgsig "), 1),
				"sha256":  bytes.Replace(commit, []byte("\ngpgsig "), []byte("\ngpgsig-sha256 x\ngpgsig "), 1),
				"cut":     commit[:len(commit)-1],
			} {
				if who, err := test.keys.Verify(forged, now, now); err == nil {
					t.Errorf("forged %s: signed by %s", what, who)
				}
			}
			other := map[bool]*Keys{true: pgpKeys, false: sshKeys}[test.keys == sshKeys]
			if who, err := other.Verify(commit, now, now); err == nil {
				t.Errorf("signed by %s, of another kind", who)
			}
		})
	}
	args := []string{"--batch", "--pinentry-mode", "loopback", "--passphrase", "", "-u", "ada@example.com", "-ab"}
	gpgs := run(t, k.dir, unsigned, "gpg", args...)
	if who, err := pgpKeys.Verify(signed(gpgs), now, now); err != nil || !strings.Contains(who, "ada@example.com") {
		t.Errorf("signed by gpg itself: %q, %v", who, err)
	}
	if _, err := sshKeys.Verify([]byte(unsigned), now, now); !errors.Is(err, ErrUnsigned) {
		t.Errorf("%v, want ErrUnsigned", err)
	}
	for _, file := range []string{k.sshLocked, k.pgpLocked} {
		if _, err := (Signer{KeyFile: file}).Sign(nil); err == nil || !strings.Contains(err.Error(), "passphrase") {
			t.Errorf("%s without its passphrase: %v", file, err)
		}
	}
	for _, file := range []string{filepath.Join(k.dir, "missing"), k.ssh + ".pub"} {
		if _, err := (Signer{KeyFile: file}).Sign(nil); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestNamespaceAndTimes(t *testing.T) {
	k := newKeyring(t)
	sig, err := Signer{KeyFile: k.ssh}.Sign([]byte(unsigned))
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for options, want := range map[string]string{
		"":                                  "",
		`namespaces="git" `:                 "",
		`namespaces="file,git" `:            "",
		`valid-after="20251231Z" `:          "",
		`valid-before="20260101000001Z" `:   "",
		`valid-after="202601010001Z" `:      "was not valid at the time",
		`valid-before="20260101Z" `:         "was not valid at the time",
		`namespaces="file" `:                "no key in it",
		`cert-authority `:                   "cert-authority is not supported",
		`valid-after="tomorrow" `:           `"tomorrow" is not a time`,
		`valid-after="20260101Z",restrict `: "restrict is not supported",
	} {
		keys, err := Parse([]byte("ada " + options + k.sshPublic + "\n"))
		if err == nil {
			_, err = keys.Verify(signed(sig), when, when)
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", options, err, want)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "words": "ada", "no key": "ada ssh-ed25519 xyz", "quoted": `"ada`,
		"half a block": "-----BEGIN PGP PUBLIC KEY BLOCK-----\nx",
		"private key":  "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if who, err := mustParse(t, `"ada and bob" `+k.sshPublic).Verify(signed(sig), when, when); who != "ada and bob" {
		t.Errorf("%q, %v", who, err)
	}
	message := filepath.Join(k.dir, "message") // signed for files, not for Git
	if err := os.WriteFile(message, []byte(unsigned), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, k.dir, "", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", k.ssh, message)
	foreign, err := os.ReadFile(message + ".sig")
	if err != nil {
		t.Fatal(err)
	}
	if who, err := mustParse(t, "ada "+k.sshPublic).Verify(signed(foreign), when, when); err == nil {
		t.Errorf("a signature for files counts, by %s", who)
	}
}

// FuzzVerify: no bytes make a commit that counts as signed, and none makes the parser fail otherwise than by an error.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(unsigned))
	f.Add(signed([]byte("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----")))
	f.Add(signed([]byte("-----BEGIN PGP SIGNATURE-----\n\nwsBc\n-----END PGP SIGNATURE-----")))
	keys, err := Parse([]byte("ada ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, commit []byte) {
		if who, err := keys.Verify(commit, time.Unix(0, 0), time.Unix(0, 0)); err == nil {
			t.Errorf("signed by %s", who)
		}
	})
}
