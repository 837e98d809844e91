// SPDX-License-Identifier: Apache-2.0

package advert

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzCheck: anything that a server says first is left for the decoder byte by byte, and is taken for SHA-256 only if
// it says so. A first ref with the capability is always recognised, with any other capabilities, and with anything
// behind it.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		"", "0000", "0004", "0005#", "ffff", "001e# service=git-upload-pack\n0000", "<html>", "-001", "+004",
		"0019object-format=sha256\n", "0008#\x00ab0000",
	} {
		f.Add(s, "agent=git/2")
	}
	f.Fuzz(func(t *testing.T, text, capabilities string) {
		r := bufio.NewReaderSize(strings.NewReader(text), Size)
		err := Check(r)
		if rest, failed := io.ReadAll(r); string(rest) != text || failed != nil {
			t.Fatalf("%q: %q is left, %v", text, rest, failed)
		}
		if err != nil && !(errors.Is(err, SHA256Error{}) && strings.Contains(text, "object-format=sha256")) {
			t.Fatalf("%q: %v", text, err)
		}
		ref := strings.Repeat("a", 64) + " HEAD\x00" + capabilities + " object-format=sha256\n"
		if len(ref)+4 > maxLine {
			return
		}
		for _, start := range []string{"", pkt("# service=git-upload-pack\n") + "0000"} {
			r := bufio.NewReaderSize(strings.NewReader(start+pkt(ref)+text), Size)
			if err := Check(r); !errors.Is(err, SHA256Error{}) {
				t.Fatalf("%q is not recognised: %v", start+pkt(ref)+text, err)
			}
		}
	})
}
