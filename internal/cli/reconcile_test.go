// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/exit"
)

// TestReconcile: the answer of the daemon is one line and an exit code, and that of any other program at the address is
// no answer.
func TestReconcile(t *testing.T) {
	const pass = `{"apiVersion": "syncer.dev/v1", "kind": "Pass", "cluster": "demo", "commit": "0123456789abcdef", `
	for name, tt := range map[string]struct {
		code         int
		answer, want string // of the daemon, and on standard output
		err          string // "" for exit code 0
		no           bool   // exit code 1 rather than 2
	}{
		"settled": {
			200, pass + `"states": {"Ready": 2, "Pending": 1}, "settled": true}`,
			"cluster demo at commit 0123456789ab: 1 Pending, 2 Ready\n", "", false,
		},
		"in progress": {
			200, pass + `"states": {"Pending": 1}}`,
			"cluster demo at commit 0123456789ab: 1 Pending; changes are in progress\n", "", false,
		},
		"failed Workspace": {
			200, pass + `"states": {"Failed": 2}, "settled": true}`,
			"cluster demo at commit 0123456789ab: 2 Failed\n", "2 Workspaces failed", true,
		},
		"component": {
			503, pass + `"states": {}, "error": "git: it does not answer"}`,
			"cluster demo at commit 0123456789ab: no Workspaces\n", "git: it does not answer", true,
		},
		"several clusters": {
			200, `{"kind": "PassList", "items": [` + pass + `"states": {"Ready": 2}, "settled": true}, ` +
				`{"kind": "Pass", "cluster": "b", "commit": "1", "states": {"Failed": 1}, "settled": true}]}`,
			"cluster demo at commit 0123456789ab: 2 Ready\ncluster b at commit 1: 1 Failed\n", "1 Workspace failed", true,
		},
		"a follower of several": {
			503, `{"kind": "PassList", "items": [` + pass + `"states": {}, "error": "follower, x leads"}, ` +
				`{"kind": "Pass", "cluster": "b", "commit": "1", "states": {"Ready": 1}, "settled": true}]}`,
			"cluster demo at commit 0123456789ab: no Workspaces\ncluster b at commit 1: 1 Ready\n",
			"cluster demo was not complete: follower, x leads", true,
		},
		"a follower": {
			503, pass + `"states": {}, "error": "follower", "leader": "syncer-5d9c-x7k_ABCDEFGH"}`,
			"cluster demo at commit 0123456789ab: no Workspaces\n",
			"the pass was not complete: follower\nhint: syncer-5d9c-x7k leads, and makes the pass; to see its result, forward " +
				"its port instead: kubectl -n syncer port-forward pod/syncer-5d9c-x7k 8080\n", true,
		},
		"a follower of no pod": {
			503, pass + `"states": {}, "error": "follower", "leader": "x $(rm)_"}`,
			"cluster demo at commit 0123456789ab: no Workspaces\n", "the pass was not complete: follower\n", true,
		},
		"an empty list":   {200, `{"kind": "PassList", "items": []}`, "", "it answers 200 OK", false},
		"another program": {404, "<html>\nnot found", "", "it answers 404 Not Found: <html>", false},
		"too long":        {504, "the pass takes longer than 25s and goes on", "", "the pass takes longer", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || r.URL.Path != "/reconcile" {
					t.Errorf("%s %s", r.Method, r.URL.Path)
				}
				w.WriteHeader(tt.code)
				fmt.Fprint(w, tt.answer)
			}))
			defer s.Close()
			var out, msg bytes.Buffer
			std := Stdio{Out: &out, Err: &msg, Env: func(string) (string, bool) { return "", false }}
			o := reconcileOptions{Stdio: std, address: s.URL + "/", output: "text"}
			code := exit.Code(t.Context(), o.run(t.Context()), io.Writer(&msg))
			want := 0
			if tt.err != "" {
				if want = 2; tt.no {
					want = 1
				}
			}
			if code != want || out.String() != tt.want || !strings.Contains(msg.String(), tt.err) {
				t.Errorf("code %d, output %q, error %q", code, out.String(), msg.String())
			}
		})
	}
}

// TestReconcileWithToken: the token of a file is sent to the daemon, to no server that it redirects to, and to no
// other machine without encryption.
func TestReconcileWithToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("a-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	redirected := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/reconcile":
			redirected = true
		case r.Header.Get("Authorization") == "Bearer a-token":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		default:
			http.Error(w, "a token that the cluster accepts is needed", http.StatusUnauthorized)
		}
	}))
	defer s.Close()
	for name, tt := range map[string]struct{ address, file, want string }{
		"token":         {s.URL, file, "it answers 307 Temporary Redirect"},
		"no token":      {s.URL, "", "401 Unauthorized: a token that the cluster accepts is needed"},
		"no file":       {s.URL, file + "x", "read the token (--token-file)"},
		"plain, remote": {"http://syncer.example.com", file, "a token is not sent unencrypted to another machine"},
	} {
		std := Stdio{Out: io.Discard, Err: io.Discard, Env: func(string) (string, bool) { return "", false }}
		err := reconcileOptions{Stdio: std, address: tt.address, tokenFile: tt.file, output: "text"}.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if redirected {
		t.Error("the client follows a redirect")
	}
}
