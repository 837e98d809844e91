// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/planning"
	"syncer.dev/syncer/internal/cli/settings"
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

// phiRepository returns a repository with two commits, of which the second gives the Workspace another size.
func phiRepository(t *testing.T) (r *gittest.Repo, before, after string) {
	t.Helper()
	r = gittest.NewRepo(t)
	before = r.Commit(map[string]string{"workspaces/phi.yaml": phi("Standard_NC24ads_A100_v4")}, "one")
	after = r.Commit(map[string]string{"workspaces/phi.yaml": phi("Standard_NC40ads_H100_v5")}, "two")
	return r, before, after
}

func TestPlanCommits(t *testing.T) {
	r, before, after := phiRepository(t)
	plan := func(o planOptions) result {
		return execute(t, "", func(s Stdio) command {
			o.Stdio, o.settings, o.request.Repository = s, settingsOf(s), r.Dir
			return o
		})
	}
	text := plan(planOptions{request: planning.Request{Base: before, Head: after}, output: "text"})
	for _, want := range []string{
		"Plan for cluster example: " + before[:12] + " -> " + after[:12] + "\n",
		"1 model replaced, serving interrupted, +2,414 USD/month, quota unknown: read the warnings\n",
		"\n-/+ default/phi  phi-4-mini-instruct on 1 x Standard_NC40ads_H100_v5, 6.98 USD/h, 5,095 USD/month\n",
		"\nCost: 3.67 -> 6.98 USD/h, 2,681 -> 5,095 USD/month (+2,414), prices of 2026-06-18.\n",
	} {
		if text.code != exit.Yes || !strings.Contains(text.out, want) {
			t.Errorf("got %s\nwant %q", text, want)
		}
	}
	document := plan(planOptions{request: planning.Request{Base: before}, output: "json", exitCode: true})
	var got struct {
		APIVersion, Kind, Base, Head string
		Workspaces                   []struct{ Name, InstanceType string }
	}
	if err := json.Unmarshal([]byte(document.out), &got); err != nil {
		t.Fatal(err, document)
	}
	if document.code != exit.No || document.err != "" || got.APIVersion != answer.APIVersion || got.Kind != "Plan" ||
		got.Base != before || got.Head != after || len(got.Workspaces) != 1 ||
		got.Workspaces[0].InstanceType != "Standard_NC40ads_H100_v5" {
		t.Errorf("got %s", document)
	}
	unchanged := plan(planOptions{request: planning.Request{Base: after}, output: "text", exitCode: true})
	if got := unchanged; got.code != exit.Yes ||
		!strings.Contains(got.out, "no changes\n") {
		t.Errorf("the same commit: got %s", got)
	}
	if got := plan(planOptions{request: planning.Request{Base: "nosuch"}, output: "text"}); got.code != exit.Failure ||
		!strings.Contains(got.err, `look up the commit: resolve "nosuch": unknown revision`) {
		t.Errorf("an unknown commit: got %s", got)
	}
}

func TestPlanFindsTheRepository(t *testing.T) {
	r, before, _ := phiRepository(t)
	t.Chdir(t.TempDir())
	plan := func(set ...string) result {
		return execute(t, "", func(s Stdio) command {
			return planOptions{
				Stdio: s, settings: settings.Settings{Set: set, Env: s.Env},
				request: planning.Request{Base: before}, output: "text",
			}
		})
	}
	if got := plan(); got.code != exit.Failure || !strings.Contains(got.err, "give --repo, or --set source.url=VALUE") {
		t.Errorf("without a repository: got %s", got)
	}
	if got := plan("source.url=" + r.Dir); got.code != exit.Yes || !strings.Contains(got.out, "Standard_NC40ads_H100_v5") {
		t.Errorf("with source.url: got %s", got)
	}
	dir := t.TempDir()
	r.Git("clone", "--quiet", ".", dir)
	t.Chdir(dir)
	if got := plan("source.url=/nowhere"); got.code != exit.Yes || !strings.Contains(got.out, "Standard_NC40ads_H100_v5") {
		t.Errorf("in a working tree: got %s", got)
	}
}

func TestPlanLiveNeedsACluster(t *testing.T) {
	t.Chdir(t.TempDir())
	got := execute(t, "", func(s Stdio) command { return planOptions{Stdio: s, settings: settingsOf(s), output: "text"} })
	if got.code != exit.Failure || !strings.Contains(got.err, "with --set source.url=VALUE") {
		t.Errorf("got %s", got)
	}
}
