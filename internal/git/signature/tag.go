// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// VerifyTag returns who signed the object of an annotated tag, which must have been made as a tag of that name: a
// signature of one tag is none of another. The error is ErrUnsigned, or says why the signature does not count.
func (k *Keys) VerifyTag(tag []byte, name string, now time.Time) (signer string, err error) {
	payload, sig, err := splitTag(tag)
	if err != nil {
		return "", err
	}
	header, _, _ := bytes.Cut(payload, []byte("\n\n"))
	called, when, err := tagHeader(header)
	switch {
	case err != nil:
		return "", err
	case called != name:
		return "", fmt.Errorf("it was made as the tag %q", called)
	case len(sig) == 0:
		return "", ErrUnsigned
	case bytes.HasPrefix(sig, beginSSH):
		return k.verifySSH(payload, sig, when)
	}
	return k.verifyPGP(payload, sig, when, now)
}

var (
	beginSSH = []byte("-----BEGIN SSH SIGNATURE-----")
	beginPGP = []byte("-----BEGIN PGP SIGNATURE-----")
)

// splitTag takes the signature off the end of a tag object (gitformat-signature): the last line that begins one, and
// all behind it.
func splitTag(tag []byte) (payload, sig []byte, err error) {
	at, match := 0, len(tag)
	inHeader := true
	for line := range bytes.Lines(tag) {
		inHeader = inHeader && len(bytes.TrimRight(line, "\n")) > 0
		switch {
		case inHeader && bytes.HasPrefix(line, []byte("gpgsig")):
			return nil, nil, errors.New("it has a signature for another object format")
		case !inHeader && (bytes.HasPrefix(line, beginSSH) || bytes.HasPrefix(line, beginPGP)):
			match = at
		}
		at += len(line)
	}
	return tag[:match], tag[match:], nil
}

// tagHeader reads the name of a tag, and when it was made.
func tagHeader(header []byte) (name string, when time.Time, err error) {
	seen := map[string]bool{}
	for line := range bytes.SplitSeq(header, []byte("\n")) {
		key, value, _ := bytes.Cut(line, []byte(" "))
		if seen[string(key)] {
			return "", when, fmt.Errorf("it has the header %q twice", key)
		}
		seen[string(key)] = true
		switch string(key) {
		case "tag":
			name = string(value)
		case "tagger":
			if len(bytes.Fields(value)) == 0 {
				return "", when, errors.New("it does not say who made it")
			}
			fields := bytes.Fields(value) // NAME <ADDRESS> SECONDS ZONE
			seconds, err := strconv.ParseInt(string(fields[max(0, len(fields)-2)]), 10, 64)
			if err != nil {
				return "", when, errors.New("it does not say when it was made")
			}
			when = time.Unix(seconds, 0)
		}
	}
	return name, when, nil
}
