// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestDamagedPackIsReceivedAgain changes one byte of a pack on its way, anywhere in it: the first pack, and the one
// that brings a further commit. One that comes damaged once is received again at once; one that always does is an error
// that names the operation, and what was fetched before stays.
func TestDamagedPackIsReceivedAgain(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": noise(2000), "d/b": "b"}, "first")
	for _, at := range []int64{300, 1200} { // in the pack
		r := openMain(t, repo.URL())
		repo.SetFaults(gittest.Faults{DamagePackAt: at, DamagePacks: 1})
		c, err := r.Fetch(t.Context())
		if err != nil && errors.Is(err, ErrTooLarge) {
			t.Errorf("byte %d: %v", at, err)
		}
		repo.SetFaults(gittest.Faults{})
		c = mustFetch(t, r)
		if got := contents(t, mustSnapshot(t, r, c)); got["d/b"] != "b" {
			t.Errorf("byte %d: %v", at, got)
		}

		want := repo.Commit(map[string]string{"a": noise(2000 + int(at))}, "next")
		repo.SetFaults(gittest.Faults{DamagePackAt: at})
		_, err = r.Fetch(t.Context())
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || unreachable.Op != "receive pack" {
			t.Errorf("byte %d of every pack: %v", at, err)
		}
		if got := contents(t, mustSnapshot(t, r, c)); got["d/b"] != "b" {
			t.Errorf("byte %d of every pack: what was fetched is lost: %v", at, got)
		}
		repo.SetFaults(gittest.Faults{DamagePackAt: at, DamagePacks: 1})
		if c, err = r.Fetch(t.Context()); err != nil || string(c.Hash) != want || c.Forced {
			t.Errorf("byte %d of one pack: %+v, %v", at, c, err)
		}
		repo.SetFaults(gittest.Faults{})
	}
}

// TestDamagedClone: the very first pack is received again too, once.
func TestDamagedClone(t *testing.T) {
	repo := gittest.NewRepo(t)
	want := repo.Commit(map[string]string{"a": noise(2000)}, "first")
	r := openMain(t, repo.URL())
	repo.SetFaults(gittest.Faults{DamagePackAt: 1200})
	before := repo.Traffic().Packs
	if _, err := r.Fetch(t.Context()); err == nil || repo.Traffic().Packs-before != 2 {
		t.Errorf("%d packs, %v; want 2 and an error", repo.Traffic().Packs-before, err)
	}
	repo.SetFaults(gittest.Faults{DamagePackAt: 1200, DamagePacks: 1})
	if c := mustFetch(t, r); string(c.Hash) != want {
		t.Errorf("fetched %+v", c)
	}
}

// TestPushThatIsCutOff drops the connection before a push is carried out, and after: nothing is lost, and nothing is
// there twice.
func TestPushThatIsCutOff(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	b := openMain(t, repo.URL()).Branch(statusBranch)
	mustCommit(t, b, statusChange(map[string]string{"x": "0"}))
	for i, test := range []struct {
		faults  gittest.Faults
		carried bool
	}{{gittest.Faults{DropPush: true}, false}, {gittest.Faults{LoseAnswer: true}, true}} {
		change := statusChange(map[string]string{"x": fmt.Sprint(i + 1)})
		before := len(repo.Log(statusBranch))
		repo.SetFaults(test.faults)
		_, _, err := b.Commit(t.Context(), change)
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || unreachable.Op != "push" {
			t.Errorf("%+v: %v", test.faults, err)
		}
		repo.SetFaults(gittest.Faults{})
		if _, changed := mustCommit(t, b, change); changed == test.carried {
			t.Errorf("%+v: the next commit has changed something: %t", test.faults, changed)
		}
		if n := len(repo.Log(statusBranch)); n != before+1 || repo.Show(statusBranch, "status/demo/x") != fmt.Sprint(i+1) {
			t.Errorf("%+v: %d commits after %d", test.faults, n, before)
		}
	}
	repo.Fsck()
}

// TestFaultsOfAPush: what a server may answer to a push ends in an error that says so, and none is tried for ever.
// Credentials do not follow a redirect.
func TestFaultsOfAPush(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	elsewhere := gittest.NewRepo(t)
	elsewhere.Commit(map[string]string{"f": "hostile"}, "first")
	t.Setenv("GIT_TEST_PASSWORD", "s3cret-password")
	auth := Auth{Username: "bot", Password: Secret{Env: "GIT_TEST_PASSWORD"}}
	for name, test := range map[string]struct {
		faults gittest.Faults
		want   string
	}{
		"401":      {gittest.Faults{Username: "bot", Password: "other"}, "sign in first"},
		"403":      {gittest.Faults{ReadOnly: true}, "you may only read"},
		"500":      {gittest.Faults{Status: 500, Body: "trace"}, "500"},
		"down":     {gittest.Faults{Down: true}, "EOF"},
		"redirect": {gittest.Faults{RedirectTo: strings.TrimSuffix(elsewhere.URL(), "/repo.git")}, "another host refused"},
	} {
		r := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Auth: auth})
		repo.SetFaults(test.faults)
		_, _, err := r.Branch(statusBranch).Commit(t.Context(), statusChange(map[string]string{"x": name}))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		repo.SetFaults(gittest.Faults{})
		mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"x": name}))
	}
	if n := elsewhere.Traffic().Lists; n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

// TestSlowServer: a server that does not answer in time is an error that says how long syncer waited.
func TestSlowServer(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	r := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Timeout: 100 * time.Millisecond})
	released := make(chan struct{})
	repo.SetFaults(gittest.Faults{Hold: func() { <-released }})
	_, err := r.Fetch(t.Context())
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !strings.Contains(unreachable.Hint(), "100ms") {
		t.Errorf("%v", err)
	}
	close(released)
	repo.SetFaults(gittest.Faults{})
	if _, err := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main}).Fetch(t.Context()); err != nil {
		t.Errorf("once it answers: %v", err)
	}
}

// TestManyRefs follows a branch and a tag among 10,000 refs.
func TestManyRefs(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		want := repo.Commit(map[string]string{"f": "1"}, "first")
		var refs strings.Builder
		for i := range 10_000 {
			kind := []string{"heads", "tags", "pull"}[i%3]
			fmt.Fprintf(&refs, "create refs/%s/n%d %s\n", kind, i, want)
		}
		repo.GitInput(refs.String(), "update-ref", "--stdin")
		repo.Git("pack-refs", "--all")
		for _, o := range []Options{{URL: url, Branch: gittest.Main}, {URL: url, Tag: "n1"}, {URL: url, Commit: want}} {
			r := mustOpen(t, o)
			if c := mustFetch(t, r); string(c.Hash) != want {
				t.Errorf("fetched %+v", c)
			}
			if c, err := r.Resolve(t.Context(), "refs/pull/n2"); err != nil || string(c.Hash) != want {
				t.Errorf("resolved %+v, %v", c, err)
			}
		}
		b := openMain(t, url).Branch(statusBranch)
		mustCommit(t, b, statusChange(map[string]string{"x": "1"}))
		mustCommit(t, b, statusChange(map[string]string{"x": "2"}))
		if got := repo.Show(statusBranch, "status/demo/x"); got != "2" {
			t.Errorf("status %q", got)
		}
	})
}
