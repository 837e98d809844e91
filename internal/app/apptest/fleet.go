// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"fmt"
	"testing"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/gittest"
)

// Fleet returns a repository with so many Workspaces, of eight models on nodes that syncer chooses, and
// branches topic-0, topic-1 and so on, each of which changes the model of another one.
func Fleet(b testing.TB, workspaces, branches int) *gittest.Repo {
	models := []string{
		"phi-4", "phi-4-mini-instruct", "mistral-7b-instruct", "qwen2.5-coder-7b-instruct", "falcon-7b",
		"phi-3.5-mini-instruct", "deepseek-r1-distill-llama-8b", "deepseek-r1-distill-qwen-14b",
	}
	file := func(i int) string { return fmt.Sprintf("team-%02d/m-%05d.yaml", i/100, i) }
	text := func(i, model int) string {
		return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: m-%05d\ninference:\n"+
			"  preset:\n    name: %s\n", i, models[model%len(models)])
	}
	files := map[string]string{}
	for i := range workspaces {
		files[file(i)] = text(i, i)
	}
	repo := gittest.NewRepo(b)
	repo.Commit(files, "all")
	for i := range branches {
		branch := fmt.Sprint("topic-", i)
		repo.Reset(branch, "main")
		at := 7 * i
		repo.CommitTo(branch, map[string]string{file(at): text(at, at+1)}, "another model")
	}
	return repo
}

// FleetConfig returns a configuration for a repository of Fleet, which may hold so many Workspaces.
func FleetConfig(workspaces int) config.Config {
	c := config.Default()
	c.Cluster, c.Capacity.AKS.Location, c.Source.Path = "bench", "eastus", "."
	l := &c.Source.Limits
	l.Workspaces, l.Manifests, l.Files = workspaces, workspaces, max(l.Files, 2*workspaces)
	l.Values = max(l.Values, 40*workspaces)
	return c
}
