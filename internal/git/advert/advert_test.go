// SPDX-License-Identifier: Apache-2.0

package advert

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func pkt(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }

func TestCheck(t *testing.T) {
	ref := strings.Repeat("a", 64) + " HEAD\x00multi_ack object-format=sha256 agent=git/2\n"
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"process":        {pkt(ref), SHA256Error{}},
		"HTTP":           {pkt("# service=git-upload-pack\n") + "0000" + pkt(ref), SHA256Error{}},
		"SHA-1":          {pkt(strings.Replace(ref, "sha256", "sha1", 1)), nil},
		"second ref":     {pkt("a HEAD\x00x\n") + pkt("object-format=sha256"), nil},
		"empty":          {"", nil},
		"flushes":        {strings.Repeat("0000", 1<<16), nil},
		"not a pkt-line": {"<html>object-format=sha256", nil},
		"empty line":     {"0004", nil},
		"cut short":      {pkt(ref)[:40], nil},
		"longest":        {"ffff" + ref, nil},
	} {
		r := bufio.NewReaderSize(strings.NewReader(test.text), Size)
		if err := Check(r); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if rest, err := io.ReadAll(r); string(rest) != test.text || err != nil {
			t.Errorf("%s: %d bytes are left, want all %d", name, len(rest), len(test.text))
		}
	}
}
