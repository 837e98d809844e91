// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/golden"
)

// change is a change in a real repository, as two commits.
type change struct {
	repository    *gittest.Repo
	before, after string
	set           []string // of the configuration
}

// changeOf makes the commits that an archive describes: the files under before/, then those under after/ beside them.
// Its comment may hold lines "set: KEY=VALUE" for the configuration, and "remove: PATH" for the second commit.
func changeOf(t *testing.T, archive *txtar.Archive) change {
	t.Helper()
	c := change{repository: gittest.NewRepo(t), set: []string{"source.path=models", "cluster=demo"}}
	files := map[string]map[string]string{"before": {}, "after": {}}
	for _, f := range archive.Files {
		side, path, _ := strings.Cut(f.Name, "/")
		if files[side] == nil {
			t.Fatalf("the file %s is on neither side", f.Name)
		}
		files[side][path] = string(f.Data)
	}
	c.before = c.repository.Commit(files["before"], "before")
	c.after = c.repository.Commit(files["after"], "after")
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		if value, ok := strings.CutPrefix(line, "set: "); ok {
			c.set = append(c.set, value)
		}
		if path, ok := strings.CutPrefix(line, "remove: "); ok {
			c.after = c.repository.Remove("remove", path)
		}
	}
	return c
}

// plan prints the plan of the change.
func (c change) plan(t *testing.T, output string) result {
	t.Helper()
	return execute(t, "", func(s Stdio) command {
		return planOptions{
			Stdio:      s,
			settings:   settings.Settings{Set: c.set, Env: s.Env},
			base:       c.before,
			head:       c.after,
			repository: c.repository.Dir,
			output:     output,
		}
	})
}

// TestPlanRenderings compares the three renderings of real changes with golden files.
func TestPlanRenderings(t *testing.T) {
	archives, err := filepath.Glob("testdata/plans/*.txtar")
	if err != nil || len(archives) < 12 {
		t.Fatalf("%d changes, %v", len(archives), err)
	}
	for _, path := range archives {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {

			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c := changeOf(t, archive)
			for output, extension := range map[string]string{"text": "txt", "markdown": "md", "json": "json"} {
				got := c.plan(t, output)
				if output == "text" {
					got.out = got.String()
				}
				golden.Equal(t, "testdata/plans/"+name+"."+extension, got.out)
			}
		})
	}
}
