// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/signature"
)

// statusCommit commits a state of a cluster.
func statusCommit(t testing.TB, b *Branch, cluster string, n int, signer Signer) {
	t.Helper()
	c := statusChange(map[string]string{"state.yaml": fmt.Sprint(n)})
	c.Dir, c.Signer, c.When = "status/"+cluster, signer, testTime.Add(time.Duration(n)*time.Second)
	c.Message = fmt.Sprintf("status(%s): %d\n\nSyncer-Commit: %040d\nSyncer-Cluster: %s\n", cluster, n, n, cluster)
	mustCommit(t, b, c)
}

func byCluster(c Commit) string {
	cluster, _ := c.Trailer("Syncer-Cluster")
	return cluster
}

// TestTruncate shortens a history on which two clusters, reviews and a user have written.
func TestTruncate(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		for filter, last := range map[string]int{"true": 60, "false": 40} {
			repo.Git("config", "uploadpack.allowFilter", filter)
			name := "status/filter-" + filter
			b := openMain(t, url).Branch(name)
			statusCommit(t, b, "quiet", 0, nil)
			mustCommit(t, b, Change{
				Dir: "reviews/quiet", Files: map[string][]byte{"r.yaml": []byte("shown")}, Message: "reviewed",
				Author: "syncer", Email: "s@localhost", When: testTime,
			})
			repo.CommitTo(name, map[string]string{"NOTES.md": "by a person"}, "a note")
			k := Keep{Commits: 20, Group: byCluster}
			removed := 0
			for n := 1; n <= last; n++ {
				statusCommit(t, b, "busy", n, nil)
				r, err := b.Truncate(t.Context(), k)
				if err != nil {
					t.Fatal(err)
				}
				removed += r
			}
			log := repo.Log(name)
			if len(log) > 20+1+2*k.slack() || len(log) < 21 || removed != last+3-len(log) {
				t.Errorf("%d commits are left, %d are gone: %v", len(log), removed, log)
			}
			if log[0] != fmt.Sprintf("status(busy): %d", last) || log[19] != fmt.Sprintf("status(busy): %d", last-19) {
				t.Errorf("the last commits are not there: %v", log)
			}
			oldest := repo.Git("log", "--format=%an %ae %ct%n%(trailers)", "--max-parents=0", name)
			if !strings.Contains(oldest, "Syncer-Cluster: quiet") ||
				!strings.Contains(oldest, fmt.Sprintf("syncer syncer@localhost %d", testTime.Unix())) {
				t.Errorf("what the other cluster said last is gone: the history begins with %s", oldest)
			}
			for file, want := range map[string]string{
				"status/busy/state.yaml": fmt.Sprint(last), "status/quiet/state.yaml": "0", "reviews/quiet/r.yaml": "shown",
				"NOTES.md": "by a person",
			} {
				if got := repo.Show(name, file); got != want {
					t.Errorf("%s = %q, want %q", file, got, want)
				}
			}
			quiet := func(c Commit) bool { return byCluster(c) == "quiet" }
			found, ok, err := openMain(t, url).Branch(name).Newest(t.Context(), quiet)
			if source, _ := found.Trailer("Syncer-Commit"); !ok || err != nil || source != fmt.Sprintf("%040d", 0) {
				t.Errorf("after a restart, the other cluster finds %+v, %t, %v", found, ok, err)
			}
			repo.Fsck()
		}
	})
}

// TestTruncateAsksSeldom: most calls cost no request.
func TestTruncateAsksSeldom(t *testing.T) {
	repo := gittest.NewRepo(t)
	b := openMain(t, repo.URL()).Branch(statusBranch)
	for n := range 30 {
		statusCommit(t, b, "demo", n, nil)
		before := repo.Traffic()
		if _, err := b.Truncate(t.Context(), Keep{Commits: 1000}); err != nil {
			t.Fatal(err)
		}
		if after := repo.Traffic(); n > 0 && after != before {
			t.Fatalf("commit %d: %+v, before %+v", n, after, before)
		}
	}
	if removed, err := b.Truncate(t.Context(), Keep{}); removed != 0 || err != nil {
		t.Errorf("keep all: %d, %v", removed, err)
	}
}

// TestTruncateSigns: what the key of syncer has signed is signed again, and nothing else is.
func TestTruncateSigns(t *testing.T) {
	repo := gittest.NewRepo(t)
	s := newSigners(t, repo, "syncer", "person")
	signer := signature.Signer{KeyFile: filepath.Join(s.dir, "syncer")}
	other := signature.Signer{KeyFile: filepath.Join(s.dir, "person")}
	b := openMain(t, repo.URL()).Branch(statusBranch)
	for n := range 40 {
		statusCommit(t, b, "demo", n, signer)
	}
	statusCommit(t, b, "demo", 40, other)
	repo.CommitTo(statusBranch, map[string]string{"status/demo/state.yaml": "forged"}, "unsigned")
	k := Keep{Commits: 10, Group: byCluster, Key: func() (Key, error) { return signer.Open() }}
	if removed, err := b.Truncate(t.Context(), k); removed != 32 || err != nil {
		t.Fatalf("%d commits are gone, %v", removed, err)
	}
	config := []string{"-c", "gpg.format=ssh", "-c", "gpg.ssh.allowedSignersFile=" + s.allowed("syncer")}
	got := strings.Fields(repo.Git(append(config, "log", "--format=%G?", statusBranch)...))
	if want := "N N" + strings.Repeat(" G", 8); strings.Join(got, " ") != want {
		t.Errorf("signatures %v, want %s", got, want)
	}
}

// TestTruncateIsRefused: a server that takes fast-forwards only says what to do, and status goes on.
func TestTruncateIsRefused(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Git("config", "receive.denyNonFastForwards", "true")
	b := openMain(t, repo.URL()).Branch(statusBranch)
	for n := range 30 {
		statusCommit(t, b, "demo", n, nil)
	}
	tip := repo.Head(statusBranch)
	_, err := b.Truncate(t.Context(), Keep{Commits: 10})
	var rejected *RejectedError
	if !errors.As(err, &rejected) || !strings.Contains(rejected.Hint(), "allow force pushes to "+statusBranch) ||
		!strings.Contains(err.Error(), "non-fast-forward") {
		t.Errorf("%v, hint %q", err, rejected.Hint())
	}
	if got := repo.Head(statusBranch); got != tip {
		t.Errorf("the branch moved to %s", got)
	}
	statusCommit(t, b, "demo", 30, nil)
	if n := len(repo.Log(statusBranch)); n != 31 {
		t.Errorf("%d commits after the next one", n)
	}
}

// TestTruncateLosesTheRace: a commit that another writer pushes while the history is written again stays.
func TestTruncateLosesTheRace(t *testing.T) {
	repo := gittest.NewRepo(t)
	b := openMain(t, repo.URL()).Branch(statusBranch)
	for n := range 30 {
		statusCommit(t, b, "demo", n, nil)
	}
	var once sync.Once
	repo.SetFaults(gittest.Faults{BeforePush: func() {
		once.Do(func() { repo.CommitTo(statusBranch, map[string]string{"other": "x"}, "faster") })
	}})
	if removed, err := b.Truncate(t.Context(), Keep{Commits: 10}); removed != 0 || err != nil {
		t.Errorf("%d commits are gone, %v; want the other writer to win", removed, err)
	}
	if log := repo.Log(statusBranch); log[0] != "faster" || len(log) != 31 {
		t.Errorf("history %v", log)
	}
	for n := 31; n < 45; n++ {
		statusCommit(t, b, "demo", n, nil)
	}
	if removed, err := b.Truncate(t.Context(), Keep{Commits: 10}); removed != 35 || err != nil {
		t.Errorf("%d commits are gone, %v", removed, err)
	}
	if got := repo.Show(statusBranch, "other"); got != "x" {
		t.Errorf("what the other writer wrote: %q", got)
	}
}

// racing is how often each of the two writers of TestTwoWritersShorten commits: make racing says 1000.
var racing = flag.Int("racing", 100, "commits of each writer in TestTwoWritersShorten")

// TestTwoWritersShorten lets two processes write to one branch at once, to folders of their own and to one that they
// share, while both shorten the history. Nothing that was written is lost.
func TestTwoWritersShorten(t *testing.T) {
	repo := gittest.NewRepo(t)
	lines := func(text []byte) []string { return strings.Fields(string(text)) }
	commit := func(b *Branch, c Change) error { // as the next pass does after one that gave up
		_, _, err := b.Commit(t.Context(), c)
		for strings.Contains(fmt.Sprint(err), "given up after") {
			_, _, err = b.Commit(t.Context(), c)
		}
		return err
	}
	write := func(b *Branch, name string, n int) error {
		own := statusChange(map[string]string{"state.yaml": fmt.Sprint(n)})
		own.Dir = "status/" + name
		own.Message = fmt.Sprintf("status(%s): %d\n\nSyncer-Commit: %040d\nSyncer-Cluster: %s\n", name, n, n, name)
		if err := commit(b, own); err != nil {
			return fmt.Errorf("commit %d: %w", n, err)
		}
		if _, err := b.Truncate(t.Context(), Keep{Commits: 12, Group: byCluster}); err != nil {
			return fmt.Errorf("truncate after %d: %w", n, err)
		}
		shared := own
		shared.Dir, shared.Message = "reviews", "reviews"
		shared.Edit = func(present map[string][]byte) (map[string][]byte, error) {
			present["log"] = fmt.Appendf(present["log"], "%s-%d\n", name, n)
			return present, nil
		}
		if err := commit(b, shared); err != nil {
			return fmt.Errorf("shared commit %d: %w", n, err)
		}
		return nil
	}
	var writers sync.WaitGroup
	names := []string{"east", "west"}
	errs := make([]error, len(names))
	for i, name := range names {
		b := openMain(t, repo.Dir).Branch(statusBranch)
		writers.Go(func() {
			for n := range *racing {
				if errs[i] = write(b, name, n); errs[i] != nil {
					return
				}
			}
		})
	}
	writers.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	next := map[string]int{}
	for _, line := range lines([]byte(repo.Show(statusBranch, "reviews/log"))) {
		name, n, _ := strings.Cut(line, "-")
		if n != fmt.Sprint(next[name]) {
			t.Fatalf("line %s of %s where %d was due", n, name, next[name])
		}
		next[name]++
	}
	for _, name := range names {
		got := repo.Show(statusBranch, "status/"+name+"/state.yaml")
		if next[name] != *racing || got != fmt.Sprint(*racing-1) {
			t.Errorf("%s: %d of %d lines, and state %s", name, next[name], *racing, got)
		}
	}
	if n := len(repo.Log(statusBranch)); n > 12+2*2*10+2 {
		t.Errorf("the history has %d commits", n)
	}
	repo.Fsck()
}
