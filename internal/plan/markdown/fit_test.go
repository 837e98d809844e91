// SPDX-License-Identifier: Apache-2.0

package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/workspace"
)

// fleet is a plan that creates many Workspaces, deletes some, and is blocked for some. Their diffs differ in length.
func fleet(created, deleted, blocked int) plan.Plan {
	p := plan.Plan{Cluster: "demo", Base: strings.Repeat("a", 40), Head: strings.Repeat("b", 40)}
	values := plan.Values{
		Preset: "phi-4-mini-instruct", Model: "microsoft/Phi-4-mini-instruct", InstanceType: "Standard_NC24ads_A100_v4",
		Nodes: 1, Serves: true, HourlyCost: capacity.Cost{USD: 3.673, Known: true},
	}
	add := func(name string, w plan.Workspace, c plan.Change) {
		w.Key = workspace.Key{Namespace: "default", Name: name}
		c.Workspace, c.Target = w.Key, "StatefulSet/"+name
		p.Workspaces, p.Changes = append(p.Workspaces, &w), append(p.Changes, &c)
	}
	for i := range created {
		add(fmt.Sprintf("model-%04d", i), plan.Workspace{Op: plan.Create, After: values}, plan.Change{
			Op: plan.Create,
			Texts: diff.Given(diff.Diff{
				Unified: "--- before\n+++ after\n@@ -0,0 +1 @@\n" + strings.Repeat("+a line of an object\n", 10+i%7*10),
			}),
		})
	}
	for i := range deleted {
		add(fmt.Sprintf("old-%04d", i), plan.Workspace{Op: plan.Delete, Before: values}, plan.Change{Op: plan.Delete})
	}
	for i := range blocked {
		w := plan.Workspace{
			Op: plan.Hold, Before: values, After: values, Blocked: []string{fmt.Sprintf("models.yaml:%d:2: it is wrong", i+1)},
		}
		add(fmt.Sprintf("bad-%04d", i), w, plan.Change{Op: plan.Hold, Reason: "its Workspace has errors"})
	}
	for i := range created {
		p.Findings = append(p.Findings, plan.Finding{
			Workspace: p.Workspaces[i].Key, Kind: plan.SpotNodes, Verdict: diag.Warn,
			Text: fmt.Sprintf("a warning of its own, %d", i),
		})
	}
	return p
}

// The limits of the forges, in bytes.
const (
	github      = 65536
	gitea       = 65535
	gitlab      = 1000000
	azureDevOps = 150000
)

// TestLimit: a comment fits, whole, with its headline, all that blocks and every deletion, and says what it lacks.
func TestLimit(t *testing.T) {
	for _, limit := range []int{github, gitea, gitlab, azureDevOps, 20000} {
		for _, p := range []plan.Plan{fleet(500, 0, 0), fleet(500, 20, 20), fleet(20, 0, 0)} {
			whole := markdown.Render(p, markdown.Options{})
			got := markdown.Render(p, markdown.Options{Limit: limit, Link: "https://ci.example/1?a=b(c)", Marker: "<!-- m -->"})
			if len(got) > limit {
				t.Fatalf("%d bytes of %d:\n%s", len(got), limit, got)
			}
			if again := markdown.Render(p, markdown.Options{
				Limit: limit, Link: "https://ci.example/1?a=b(c)", Marker: "<!-- m -->",
			}); again != got {
				t.Error("the second comment differs from the first")
			}
			if !strings.HasPrefix(got, "<!-- m -->\n### "+p.Verdict().Line[:10]) {
				t.Errorf("the beginning is %.200s", got)
			}
			for i := range p.Workspaces {
				w := p.Workspaces[i]
				if (w.Op == plan.Delete || len(w.Blocked) > 0) && !strings.Contains(got, "**`"+w.Key.String()+"`**") {
					t.Errorf("%s is not in the comment of %d bytes", w.Key, limit)
				}
			}
			lacks := strings.Contains(got, "Left out: ")
			if fits := len(whole)+len("<!-- m -->\n") <= limit; fits == lacks {
				t.Errorf("fits %t, but says what it lacks %t", fits, lacks)
			}
			if lacks && !strings.Contains(got, "; [the whole plan](<https://ci.example/1?a=b(c)>) has it.\n") {
				t.Errorf("no link in the comment of %d bytes", limit)
			}
			if fences := strings.Count(got, "```diff\n"); fences*2 != strings.Count(got, "```") ||
				strings.Count(got, "<details>") != strings.Count(got, "</details>") {
				t.Errorf("a block is cut in the comment of %d bytes", limit)
			}
		}
	}
}

// TestOrderOfLoss: diffs go first, the largest before the others, then details, warnings, rows, reasons and names.
func TestOrderOfLoss(t *testing.T) {
	p := fleet(30, 30, 30)
	whole := len(markdown.Render(p, markdown.Options{}))
	stages := []struct{ name, left string }{
		{"diffs", "+a line of an object"},
		{"details", "<details>"},
		{"warnings", "a warning of its own, 29"},
		{"rows", "| **deleted** |"},
		{"reasons", "it is wrong"},
		{"names", "old-0029"},
	}
	gone := map[string]bool{}
	for limit := whole; limit > 500; limit -= 100 {
		got := markdown.Render(p, markdown.Options{Limit: limit})
		for i, s := range stages {
			if strings.Contains(got, s.left) {
				if gone[s.name] {
					t.Errorf("at %d bytes %s are back", limit, s.name)
				}
				continue
			}
			gone[s.name] = true
			for _, before := range stages[:i] {
				if !gone[before.name] {
					t.Fatalf("at %d bytes %s are left out before %s", limit, s.name, before.name)
				}
			}
		}
	}
	if len(gone) != len(stages) {
		t.Errorf("left out: %v", gone)
	}
	one := fleet(7, 0, 0)
	got := markdown.Render(one, markdown.Options{Limit: len(markdown.Render(one, markdown.Options{})) - 1})
	lacks := "Left out: the diff of 1 object; `syncer plan --base " + one.Base + " --head " + one.Head + "` prints it."
	if n := strings.Count(got, "(diff left out)"); n != 1 || !strings.Contains(got, lacks) ||
		!strings.Contains(got, "`StatefulSet/model-0006`: created (diff left out)") {
		t.Errorf("%d diffs are left out:\n%s", n, got)
	}
}

func TestLink(t *testing.T) {
	p := fleet(1, 0, 0)
	for link, want := range map[string]string{
		"https://ci.example/x":                 "[the whole plan](<https://ci.example/x>) has it",
		"https://ci.example/> [y](http://z) <": "[the whole plan](<https://ci.example/%3E%20%5By%5D%28http://z%29%20%3C>)",
		"javascript:alert(1)":                  "prints it",
		"x":                                    "prints it",
		"":                                     "prints it",
	} {
		if got := markdown.Render(p, markdown.Options{Limit: 700, Link: link}); !strings.Contains(got, want) {
			t.Errorf("%q: no %q in\n%s", link, want, got)
		}
	}
	p.Base = plan.Live
	if got := markdown.Render(p, markdown.Options{Limit: 700}); !strings.Contains(got, "; `syncer plan` prints it.") {
		t.Error(got)
	}
	p.Head = "main`; rm -rf /"
	p.Base = p.Head
	got := markdown.Render(p, markdown.Options{Limit: 700})
	if !strings.Contains(got, "`syncer plan --base COMMIT --head COMMIT`") {
		t.Error(got)
	}
}
