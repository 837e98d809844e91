// SPDX-License-Identifier: Apache-2.0

package files_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/files"
)

func TestBlocked(t *testing.T) {
	tree := fstest.MapFS{
		"real/a.yaml":      {},
		"link":             {Mode: fs.ModeSymlink, Data: []byte("real")},
		"real/module":      {Mode: fs.ModeIrregular, Sys: files.Submodule},
		"real/secret.yaml": {Mode: fs.ModeIrregular, Sys: files.Ignored},
		"real/pipe":        {Mode: fs.ModeNamedPipe},
	}
	for _, test := range []struct {
		name, at string
		why      files.Unread
	}{
		{"real/a.yaml", "", ""},
		{"nowhere", "", ""},
		{".", "", ""},
		{"link", "link", files.Link},
		{"link/a.yaml", "link", files.Link},
		{"real/module/base", "real/module", files.Submodule},
		{"real/secret.yaml", "real/secret.yaml", files.Ignored},
		{"real/pipe", "real/pipe", files.Special},
	} {
		if at, why := files.Blocked(tree, test.name); at != test.at || why != test.why {
			t.Errorf("%s: %q %q, want %q %q", test.name, at, why, test.at, test.why)
		}
	}
}

// TestRead: a file that is larger than the limit is not opened.
func TestRead(t *testing.T) {
	tree := fstest.MapFS{"a": {Data: []byte("12345")}}
	if data, err := files.Read(tree, "a", 5); err != nil || string(data) != "12345" {
		t.Errorf("%q, %v", data, err)
	}
	_, err := files.Read(tree, "a", 4)
	var large *files.LargeError
	if !errors.As(err, &large) || *large != (files.LargeError{Size: 5, Limit: 4}) {
		t.Errorf("%v", err)
	}
	if _, err := files.Read(tree, "b", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
