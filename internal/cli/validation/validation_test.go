// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/validation"
	"syncer.dev/syncer/internal/git/gittest"
)

// phi is a file with one Workspace of a size.
func phi(size string) string {
	return strings.ReplaceAll(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  instanceType: SIZE
  labelSelector: {matchLabels: {app: phi}}
inference: {preset: {name: phi-4-mini-instruct}}
`, "SIZE", size)
}

const (
	small, large = "Standard_NC24ads_A100_v4", "Standard_NC48ads_A100_v4"
	replaced     = "resource.instanceType: changed from " + small + " to " + large
)

// check checks the paths without a configuration.
func check(t *testing.T, r validation.Request) (validation.Result, error) {
	t.Helper()
	s := settings.Settings{Env: func(string) (string, bool) { return "", false }}
	reader, err := s.Offline(r.Paths)
	if err != nil {
		t.Fatal(err)
	}
	return validation.Check(t.Context(), reader, r)
}

// write writes a file below the working folder.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// want fails the test unless there is exactly one problem, with the text, or none when the text is empty.
func want(t *testing.T, r validation.Request, text string) {
	t.Helper()
	got, err := check(t, r)
	switch {
	case err != nil:
		t.Errorf("%+v: %v", r, err)
	case text == "" && len(got.Problems) > 0:
		t.Errorf("%+v: got %v, want no problem", r, got.Problems)
	case text != "" && (len(got.Problems) != 1 || !strings.Contains(got.Problems[0].String(), text)):
		t.Errorf("%+v: got %v, want one problem with %q", r, got.Problems, text)
	}
}

func TestCheckPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a/phi.yaml", phi(small))
	write(t, "b/phi.yaml", strings.ReplaceAll(phi(small), "name: phi}", "name: other}"))
	write(t, "broken.yaml", strings.ReplaceAll(phi(small), "inference:", "inferense:"))
	for _, test := range []struct {
		name       string
		request    validation.Request
		problems   int
		workspaces int
	}{
		{"a file", validation.Request{Paths: []string{"a/phi.yaml"}}, 0, 1},
		{"a file that is named twice", validation.Request{Paths: []string{"a/phi.yaml", "./a/phi.yaml"}}, 0, 1},
		{"two files", validation.Request{Paths: []string{"a/phi.yaml", "b/phi.yaml"}}, 0, 2},
		{"a folder and a file", validation.Request{Paths: []string{"a", "b/phi.yaml"}}, 0, 2},
		{"standard input", validation.Request{Paths: []string{"-"}, Input: strings.NewReader(phi(small))}, 0, 1},
	} {
		got, err := check(t, test.request)
		if err != nil || len(got.Problems) != test.problems || got.Workspaces != test.workspaces {
			t.Errorf("%s: %d Workspaces, %v, %v", test.name, got.Workspaces, got.Problems, err)
		}
	}
	got, err := check(t, validation.Request{Paths: []string{"broken.yaml"}})
	if err != nil || got.Problems.Errors() == 0 || got.Problems[0].Path != "broken.yaml" {
		t.Errorf("a broken file: %v, %v", got.Problems, err)
	}
	for name, r := range map[string]validation.Request{
		"a path that is not there": {Paths: []string{"nowhere"}},
		"no standard input":        {Paths: []string{"-"}},
		"nothing to compare with":  {Paths: []string{"a"}, Old: "nowhere"},
	} {
		if got, err := check(t, r); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

// TestCheckOld compares two files or folders.
func TestCheckOld(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "before/phi.yaml", phi(small))
	write(t, "after/phi.yaml", phi(large))
	want(t, validation.Request{Paths: []string{"after"}, Old: "before"}, replaced)
	want(t, validation.Request{Paths: []string{"after/phi.yaml"}, Old: "before/phi.yaml"}, replaced)
	want(t, validation.Request{Paths: []string{"after"}, Old: "after"}, "")
	want(t, validation.Request{Paths: []string{"-"}, Input: strings.NewReader(phi(large)), Old: "before"}, replaced)
}

// TestCheckBase compares the working tree with commits.
func TestCheckBase(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Commit(map[string]string{"models/phi.yaml": phi(small), "README.md": "x"}, "one")
	dir := t.TempDir()
	r.Git("clone", "--quiet", ".", dir)
	t.Chdir(dir)
	want(t, validation.Request{Paths: []string{"models"}, Base: "HEAD"}, "")
	write(t, "models/phi.yaml", phi(large))
	want(t, validation.Request{Paths: []string{"models"}, Base: "HEAD"}, replaced)
	want(t, validation.Request{Paths: []string{"models/phi.yaml"}, Base: "main"}, replaced)

	// A copy in a file that is new is another Workspace: the first is still there.
	write(t, "other/phi.yaml", phi(large))
	want(t, validation.Request{Paths: []string{"other"}, Base: "HEAD"}, "")
	// Without the first file it is the same one, which moved.
	if err := os.Remove("models/phi.yaml"); err != nil {
		t.Fatal(err)
	}
	want(t, validation.Request{Paths: []string{"other"}, Base: "HEAD"}, replaced)

	input := strings.NewReader(phi(large))
	for text, r := range map[string]validation.Request{
		"look up --base: ": {Paths: []string{"other"}, Base: "nosuch"},
		"use --old":        {Paths: []string{"-"}, Input: input, Base: "HEAD"},
	} {
		if _, err := check(t, r); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
	t.Chdir(t.TempDir())
	write(t, "phi.yaml", phi(large))
	if _, err := check(t, validation.Request{Paths: []string{"phi.yaml"}, Base: "HEAD"}); err == nil ||
		!strings.Contains(err.Error(), "is not in a Git repository; use --old") {
		t.Errorf("outside of a repository: %v", err)
	}
}
