// SPDX-License-Identifier: Apache-2.0

// Package golden compares what a test made with a file beside it, and rewrites the file when the tests run with -update
// ("make generate" does that). A test that imports this package gets the flag:
//
//	func TestMessage(t *testing.T) {
//		golden.Equal(t, "testdata/message.txt", message())
//	}
//
// A mismatch fails the test with a unified diff, so that the reader sees what changed and not two whole files.
package golden

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
)

var update = flag.Bool("update", false, "rewrite the golden files and the generated documentation")

// Update reports whether the run rewrites golden files, for tools that have an update mode of their own, such as
// testscript.
func Update() bool { return *update }

// Equal reports an error with a diff unless the file at path holds got. With -update it writes the file first, and the
// folders that it needs. The path is relative to the folder of the test.
func Equal[T ~[]byte | ~string](t testing.TB, path string, got T) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := udiff.Unified(path, "got", string(want), string(got)); diff != "" || err != nil {
		t.Errorf("%s is out of date; run \"make generate\" and read what it changes:\n%s", path, diff)
	}
}

// Section reports an error with a diff unless the section of that name in a document holds got. With -update it writes
// the section. A line that begins with "<!-- name:" starts it, and the line "<!-- end of name -->" ends it.
func Section(t testing.TB, path, name, got string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin := strings.Index(string(text), "<!-- "+name+":")
	end := strings.Index(string(text), "<!-- end of "+name+" -->\n")
	if begin < 0 || end < begin {
		t.Fatalf("%s lacks the lines that start and end the section %s", path, name)
	}
	begin += strings.IndexByte(string(text[begin:]), '\n') + 1
	Equal(t, path, string(text[:begin])+got+string(text[end:]))
}
