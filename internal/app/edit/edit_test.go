// SPDX-License-Identifier: Apache-2.0

package edit_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/edit"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestPush writes a file, and removes it; the same again changes nothing.
func TestPush(t *testing.T) {
	repo := apptest.Repository(t)
	c := apptest.Config(t, repo.Dir)
	file := edit.File{
		Folder: "suspended", Name: "all.yaml", Text: []byte("x\n"), Message: "one\n",
		Author: config.Author{Name: "Ada", Email: "ada@example.com"},
	}
	const name = "workspaces/suspended/all.yaml"
	for _, text := range []string{"x\n", ""} {
		if file.Text = []byte(text); text == "" {
			file.Text = nil
		}
		tip, err := edit.Push(t.Context(), c, file)
		if err != nil || string(tip) != repo.Head(gittest.Main) {
			t.Fatalf("%s, %v", tip, err)
		}
		if has := slices.Contains(repo.Files(gittest.Main), name); has != (text != "") {
			t.Errorf("with the text %q the branch has the file: %t", text, has)
		}
		if author := repo.Git("log", "-1", "--format=%an <%ae>", gittest.Main); author != "Ada <ada@example.com>" {
			t.Errorf("the author is %s", author)
		}
		if _, err := edit.Push(t.Context(), c, file); !errors.Is(err, edit.ErrNothingToChange) {
			t.Errorf("again: %v", err)
		}
	}
}

// TestPushNeedsABranch: a tag or a commit is nothing to push to, and neither is a branch of signed commits.
func TestPushNeedsABranch(t *testing.T) {
	hash := strings.Repeat("0", 40)
	for name, tt := range map[string]struct {
		source     config.Source
		want, hint string
	}{
		"tag":    {config.Source{Tag: "v1.2"}, "syncer follows tag v1.2", "move the tag"},
		"commit": {config.Source{Commit: hash}, "syncer follows commit " + hash, "set source.commit"},
		"signed": {
			config.Source{Branch: "main", Signatures: config.Signatures{Signers: []string{".=f"}}}, "signed commits", "",
		},
	} {
		c := config.Default()
		c.Source = tt.source
		c.Source.URL = "https://example.com/r.git"
		_, err := edit.Push(t.Context(), c, edit.File{Name: "x"})
		apptest.WantError(t, err, tt.want)
		if hints := strings.Join(diag.Hints(err), "\n"); !strings.Contains(hints, tt.hint) {
			t.Errorf("%s: hints %q, want %q", name, hints, tt.hint)
		}
	}
}
