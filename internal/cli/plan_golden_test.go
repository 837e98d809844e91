// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/planning"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/findings"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/source"
)

// change is a change in a real repository, as two commits.
type change struct {
	repository    *gittest.Repo
	before, after string
	set           []string // of the configuration
	// quota is that of every family of sizes, as Azure reports it; nil if Azure is not asked.
	quota *capacity.Limit
}

// changeOf makes the commits that an archive describes: the files under before/, then those under after/ beside them.
// Its comment may hold lines "set: KEY=VALUE" for the configuration, "remove: PATH" for the second commit, and
// "quota: USED of MAX".
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
		limit := capacity.Limit{Known: true}
		if _, err := fmt.Sscanf(line, "quota: %d of %d", &limit.Used, &limit.Max); err == nil {
			c.quota = &limit
		}
	}
	return c
}

// plan prints the plan of the change, as the command does.
func (c change) plan(t *testing.T, output string) result {
	t.Helper()
	return execute(t, "", func(s Stdio) command {
		given := settings.Settings{Set: c.set, Env: s.Env}
		if c.quota != nil {
			return printing{s, output, c.withQuota(t)}
		}
		return planOptions{
			Stdio: s, settings: given, output: output,
			request: planning.Request{Base: c.before, Head: c.after, Repository: c.repository.Dir},
		}
	})
}

// printing is a command that prints a plan.
type printing struct {
	Stdio
	output string
	plan   plan.Plan
}

func (p printing) run(context.Context) error {
	return planOptions{Stdio: p.Stdio, output: p.output}.print(p.plan, false)
}

// config is the configuration of the change.
func (c change) config(t *testing.T) config.Config {
	t.Helper()
	out, err := settings.Settings{Set: c.set, Env: func(string) (string, bool) { return "", false }}.Load()
	if err != nil {
		t.Fatal(err)
	}
	out.Source.URL, out.Capacity.AKS.Location = c.repository.Dir, source.DefaultRegion
	return out
}

// withQuota is the plan of the engine where Azure has answered.
func (c change) withQuota(t *testing.T) plan.Plan {
	t.Helper()
	of := c.config(t)
	repository, err := access.AsPerson(of, c.repository.Dir)
	if err != nil {
		t.Fatal(err)
	}
	revision := func(commit string) engine.Revision {
		r, err := upstream.Source{Repository: repository, Config: of, Head: commit}.Fetch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	quota := capacity.Quota{Families: map[string]capacity.Limit{}, Regional: *c.quota, Spot: *c.quota}
	for sku := range capacity.SKUs() {
		quota.Families[strings.ToLower(sku.Family)] = *c.quota
	}
	e := engine.New(engine.Settings{
		Policy: source.PolicyOf(of),
		Read:   access.NewReader(of, nil).Revision,
		Live:   engine.Live{Asked: findings.Asked{Azure: true}, Quota: quota},
	}, nil)
	p, err := e.Between(t.Context(), revision(c.before), revision(c.after))
	if err != nil {
		t.Fatal(err)
	}
	return p
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
					if name == "preset-edit" {
						golden.Section(t, "../../docs/reading-plans.md", "plan", "```\n"+got.out+"```\n")
					}
					got.out = got.String()
				}
				golden.Equal(t, "testdata/plans/"+name+"."+extension, got.out)
			}
		})
	}
}

// TestPlanOfMany makes a plan of 500 Workspaces that are new at once. The comment fits each forge.
func TestPlanOfMany(t *testing.T) {
	const many = 500
	archive := &txtar.Archive{Files: []txtar.File{{Name: "before/models/README.md", Data: []byte("none yet\n")}}}
	for i := range many {
		name := fmt.Sprintf("model-%03d", i)
		archive.Files = append(archive.Files, txtar.File{
			Name: "after/models/" + name + ".yaml",
			Data: []byte(strings.ReplaceAll(phi("auto"), "phi}", name+"}")),
		})
	}
	c := changeOf(t, archive)
	text := c.plan(t, "text")
	if n := strings.Count(text.out, "\n+ default/model-"); n != many || text.code != exit.Yes {
		t.Errorf("%d Workspaces in the text, exit code %d", n, text.code)
	}
	whole := c.plan(t, "markdown").out
	p, err := compare.Commits(t.Context(), c.config(t), compare.Request{
		Repository: c.repository.Dir, Base: c.before, Head: c.after,
	})
	if err != nil {
		t.Fatal(err)
	}
	for forge, limit := range map[string]int{"github": 65536, "gitlab": 1000000, "azuredevops": 150000, "gitea": 65535} {
		got := markdown.Render(p, markdown.Options{Limit: limit, Link: "https://ci.example.com/runs/1"})
		if n := strings.Count(got, "| `default/model-"); n != many || len(got) > limit || len(got) >= len(whole) {
			t.Errorf("%s: %d Workspaces in %d bytes", forge, n, len(got))
		}
		if forge == "github" {
			golden.Equal(t, "testdata/plans/many.md", got)
		}
	}
}
