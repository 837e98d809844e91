// SPDX-License-Identifier: Apache-2.0

package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder is a test that notes its errors in place of failing.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func setUpdate(t *testing.T, on bool) {
	before := *update
	*update = on
	t.Cleanup(func() { *update = before })
}

func TestEqual(t *testing.T) {
	setUpdate(t, false)
	path := filepath.Join(t.TempDir(), "golden.txt")
	if err := os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path, got string
		want      []string // parts of the error; none where there is no error
	}{
		"same":     {path, "one\ntwo\nthree\n", nil},
		"differs":  {path, "one\n2\nthree\n", []string{"golden.txt is out of date", "make generate", "\n-two\n+2\n"}},
		"no file":  {path + ".new", "one\n", []string{"golden.txt.new is out of date", "\n+one\n"}},
		"no bytes": {path + ".new", "", []string{"golden.txt.new is out of date"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			Equal(r, test.path, test.got)
			if len(r.errors) > 1 || (len(r.errors) == 0) != (test.want == nil) {
				t.Fatalf("got errors %q, want parts %q", r.errors, test.want)
			}
			for _, part := range test.want {
				if !strings.Contains(r.errors[0], part) {
					t.Errorf("%q is not in %q", part, r.errors[0])
				}
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "golden.txt")
	setUpdate(t, true)
	Equal(t, path, []byte("new\n"))
	setUpdate(t, false)
	Equal(t, path, "new\n")
}
