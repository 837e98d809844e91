// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"syncer.dev/syncer/internal/diag"
)

// pointerPrefix starts what Git LFS stores in place of a file (git-lfs, docs/spec.md).
const pointerPrefix = "version https://git-lfs.github.com/spec/"

// IsPointer reports whether a text is a pointer of Git LFS.
func IsPointer(data []byte) bool { return bytes.HasPrefix(data, []byte(pointerPrefix)) }

// conflict matches the first and the last line of a conflict that a merge has left. What YAML quotes or indents does
// not start such a line.
var conflict = regexp.MustCompile(`(?m)^(<<<<<<<|>>>>>>>)( |\r?$)`)

// CheckText says what a file is that is no plain text in UTF-8: a pointer of Git LFS, a merge conflict, or text in
// another encoding. It returns nil for plain text, with or without a byte order mark at its start.
func CheckText(data []byte) *diag.Diagnostic {
	fail := func(offset int, reason diag.Reason, hint, format string, args ...any) *diag.Diagnostic {
		line := 1 + bytes.Count(data[:offset], []byte("\n"))
		start := bytes.LastIndexByte(data[:offset], '\n') + 1
		d := diag.Errorf(reason, format, args...).At(line, 1+utf8.RuneCount(data[start:offset])).Suggest(hint)
		return &d
	}
	switch {
	case IsPointer(data):
		return fail(0, diag.LFSPointer, "keep YAML out of LFS: remove it from .gitattributes, then git add --renormalize",
			"the file is a pointer of Git LFS, not the file itself; syncer fetches nothing from LFS")
	case isUTF16(data):
		return fail(0, diag.WrongEncoding, "save it as UTF-8", "the file is UTF-16")
	}
	if at := conflict.FindIndex(data); at != nil {
		return fail(at[0], diag.MergeConflict, "resolve the conflict, and remove the lines with <<<<<<<, ======= and >>>>>>>",
			"a merge conflict is not resolved")
	}
	for offset := 0; offset < len(data); {
		r, size := utf8.DecodeRune(data[offset:])
		switch {
		case r == utf8.RuneError && size <= 1:
			return fail(offset, diag.WrongEncoding, "save it as UTF-8; it may be Latin-1 or Windows-1252",
				"the byte 0x%X is not UTF-8", data[offset])
		case r == '\ufeff' && offset > 0:
			return fail(offset, diag.WrongEncoding, "remove it; two files may have been joined",
				"a byte order mark inside the text")
		}
		offset += size
	}
	return nil
}

// isUTF16 recognises UTF-16 and UTF-32 by their byte order mark, and without one by the zero bytes in ASCII text.
func isUTF16(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xfe\xff")) || bytes.HasPrefix(data, []byte("\xff\xfe")) {
		return true
	}
	if len(data) < 4 {
		return false
	}
	zero := [4]bool{data[0] == 0, data[1] == 0, data[2] == 0, data[3] == 0}
	return zero == [4]bool{true, false, true, false} || zero == [4]bool{false, true, false, true}
}
