// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for url, want := range map[string]string{
		dir: dir, "file://" + dir: dir, dir + "/": dir, "models": filepath.Join(dir, "models"), ".": dir,
		"https://example.com/x": "", "git@example.com:x": "", "ssh://example.com/x": "", "": "",
	} {
		if got, ok := LocalPath(url); got != want || ok != (want != "") {
			t.Errorf("LocalPath(%q) = %q, %v, want %q", url, got, ok, want)
		}
	}
}

func TestRedaction(t *testing.T) {
	var r redactor
	r.known.Learn("bot", "p@ss/word")
	for in, want := range map[string]string{
		"password p@ss/word is wrong":                 "password [redacted] is wrong",
		"GET https://bot:x@example.com/y":             "GET https://[redacted]@example.com/y",
		"p%40ss%2Fword":                               "[redacted]",
		"header Ym90OnBAc3Mvd29yZA==":                 "header [redacted]",
		"Authorization: Bearer abcdefghijkl":          "Authorization: Bearer [redacted]",
		"remote:\x1b[31m line one\nline two\r\n":      "remote: [31m line one line two",
		strings.Repeat("a", 2*maxServerText) + "tail": strings.Repeat("a", maxServerText) + "...",
	} {
		if got := r.text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
