// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/signature"
)

// FuzzSignedCommit: of all variants of a signed commit, those that count as signed are read as the commit that was
// signed: what lies in the signature is no tree, author or message, however one decoder or the other splits it.
func FuzzSignedCommit(f *testing.F) {
	commit, err := os.ReadFile("signature/testdata/signed.commit")
	if err != nil {
		f.Fatal(err)
	}
	signers, err := os.ReadFile("signature/testdata/allowed_signers")
	if err != nil {
		f.Fatal(err)
	}
	keys, err := signature.Parse(signers)
	if err != nil {
		f.Fatal(err)
	}
	decode := func(data []byte) (Commit, []plumbing.Hash, error) {
		o := &plumbing.MemoryObject{}
		o.SetType(plumbing.CommitObject)
		if _, err := o.Write(data); err != nil {
			return Commit{}, nil, err
		}
		raw, err := objects.DecodeCommit(o)
		if err != nil {
			return Commit{}, nil, err
		}
		c := commitOf(raw)
		c.Hash = ""
		return c, raw.ParentHashes, nil
	}
	want, wantParents, err := decode(commit)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(commit)
	const tree = "tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
	for from, to := range map[string]string{
		" -----END":          " " + tree + " -----END",
		"SIGNATURE-----\n\n": "SIGNATURE-----\n " + tree + "\n",
		"gpgsig":             "gpgsig " + tree + "gpgsig",
		"SIGNATURE-----\n ":  "SIGNATURE-----\n \n " + tree + " ",
		"\n\none":            "\n \n" + tree + "\n\none",
	} {
		f.Add(bytes.Replace(commit, []byte(from), []byte(to), 1))
		f.Add(bytes.ReplaceAll(commit, []byte(from), []byte(to)))
	}
	f.Fuzz(func(t *testing.T, variant []byte) {
		got, parents, err := decode(variant)
		if err != nil {
			return
		}
		if strings.ContainsAny(got.Subject(), "\n") {
			t.Fatalf("%q has the subject %q", variant, got.Subject())
		}
		if _, err := keys.Verify(variant, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
			return
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(wantParents, parents); diff != "" {
			t.Fatalf("%q counts as signed, and is read as something else: %s", variant, diff)
		}
	})
}
