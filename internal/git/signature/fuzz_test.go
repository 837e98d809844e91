// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// fixture returns a commit that ada signed with Git and ssh-keygen, and the file with her key. The private key is
// gone.
func fixture(t testing.TB) (commit, signers []byte) {
	t.Helper()
	commit, err := os.ReadFile("testdata/signed.commit")
	if err != nil {
		t.Fatal(err)
	}
	signers, err = os.ReadFile("testdata/allowed_signers")
	if err != nil {
		t.Fatal(err)
	}
	return commit, signers
}

// FuzzForge: of all variants of a signed commit, those that count as signed say the same apart from the signature.
func FuzzForge(f *testing.F) {
	commit, signers := fixture(f)
	keys, err := Parse(signers)
	if err != nil {
		f.Fatal(err)
	}
	said, _, err := split(commit)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(commit)
	for from, to := range map[string]string{
		"tree 4":             "tree 5",
		"\n\none":            "\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\none",
		"\ngpgsig ":          "\ngpgsig -----BEGIN PGP SIGNATURE-----\ngpgsig ",
		"-----END SSH":       "x\n -----END SSH",
		" -----END":          "\n -----END",
		"SIGNATURE-----\n\n": "SIGNATURE-----\n tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\n",
		"gpgsig":             "gpgsig-sha256",
		"message\n":          "message\n\nmore\n",
	} {
		f.Add(bytes.Replace(commit, []byte(from), []byte(to), 1))
	}
	f.Fuzz(func(t *testing.T, variant []byte) {
		who, err := keys.Verify(variant, time.Unix(0, 0), time.Unix(0, 0))
		if err != nil {
			return
		}
		payload, _, _ := split(variant)
		if who != "ada" || !bytes.Equal(payload, said) {
			t.Fatalf("%s signed %q", who, payload)
		}
	})
}

// FuzzSigners: a file of keys is refused, or it has a key and each key has a name; and what ada signed counts only for
// a file with her key, under a name of the file.
func FuzzSigners(f *testing.F) {
	commit, signers := fixture(f)
	line := strings.TrimSpace(string(signers))
	key := strings.TrimPrefix(line, "ada ")
	for _, text := range []string{
		line, "", "# " + line, "ada,bob " + key, `"ada and bob" ` + key, `ada namespaces="file" ` + key,
		`ada namespaces="git,file" ` + key, `ada valid-after="20990101Z" ` + key, `ada valid-before="1999" ` + key,
		`ada cert-authority ` + key, "ada\t" + key, line + "\r\n" + line, "ada " + key + " comment",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDM=\n-----END PGP PUBLIC KEY BLOCK-----\n",
	} {
		f.Add(text)
	}
	_, blob, _ := strings.Cut(key, " ")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if len(keys.ssh)+len(keys.pgp) == 0 {
			t.Fatalf("%q holds no key and is accepted", text)
		}
		for _, k := range keys.ssh {
			if k.key == nil || strings.TrimSpace(k.name) == "" {
				t.Fatalf("%q holds a key without a name", text)
			}
		}
		if who, err := keys.Verify(commit, time.Now(), time.Now()); err == nil &&
			(!strings.Contains(strings.ReplaceAll(text, "\r", ""), blob) || !strings.Contains(text, who)) {
			t.Fatalf("%q: signed by %s", text, who)
		}
	})
}
