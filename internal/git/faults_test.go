// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

func TestUnreachable(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	elsewhere := gittest.NewRepo(t)
	elsewhere.Commit(map[string]string{"f": "hostile"}, "first")
	other := strings.TrimSuffix(elsewhere.URL(), "/repo.git")
	t.Setenv("GIT_TEST_PASSWORD", "s3cret-password")
	auth := Auth{Username: "bot", Password: Secret{Env: "GIT_TEST_PASSWORD"}}

	for _, test := range []struct {
		name   string
		faults gittest.Faults
		auth   Auth
		want   string // part of the error
		hint   string // part of the hint
	}{
		{
			name:   "no credentials",
			faults: gittest.Faults{Username: "bot", Password: "x"},
			want:   "authentication required",
			hint:   "none are configured",
		},
		{
			name:   "wrong credentials",
			faults: gittest.Faults{Username: "bot", Password: "x"},
			auth:   auth,
			want:   "sign in first",
			hint:   "refused the configured credentials",
		},
		{
			name:   "forbidden",
			faults: gittest.Faults{Status: 403, Body: "no access"},
			auth:   auth,
			want:   "no access",
			hint:   "refused the configured credentials",
		},
		{name: "not found", faults: gittest.Faults{Status: 404}, want: "not found", hint: "does not exist"},
		{
			name: "echoes credentials",
			faults: gittest.Faults{
				Status: 401,
				Body:   "bad password s3cret-password for https://bot:s3cret-password@x/",
			},
			auth: auth,
			want: "bad password [redacted]",
			hint: "refused",
		},
		{
			name:   "endless error",
			faults: gittest.Faults{Status: 403, Body: strings.Repeat("x", 10<<20)},
			want:   "xxx...",
			hint:   "credentials",
		},
		{name: "server error", faults: gittest.Faults{Status: 503, Body: "maintenance"}, want: "503"},
		{name: "internal error", faults: gittest.Faults{Status: 500, Body: "a stack trace"}, want: "500"},
		{name: "down", faults: gittest.Faults{Down: true}, want: "EOF"},
		{
			name: "not a git server", faults: gittest.Faults{Status: 200, Body: "<html>welcome</html>"},
			want: "a web page instead of Git", hint: "token has expired",
		},
		{
			name: "not smart", faults: gittest.Faults{Status: 200, Body: "0123 refs/heads/main"},
			want: "text/plain instead of Git", hint: "check the credentials",
		},
		{
			name: "sign-in page", faults: gittest.Faults{SignIn: "*"}, auth: auth,
			want: "a web page (Sign in · Forge) instead of Git", hint: "token has expired",
		},
		{
			name: "sent to sign in", faults: gittest.Faults{SignIn: "/users/sign_in"},
			want: "/users/sign_in, instead of Git", hint: "token has expired",
		},
		{
			name: "redirect to another host", faults: gittest.Faults{RedirectTo: other}, auth: auth,
			want: "redirect to another host refused", hint: "new URL",
		},
		{name: "pack cut short", faults: gittest.Faults{DropPackAfter: 60}, want: "receive pack"},
	} {
		t.Run(test.name, func(t *testing.T) {
			repo.SetFaults(test.faults)
			r := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Auth: test.auth})
			_, err := r.Fetch(context.Background())
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) {
				t.Fatalf("%v, want *UnreachableError", err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(unreachable.Hint(), test.hint) ||
				test.hint == "" && unreachable.Hint() != "" {
				t.Errorf("error %q, hint %q; want %q and %q", err, unreachable.Hint(), test.want, test.hint)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, unreachable), "s3cret") || len(err.Error()) > 1200 {
				t.Errorf("error tells too much: %v", err)
			}
			repo.SetFaults(gittest.Faults{})
			if _, err := r.Fetch(context.Background()); err != nil {
				t.Errorf("after it is over: %v", err)
			}
		})
	}
	if n := elsewhere.Traffic().Lists; n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func TestRedirectWithinTheHost(t *testing.T) {
	repo := gittest.NewRepo(t)
	want := repo.Commit(map[string]string{"f": "f"}, "first")
	url := repo.URL()
	repo.SetFaults(gittest.Faults{MovedFrom: "/old/name"})
	r := openMain(t, strings.TrimSuffix(url, "/repo.git")+"/old/name")
	if c := mustFetch(t, r); string(c.Hash) != want {
		t.Errorf("fetched %+v, want %s", c, want)
	}
	want = repo.Commit(map[string]string{"f": "g"}, "second")
	if c := mustFetch(t, r); string(c.Hash) != want {
		t.Errorf("fetched %+v, want %s", c, want)
	}
}

// TestPackIsNotFetchedElsewhere has a server that lists its branches send the requests for packs, and for pushes, to
// another host, which serves clients with multi_ack: neither they nor the credentials follow, by any kind of redirect.
func TestPackIsNotFetchedElsewhere(t *testing.T) {
	repo, elsewhere := gittest.NewRepo(t), gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	elsewhere.Commit(map[string]string{"f": "hostile"}, "first")
	elsewhere.SetFaults(gittest.Faults{DemandMultiAck: true})
	repo.SetFaults(gittest.Faults{DemandMultiAck: true})
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		elsewhere.ServeHTTP(w, r)
	}))
	t.Cleanup(other.Close)
	var code atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := int(code.Load()); code != 0 && r.Method == http.MethodPost {
			http.Redirect(w, r, other.URL+r.URL.RequestURI(), code)
			return
		}
		repo.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("GIT_TEST_PASSWORD", "s3cret-password")
	for _, status := range []int32{
		http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
	} {
		r := mustOpen(t, Options{
			URL: server.URL + "/" + filepath.Base(repo.Dir), Branch: gittest.Main,
			Auth: Auth{Username: "bot", Password: Secret{Env: "GIT_TEST_PASSWORD"}},
		})
		code.Store(status)
		if _, err := r.Fetch(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%d: a fetch: %v", status, err)
		}
		code.Store(0)
		mustFetch(t, r)
		code.Store(status)
		change := statusChange(map[string]string{"x": fmt.Sprint(status)})
		if _, _, err := r.Branch(statusBranch).Commit(t.Context(), change); err == nil ||
			strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%d: a push: %v", status, err)
		}
		code.Store(0)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func TestFetchSurvivesABrokenPack(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	r := openMain(t, repo.URL())
	c := mustFetch(t, r)
	repo.Commit(map[string]string{"f": strings.Repeat("more ", 100)}, "second")
	repo.SetFaults(gittest.Faults{DropPackAfter: 120})
	if _, err := r.Fetch(context.Background()); err == nil {
		t.Fatal("a pack that was cut short was accepted")
	}
	if got := contents(t, mustSnapshot(t, r, c)); got["f"] != "f" {
		t.Errorf("what was fetched is lost: %v", got)
	}
	repo.SetFaults(gittest.Faults{})
	if c := mustFetch(t, r); string(c.Hash) != repo.Head(gittest.Main) || c.Forced {
		t.Errorf("fetched %+v", c)
	}
}

func TestRotatedCredentials(t *testing.T) {
	for name, use := range map[string]struct {
		demand func(secret string) gittest.Faults
		auth   func(file string) Auth
	}{
		"password": {
			func(s string) gittest.Faults { return gittest.Faults{Username: "bot", Password: s} },
			func(file string) Auth { return Auth{Username: "bot", Password: Secret{File: file}} },
		},
		"password without a user": {
			func(s string) gittest.Faults { return gittest.Faults{Password: s} },
			func(file string) Auth { return Auth{Password: Secret{File: file}} }, // Azure DevOps wants it so
		},
		"bearer": {
			func(s string) gittest.Faults { return gittest.Faults{Bearer: s} },
			func(file string) Auth { return Auth{Bearer: Secret{File: file}} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			repo := gittest.NewRepo(t)
			repo.Commit(map[string]string{"f": "f"}, "first")
			file := filepath.Join(t.TempDir(), "token")
			r := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Auth: use.auth(file)})
			if _, err := r.Fetch(context.Background()); err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("without the file: %v", err)
			}
			for _, secret := range []string{"first-secret", "second-secret"} {
				repo.SetFaults(use.demand(secret))
				if _, err := r.Fetch(context.Background()); err == nil {
					t.Error("fetched with the wrong secret")
				}
				if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				mustFetch(t, r)
				if _, changed := mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"x": secret})); !changed {
					t.Error("not pushed")
				}
			}
		})
	}
}

func TestPushWithoutPermission(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	repo.SetFaults(gittest.Faults{ReadOnly: true})
	_, _, err := openMain(
		t,
		repo.URL(),
	).Branch(statusBranch).
		Commit(context.Background(), statusChange(map[string]string{"x": "y"}))
	var rejected *RejectedError
	if !errors.As(err, &rejected) || !strings.Contains(rejected.Reason, "you may only read") || rejected.Hint() == "" {
		t.Errorf("%v, want *RejectedError with the server's words and a hint", err)
	}
}

func TestCertificateAuthority(t *testing.T) {
	repo := gittest.NewRepo(t)
	want := repo.Commit(map[string]string{"f": "f"}, "first")
	server := httptest.NewUnstartedServer(repo)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	url := server.URL + "/repo.git"
	_, err := openMain(t, url).Fetch(context.Background())
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !strings.Contains(unreachable.Hint(), "CA file") {
		t.Errorf("unknown authority: %v", err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := mustFetch(t, mustOpen(t, Options{URL: url, Branch: gittest.Main, CAFile: file})); string(c.Hash) != want {
		t.Errorf("fetched %+v, want %s", c, want)
	}
	for _, bad := range []string{filepath.Join(t.TempDir(), "missing"), repo.Dir + "/HEAD"} {
		if _, err := Open(Options{URL: url, CAFile: bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("CA file %s: %v", bad, err)
		}
	}
}
