// SPDX-License-Identifier: Apache-2.0

package presetfiles

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWrite: nothing is written outside of the folder, not even through a link.
func TestWrite(t *testing.T) {
	outside := t.TempDir()
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "models")); err != nil {
		t.Fatal(err)
	}
	err := write(dir, map[string][]byte{"models/x": []byte("x")}, true)
	if entries, _ := os.ReadDir(outside); err == nil || len(entries) > 0 {
		t.Errorf("error %v, and %d files outside", err, len(entries))
	}
}

func TestPresetsTree(t *testing.T) {
	for dir, want := range map[string][2]string{
		"presets":          {"presets", ""},
		"a/presets/":       {"a/presets", ""},
		"presets/models":   {"presets", ""},
		"presets/models/x": {"presets", "x"},
		".":                {".", ""},
		"models":           {".", ""},
		"models/x":         {".", "x"},
	} {
		if tree, name := presetsTree(filepath.FromSlash(dir), ""); filepath.ToSlash(tree) != want[0] || name != want[1] {
			t.Errorf("%s: %s, %s", dir, tree, name)
		}
	}
}
