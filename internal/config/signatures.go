// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// Signatures say whose signatures the commits of the source need.
type Signatures struct {
	Signers []string `yaml:"signers" usage:"keys that must sign changes, as FOLDER=FILE; none if empty"`
}

// The values of source.rewritten.
const (
	Accept = "accept"
	Refuse = "refuse"
)

// RefusesRewrites reports whether a tip of the branch that lost a commit which was accepted before is refused. A
// signature does not say when a commit may be used, so with signatures that is the default.
func (s Source) RefusesRewrites() bool {
	return s.Rewritten == Refuse || s.Rewritten == "" && len(s.Signatures.Signers) > 0
}

// Signing says how status commits are signed.
type Signing struct {
	KeyFile        string `yaml:"keyFile" usage:"SSH or OpenPGP private key that signs status commits; unsigned if empty"`
	PassphraseFile string `yaml:"passphraseFile" usage:"file with the passphrase of the signing key"`
	PassphraseEnv  string `yaml:"passphraseEnv" usage:"environment variable with the passphrase of the signing key"`
}

// SignerFile is a file of keys, one of which must sign the changes of a folder.
type SignerFile struct {
	Folder string // of the repository, slash-separated; "." for all of it
	File   string
}

// Files returns the files of keys by folder.
func (s Signatures) Files() []SignerFile {
	var out []SignerFile
	for _, text := range s.Signers {
		folder, file, _ := strings.Cut(text, "=")
		out = append(out, SignerFile{path.Clean(folder), file})
	}
	return out
}

// Of returns the file of keys for a folder: that of the innermost folder around it, or "".
func (s Signatures) Of(folder string) string {
	file, depth := "", -1
	for _, f := range s.Files() {
		inside := f.Folder == "." || f.Folder == path.Clean(folder) || strings.HasPrefix(path.Clean(folder), f.Folder+"/")
		d := len(f.Folder)
		if f.Folder == "." {
			d = 0
		}
		if inside && d > depth {
			file, depth = f.File, d
		}
	}
	return file
}

// covers reports whether a folder is in one that needs signatures.
func (s Signatures) covers(folder string) bool {
	for _, f := range s.Files() {
		if f.Folder == "." || f.Folder == folder || strings.HasPrefix(folder, f.Folder+"/") {
			return true
		}
	}
	return false
}

func (c *check) signatures() {
	const field = "source.signatures.signers"
	seen := map[string]bool{}
	for _, text := range c.Source.Signatures.Signers {
		folder, file, ok := strings.Cut(text, "=")
		switch {
		case !ok || file == "" || !insideRepository(folder):
			c.fail(diag.InvalidValue, field, "write FOLDER=FILE, such as .=/etc/syncer/allowed_signers",
				"%q does not name a folder and a file", text)
			return
		case seen[path.Clean(folder)]:
			c.fail(diag.InvalidValue, field, "put all keys of a folder into one file", "folder %q is there twice", folder)
			return
		}
		seen[path.Clean(folder)] = true
	}
	for _, folder := range []string{path.Clean(c.Source.Path), "presets"} {
		if s := c.Source.Signatures; len(s.Signers) > 0 && !s.covers(folder) {
			c.fail(diag.InvalidValue, field, "add "+folder+"=FILE, or .=FILE for the rest of the repository",
				"syncer reads folder %q, whose changes need no signature", folder)
		}
	}
	if r := c.Source.Rewritten; r != "" && r != Accept && r != Refuse {
		c.fail(diag.InvalidValue, "source.rewritten", "use accept or refuse", "%q is not a valid value", r)
	}
	s := c.Status.Signing
	switch {
	case s.PassphraseFile != "" && s.PassphraseEnv != "":
		c.fail(diag.ConflictingFields, "status.signing.passphraseFile", "keep one of them",
			"excludes status.signing.passphraseEnv")
	case s.KeyFile == "" && s != Signing{}:
		c.fail(diag.RequiredField, "status.signing.keyFile", "", "is required by the passphrase")
	}
}
