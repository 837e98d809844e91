// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/scaffold"
)

// TestNewRefuses writes no file for a Workspace that "syncer validate" would refuse.
func TestNewRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for want, w := range map[string]scaffold.Workspace{
		"error: ":                       {Name: "phi", Preset: "nosuch"},
		"no file is written: 1 error\n": {Name: "Not A Name", Preset: "phi-4-mini-instruct"},
	} {
		got := execute(t, "", func(s Stdio) command { return newOptions{Stdio: s, workspace: w} })
		if got.code != exit.No || !strings.Contains(got.err, want) {
			t.Errorf("%+v: got %s\nwant %q", w, got, want)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("written: %v, %v", left, err)
	}
}

// TestNewInARepository finds the presets and the schema of the repository, and marks what the user must replace.
func TestNewInARepository(t *testing.T) {
	dir := t.TempDir()
	presets, err := filepath.Abs(repository + "/presets")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "presets"), os.DirFS(presets)); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{".git", ".schema", "workspaces"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ".schema", "syncer.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	got := execute(t, "", func(s Stdio) command {
		w := scaffold.Workspace{Name: "ours", Preset: "ours"}
		return newOptions{Stdio: s, workspace: w, file: "workspaces/ours.yaml"}
	})
	text, err := os.ReadFile("workspaces/ours.yaml")
	if got.code != exit.Yes || err != nil ||
		!strings.HasPrefix(string(text), "# yaml-language-server: $schema=../.schema/syncer.json\n") {
		t.Errorf("%v, %q, got %s", err, text, got)
	}
	got = execute(t, "", func(s Stdio) command {
		return newOptions{Stdio: s, workspace: scaffold.Workspace{Name: "tune", Preset: "phi-4-mini-instruct", Tune: true}}
	})
	if got.code != exit.Yes || got.err != "wrote tune.yaml\nreplace the lines marked \"# replace this\" in it\n" {
		t.Errorf("got %s", got)
	}
}
