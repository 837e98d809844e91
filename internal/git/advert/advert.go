// SPDX-License-Identifier: Apache-2.0

// Package advert looks at what a Git server says first, before a decoder that expects SHA-1 object names reads it.
package advert

import (
	"bufio"
	"bytes"
	"strconv"
)

// SHA256Error means that the repository names its objects by SHA-256, which syncer cannot read.
type SHA256Error struct{}

// Error says which repositories syncer reads.
func (SHA256Error) Error() string {
	return "the repository has the object format SHA-256; syncer reads repositories with SHA-1 only"
}

// Hint says how to get a repository that syncer reads.
func (SHA256Error) Hint() string {
	return "push the branches to a new repository made by git init --object-format=sha1, and follow that one"
}

// maxLine is the longest pkt-line (gitprotocol-common, "pkt-line Format").
const maxLine = 65520

// Size is what the buffer of a reader for Check must hold: two of the longest lines.
const Size = 2 * maxLine

// Check looks for the capability object-format=sha256 in the first lines of an advertisement and leaves them unread.
// Anything that is no advertisement is for the decoder to refuse.
func Check(r *bufio.Reader) error {
	flushed := false
	for at := 0; ; {
		head, err := r.Peek(at + 4)
		if err != nil {
			return nil
		}
		length, err := strconv.ParseUint(string(head[at:]), 16, 16)
		if err != nil || length > maxLine {
			return nil
		}
		if length == 0 && at > 0 && !flushed { // smart HTTP sends a flush after the name of the service
			at, flushed = at+4, true
			continue
		}
		if length < 4 {
			return nil // the end: nothing may follow that could be waited for
		}
		end := at + int(length)
		if end > Size {
			return nil
		}
		line, err := r.Peek(end)
		switch {
		case err != nil:
			return nil
		case bytes.Contains(line[at:], []byte("object-format=sha256")):
			return SHA256Error{}
		case !bytes.HasPrefix(line[at+4:], []byte("#")): // not the name of the service, but the first ref
			return nil
		}
		at = end
	}
}
