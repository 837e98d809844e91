// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// recordedRepository returns a repository whose status branch has two Workspaces of the cluster demo.
func recordedRepository(t *testing.T) *gittest.Repo {
	t.Helper()
	r := gittest.NewRepo(t)
	r.Commit(map[string]string{"README.md": "x"}, "one")
	record(r, status.Ready)
	return r
}

// record writes the status files of the cluster demo, with the state of the Workspace phi.
func record(r *gittest.Repo, state status.State) {
	files := map[string]string{}
	for name, data := range status.Files(status.Summary{Cluster: "demo", Reports: []*status.Report{
		{
			Key:             workspace.Key{Namespace: "default", Name: "phi"},
			State:           state,
			InstanceType:    "Standard_NC24ads_A100_v4",
			TargetNodeCount: 1,
			HourlyCost:      "3.67",
		},
		{Key: workspace.Key{Namespace: "team", Name: "tune"}, State: status.Failed},
	}}) {
		files[path.Join("status/demo", name)] = string(data)
	}
	r.CommitTo("syncer/status", files, "status")
}

// statusIn returns a function that runs the command for a cluster of a repository.
func statusIn(t *testing.T, url, cluster string) func(output, name string) result {
	t.Helper()
	return func(output, name string) result {
		return execute(t, "", func(s Stdio) command {
			set := []string{"source.url=" + url, "cluster=" + cluster}
			return statusOptions{Stdio: s, settings: settings.Settings{Set: set, Env: s.Env}, output: output, name: name}
		})
	}
}

func TestStatus(t *testing.T) {
	r := recordedRepository(t)
	demo := statusIn(t, r.Dir, "demo")
	if got := demo("table", ""); got.code != exit.Yes || strings.Count(got.out, "\n") != 3 ||
		!strings.Contains(got.out, "phi") || !strings.Contains(got.out, "tune") {
		t.Errorf("table: got %s", got)
	}
	header := func(text string) string { first, _, _ := strings.Cut(text, "\n"); return first }
	if got := demo("wide", ""); got.code != exit.Yes || len(header(got.out)) <= len(header(demo("table", "").out)) {
		t.Errorf("wide: got %s", got)
	}
	type named struct {
		APIVersion, Kind string
		Metadata         struct{ Name string }
	}
	var list struct {
		named
		Items []named
	}
	got := demo("json", "")
	if err := yaml.Unmarshal([]byte(got.out), &list); err != nil || got.code != exit.Yes ||
		list.APIVersion != answer.APIVersion || list.Kind != "WorkspaceStatusList" ||
		len(list.Items) != 2 || list.Items[1].Metadata.Name != "tune" {
		t.Errorf("all: %v, got %s", err, got)
	}
	var one named
	got = demo("yaml", "team/tune") // one object, not a list of one
	if err := yaml.Unmarshal([]byte(got.out), &one); err != nil || got.code != exit.Yes ||
		one.APIVersion != answer.APIVersion || one.Kind != "WorkspaceStatus" || one.Metadata.Name != "tune" {
		t.Errorf("one: %v, got %s", err, got)
	}
	if got := demo("name", ""); got.code != exit.Yes || got.out != "default/phi\nteam/tune\n" ||
		!regexp.MustCompile(`^reading the branch syncer/status, recorded \d+ \S+ ago\n$`).MatchString(got.err) {
		t.Errorf("names: got %s", got)
	}
	if got := demo("table", "phi"); got.code != exit.Yes || strings.Contains(got.out, "tune") {
		t.Errorf("one Workspace: got %s", got)
	}
	if got := demo("table", "nosuch"); got.code != exit.No || !strings.Contains(got.err, `"nosuch" is not recorded`) {
		t.Errorf("an unknown Workspace: got %s", got)
	}
	if got := statusIn(t, r.Dir, "other")("table", ""); got.code != exit.Yes ||
		!strings.Contains(got.err, "no Workspaces are recorded for cluster other on branch syncer/status") {
		t.Errorf("another cluster: got %s", got)
	}
	t.Chdir(t.TempDir())
	if got := statusIn(t, "", "demo")("table", ""); got.code != exit.Failure ||
		!strings.Contains(got.err, "source.url: is required") {
		t.Errorf("without a repository: got %s", got)
	}
	if got := statusIn(t, "ftp://x/y", "demo")("table", ""); got.code != exit.Failure ||
		!strings.Contains(got.err, "ftp") {
		t.Errorf("a bad URL: got %s", got)
	}
}

// writes receives what a command prints, one Write at a time.
type writes chan string

func (w writes) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }

// TestStatusWatch prints again when the branch has changed, and ends with its context.
func TestStatusWatch(t *testing.T) {
	r := recordedRepository(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := make(writes)
	done := make(chan int, 1)
	var talk bytes.Buffer
	go func() {
		noEnv := func(string) (string, bool) { return "", false }
		set := []string{"source.url=" + r.Dir, "cluster=demo", "source.interval=1s"}
		err := statusOptions{
			Stdio:    Stdio{Out: out, Err: &talk},
			settings: settings.Settings{Set: set, Env: noEnv},
			output:   "table",
			watch:    true,
		}.run(ctx)
		done <- exit.Code(ctx, err, &talk)
	}()
	next := func() string {
		t.Helper()
		select {
		case text := <-out:
			return text
		case code := <-done:
			t.Fatalf("it ended with exit code %d", code)
		}
		return ""
	}
	if first := next(); strings.Count(first, string(status.Ready)) != 1 {
		t.Errorf("first:\n%s", first)
	}
	record(r, status.Failed)
	if second := next(); strings.Contains(second, string(status.Ready)+" ") {
		t.Errorf("second:\n%s", second)
	}
	cancel()
	if code := <-done; code != exit.Interrupted || !strings.HasSuffix(talk.String(), "\nsyncer: interrupted\n") ||
		!strings.Contains(talk.String(), "default/phi: ") {
		t.Errorf("exit code %d, %q", code, talk.String())
	}
}
