// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"os"
	"time"

	"syncer.dev/syncer/internal/git/signature"
)

// TagSignatureError means that the tag that is followed has no signature that counts.
type TagSignatureError struct {
	Tag    string
	Reason string
	Remedy string // what to do
}

// Error says what is wrong with the signature of which tag.
func (e *TagSignatureError) Error() string { return fmt.Sprintf("tag %s: %s", e.Tag, e.Reason) }

// Hint says how to make one that counts.
func (e *TagSignatureError) Hint() string { return e.Remedy }

// VerifyTag checks that the tag which is followed is an annotated one, made under its name, and signed by a key of the
// file: OpenSSH's allowed_signers, or armored OpenPGP public keys. It checks nothing where no tag is followed. The
// error is a *TagSignatureError, or about the file.
func (r *Repository) VerifyTag(c Commit, file string) error {
	name := r.source.target.Tag
	if name == "" {
		return nil
	}
	v := r.source.current.Load()
	if v == nil || v.commit.Hash != c.Hash {
		return fmt.Errorf("%s: tag %s at %s: %w", r.remote.URL(), name, c.Hash.Short(), ErrNotFetched)
	}
	remedy := fmt.Sprintf("make the tag again with git tag --sign --force %s, by a key in %s, or add the key of the "+
		"signer to it", name, file)
	if v.tag == nil {
		return &TagSignatureError{Tag: name, Reason: "it is not annotated, so it has no signature", Remedy: remedy}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read allowed signers: %w", err)
	}
	keys, err := signature.Parse(data)
	if err != nil {
		return fmt.Errorf("read allowed signers %s: %w", file, err)
	}
	if _, err := keys.VerifyTag(v.tag, name, time.Now()); err != nil {
		return &TagSignatureError{Tag: name, Reason: r.remote.Text(err.Error()), Remedy: remedy}
	}
	return nil
}
