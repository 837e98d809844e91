// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// kubeconfig writes a kubeconfig for an API server that refuses connections.
func kubeconfig(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test}}]
clusters: [{name: test, cluster: {server: "http://%s"}}]
`, l.Addr())
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRunOnce makes one pass without an API server: the command says so, and asks for the configuration it lacks.
func TestRunOnce(t *testing.T) {
	r, _, _ := phiRepository(t)
	t.Chdir(t.TempDir())
	once := func(set ...string) result {
		return execute(t, "", func(s Stdio) command {
			return runOptions{Stdio: s, settings: settings.Settings{Set: set, Env: s.Env}, once: true}
		})
	}
	got := once("cluster=demo", "source.url="+r.Dir, "capacity.mode=byo", "kubeconfig="+kubeconfig(t))
	if got.code != exit.Failure || !strings.Contains(got.err, "refused") {
		t.Errorf("without an API server: got %s", got)
	}
	if got := once("cluster=demo"); got.code != exit.Failure || !strings.Contains(got.err, "source.url: is required") {
		t.Errorf("without a repository: got %s", got)
	}
}

func TestExitCodeOfRun(t *testing.T) {
	key := workspace.Key{Namespace: "default", Name: "phi"}
	ready, failed := &status.Report{Key: key, State: status.Ready}, &status.Report{Key: key, State: status.Failed}
	for name, test := range map[string]struct {
		last reconcile.Outcome
		code int
		want string
	}{
		"ready":  {reconcile.Outcome{Reports: []*status.Report{ready}}, exit.Yes, ""},
		"failed": {reconcile.Outcome{Reports: []*status.Report{ready, failed}}, exit.No, "1 of 2 Workspaces failed\n"},
		"a broken file": {
			reconcile.Outcome{Problems: diag.List{diag.Errorf(diag.WrongType, "no")}}, exit.No, "1 of 0 Workspaces failed\n",
		},
		"an error of a Workspace is in its Report": {
			reconcile.Outcome{Problems: diag.List{diag.Errorf(diag.WrongType, "no").For(key)}}, exit.Yes, "",
		},
		"a server that is away": {reconcile.Outcome{Err: errors.New("refused")}, exit.Failure, "syncer: refused\n"},
	} {
		var talk strings.Builder
		if code := exit.Code(t.Context(), answer.Done(test.last), &talk); code != test.code || talk.String() != test.want {
			t.Errorf("%s: exit code %d and %q, want %d and %q", name, code, talk.String(), test.code, test.want)
		}
	}
}

func TestExitCode(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	nothing := &source.EmptyError{Path: "p", Kinds: "y"}
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		code int
		want string
	}{
		"done":                {t.Context(), nil, exit.Yes, ""},
		"no":                  {t.Context(), answer.No("not so"), exit.No, "not so\n"},
		"no, without a word":  {t.Context(), answer.No(""), exit.No, ""},
		"a wrapped no":        {t.Context(), fmt.Errorf("x: %w", answer.No("not so")), exit.No, "not so\n"},
		"nothing there":       {t.Context(), fmt.Errorf("x: %w", nothing), exit.No, "x: p holds no y\n"},
		"interrupted":         {cancelled, context.Canceled, exit.Interrupted, "syncer: interrupted\n"},
		"cancelled elsewhere": {t.Context(), context.Canceled, exit.Failure, "syncer: context canceled\n"},
	} {
		var talk strings.Builder
		if code := exit.Code(test.ctx, test.err, &talk); code != test.code || talk.String() != test.want {
			t.Errorf("%s: exit code %d and %q, want %d and %q", name, code, talk.String(), test.code, test.want)
		}
	}
	if got := answer.No("no %s", "way").Error(); got != "no way" {
		t.Errorf("got %q", got)
	}
}
