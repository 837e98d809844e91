// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/testenv"
)

const statusBranch = "syncer/status"

func TestStatusCommits(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		ctx := context.Background()
		main := repo.Commit(map[string]string{"workspaces/phi-4.yaml": "kind: Workspace"}, "source")
		b := openMain(t, url).Branch(statusBranch)

		files, tip, err := b.Read(ctx, "status/demo")
		if err != nil || tip != "" || len(files) != 0 {
			t.Fatalf("absent branch: %v, %q, %v", files, tip, err)
		}
		// Names that sort differently as files and as folders: git compares folders as if they ended in a slash.
		change := statusChange(map[string]string{
			"default/phi-4.yaml": "state: Pending",
			"a":                  "1",
			"a.b":                "2",
			"a-b":                "3",
			"a0":                 "4",
			"dir/x":              "5",
			"dir.x":              "6",
			"dir-x":              "7",
		})
		first, changed := mustCommit(t, b, change)
		if !changed || string(first) != repo.Head(statusBranch) {
			t.Fatalf("commit %s, changed %v, branch is at %s", first, changed, repo.Head(statusBranch))
		}
		checkFirstCommit(t, repo)
		checkTrees(t, repo, statusBranch)

		again, changed := mustCommit(t, b, change)
		if changed || again != first {
			t.Errorf("the same files again: %s, changed %v, want no commit", again, changed)
		}
		delete(change.Files, "a0")
		change.Files["default/phi-4.yaml"] = []byte("state: Ready")
		second, changed := mustCommit(t, b, change)
		if parent := repo.Git("rev-parse", statusBranch+"^"); !changed || parent != string(first) {
			t.Errorf("second commit %s on %s, want on %s", second, parent, first)
		}
		checkTrees(t, repo, statusBranch)
		checkRead(t, b, second, change.Files)
		if got, _, err := b.Read(ctx, "status/other"); err != nil || len(got) != 0 {
			t.Errorf("absent folder: %v, %v", got, err)
		}
		checkRead(t, openMain(t, url).Branch(statusBranch), second, change.Files) // as a new process
		repo.Fsck()

		third, changed := mustCommit(t, b, statusChange(nil))
		if files := repo.Files(statusBranch); !changed || len(files) != 0 || string(third) != repo.Head(statusBranch) {
			t.Errorf("nothing left to say: changed %v, files %v", changed, files)
		}
		if head := repo.Head(gittest.Main); head != main {
			t.Errorf("the source branch moved to %s", head)
		}
		repo.Fsck()
	})
}

// checkFirstCommit checks the only commit of the status branch.
func checkFirstCommit(t *testing.T, repo *gittest.Repo) {
	t.Helper()
	if parents := repo.Git("show", "-s", "--format=%P", statusBranch); parents != "" {
		t.Errorf("a new branch begins with parents %s", parents)
	}
	const want = "syncer <syncer@localhost> 1777636800 syncer <syncer@localhost> 1777636800 status(demo): phi-4 Ready"
	if got := repo.Git("show", "-s", "--format=%an <%ae> %at %cn <%ce> %ct %B", statusBranch); got != want {
		t.Errorf("commit = %q, want %q", got, want)
	}
}

// checkRead checks the files that b reads in status/demo, and the tip.
func checkRead(t *testing.T, b *Branch, tip Hash, files map[string][]byte) {
	t.Helper()
	got, at, err := b.Read(t.Context(), "status/demo")
	if err != nil || at != tip {
		t.Errorf("read at %s, %v; want %s", at, err, tip)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

// checkTrees rebuilds every tree of a revision with git mktree, which sorts, and compares the hash.
func checkTrees(t *testing.T, repo *gittest.Repo, revision string) {
	t.Helper()
	trees := strings.Split(repo.Git("ls-tree", "-rtd", revision), "\n")
	trees = append(trees, "040000 tree "+repo.Git("rev-parse", revision+"^{tree}"))
	for _, line := range trees {
		fields := strings.Fields(line)
		listing := repo.Git("ls-tree", fields[2])
		lines := strings.Split(listing, "\n")
		slices.Reverse(lines)
		if got := repo.GitInput(strings.Join(lines, "\n")+"\n", "mktree"); got != fields[2] {
			t.Errorf("tree %s: git mktree of the same entries makes %s", fields[2], got)
		}
	}
}

func TestStatusOnTheSourceBranch(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{"workspaces/phi-4.yaml": "kind: Workspace", "status/other/x.yaml": "other"}, "source")
		r := openMain(t, url)
		before := mustSnapshot(t, r, mustFetch(t, r))
		b := r.Branch(gittest.Main)
		h, changed := mustCommit(t, b, statusChange(map[string]string{"default/phi-4.yaml": "state: Ready"}))
		if !changed {
			t.Fatal("not committed")
		}
		c := mustFetch(t, r)
		if c.Hash != h || c.Forced || c.Subject() != "status(demo): phi-4 Ready" {
			t.Errorf("fetched %+v, want our own commit %s", c, h)
		}
		after := mustSnapshot(t, r, c)
		want := []string{"status/demo/default/phi-4.yaml", "status/other/x.yaml", "workspaces/phi-4.yaml"}
		if got := slices.Sorted(maps.Keys(contents(t, after))); !slices.Equal(got, want) {
			t.Errorf("files = %v, want %v", got, want)
		}
		x, _ := before.TreeHash("workspaces")
		if y, _ := after.TreeHash("workspaces"); x != y {
			t.Errorf("a status commit changed the hash of the inputs")
		}
		user := repo.Commit(map[string]string{"workspaces/llama.yaml": "kind: Workspace"}, "by a user")
		h, _ = mustCommit(t, b, statusChange(map[string]string{"default/phi-4.yaml": "state: NotReady"}))
		if parent := repo.Git("rev-parse", gittest.Main+"^"); parent != user {
			t.Errorf("%s is on %s, want on the user's commit %s", h, parent, user)
		}
		repo.Fsck()
	})
}

func TestStatusOfAnEmptyRepository(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		b := openMain(t, url).Branch(statusBranch)
		if h, changed := mustCommit(t, b, statusChange(nil)); h != "" || changed {
			t.Errorf("nothing on nothing: %q, %v", h, changed)
		}
		if _, changed := mustCommit(t, b, statusChange(map[string]string{"x": "y"})); !changed {
			t.Error("not committed")
		}
		repo.Fsck()
	})
}

func TestTwoWritersLoseNothing(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{"workspaces/phi-4.yaml": "kind: Workspace"}, "source")
		const rounds = 5
		var wg sync.WaitGroup
		for _, cluster := range []string{"blue", "green"} {
			wg.Go(func() {
				b := openMain(t, url).Branch(statusBranch)
				for i := range rounds {
					c := statusChange(map[string]string{"x.yaml": fmt.Sprint(cluster, i)})
					c.Dir, c.Message = "status/"+cluster, fmt.Sprintf("%s %d", cluster, i)
					if _, changed, err := b.Commit(context.Background(), c); err != nil || !changed {
						t.Errorf("%s: changed %v, %v", c.Message, changed, err)
					}
				}
			})
		}
		wg.Wait()
		log := repo.Log(statusBranch)
		slices.Reverse(log)
		for _, cluster := range []string{"blue", "green"} {
			var mine []string
			for _, subject := range log {
				if strings.HasPrefix(subject, cluster) {
					mine = append(mine, subject)
				}
			}
			for i := range rounds {
				if i >= len(mine) || mine[i] != fmt.Sprintf("%s %d", cluster, i) {
					t.Fatalf("history of %s: %v", cluster, mine)
				}
			}
			if got, want := repo.Show(statusBranch, "status/"+cluster+"/x.yaml"), fmt.Sprint(cluster, rounds-1); got != want {
				t.Errorf("%s ends as %q, want %q", cluster, got, want)
			}
		}
		repo.Fsck()
	})
}

// TestMovedBetweenLookAndPush moves the branch at the worst moment: after its tip was read, before the push arrives.
func TestMovedBetweenLookAndPush(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.CommitTo(statusBranch, map[string]string{"status/other/x": "0"}, "other 0")
	b := openMain(t, repo.URL()).Branch(statusBranch)
	moves := 0
	repo.SetFaults(gittest.Faults{BeforePush: func() {
		if moves < 3 {
			moves++
			repo.CommitTo(statusBranch, map[string]string{"status/other/x": fmt.Sprint(moves)}, fmt.Sprint("other ", moves))
		}
	}})
	h, changed := mustCommit(t, b, statusChange(map[string]string{"x": "mine"}))
	if !changed || string(h) != repo.Head(statusBranch) {
		t.Errorf("commit %s, changed %v, branch is at %s", h, changed, repo.Head(statusBranch))
	}
	if got := repo.Log(statusBranch); len(got) != 5 || got[1] != "other 3" {
		t.Errorf("log = %q", got)
	}
	if x, y := repo.Show(statusBranch, "status/other/x"), repo.Show(statusBranch, "status/demo/x"); x != "3" ||
		y != "mine" {
		t.Errorf("other's file = %q, ours = %q", x, y)
	}
	repo.Fsck()
}

func TestMovedForEver(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.CommitTo(statusBranch, map[string]string{"x": "0"}, "other")
	b := openMain(t, repo.URL()).Branch(statusBranch)
	moves := 0
	repo.SetFaults(gittest.Faults{BeforePush: func() {
		moves++
		repo.CommitTo(statusBranch, map[string]string{"x": fmt.Sprint(moves)}, "other")
		if moves == 3 {
			repo.SetFaults(gittest.Faults{Status: 503})
		}
	}})
	var unreachable *UnreachableError
	if _, _, err := b.Commit(context.Background(), statusChange(map[string]string{"x": "mine"})); !errors.As(
		err,
		&unreachable,
	) {
		t.Errorf("server gone while racing: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	repo.SetFaults(gittest.Faults{BeforePush: func() {
		moves++
		repo.CommitTo(statusBranch, map[string]string{"x": fmt.Sprint(moves)}, "other")
		if moves == 6 {
			cancel()
		}
	}})
	if _, _, err := b.Commit(ctx, statusChange(map[string]string{"x": "mine"})); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while racing: %v", err)
	}
}

// TestHookThatHangs pushes to a server whose hook does not end. Killing a local git does not end its hooks.
func TestHookThatHangs(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		started := filepath.Join(t.TempDir(), "started")
		release := filepath.Join(t.TempDir(), "release")
		repo.Hook("pre-receive", fmt.Sprintf("touch %s; while ! test -e %s; do sleep 0.05; done", started, release))
		ctx, cancel := context.WithCancel(context.Background())
		branch, done := openMain(t, url).Branch(statusBranch), make(chan error, 1)
		go func() {
			_, _, err := branch.Commit(ctx, statusChange(map[string]string{"x": "y"}))
			done <- err
		}()
		testenv.Eventually(t, "the hook", func() string {
			if !exists(started) {
				return "it does not run"
			}
			return ""
		})
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		if err := os.WriteFile(release, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestRejectedPushes(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.CommitTo(statusBranch, map[string]string{"x": "0"}, "first")
		b := openMain(t, url).Branch(statusBranch)
		repo.Hook("update", `echo "GH006: protected branch $1" >&2; exit 1`)
		_, _, err := b.Commit(context.Background(), statusChange(map[string]string{"x": "mine"}))
		var rejected *RejectedError
		if !errors.As(err, &rejected) {
			t.Fatalf("refused by a hook: %v, want *RejectedError", err)
		}
		if rejected.Branch != statusBranch || !strings.Contains(rejected.Reason, "hook declined") ||
			!strings.Contains(rejected.Reason, "GH006: protected branch refs/heads/"+statusBranch) {
			t.Errorf("rejection = %+v, want the server's words", rejected)
		}
		if !strings.Contains(rejected.Hint(), "protection of the branch") {
			t.Errorf("hint: %q", rejected.Hint())
		}
		repo.Hook("update", "")
		if _, changed := mustCommit(t, b, statusChange(map[string]string{"x": "mine"})); !changed {
			t.Error("not committed after the rule was lifted")
		}
	})
}

func TestCommitIsSigned(t *testing.T) {
	repo := gittest.NewRepo(t)
	var payload []byte
	signature := "-----BEGIN SSH SIGNATURE-----\nAAAA\nBBBB\n-----END SSH SIGNATURE-----"
	c := statusChange(map[string]string{"x": "y"})
	c.Signer = signerFunc(func(b []byte) ([]byte, error) {
		payload = b
		return []byte(signature + "\n"), nil
	})
	h, _ := mustCommit(t, openMain(t, repo.Dir).Branch(statusBranch), c)
	raw := repo.Git("cat-file", "commit", string(h))
	header := "gpgsig " + strings.ReplaceAll(signature, "\n", "\n ") + "\n"
	if !strings.Contains(raw, header) {
		t.Fatalf("commit without the signature:\n%s", raw)
	}
	if unsigned := strings.Replace(raw, header, "", 1); unsigned+"\n" != string(payload) {
		t.Errorf("signed %q, the commit without its signature is %q", payload, unsigned)
	}
	repo.Fsck()

	c.Files["x"] = []byte("z")
	c.Signer = signerFunc(func([]byte) ([]byte, error) { return nil, errors.New("no key") })
	if _, _, err := openMain(t, repo.Dir).Branch(statusBranch).Commit(context.Background(), c); err == nil ||
		string(h) != repo.Head(statusBranch) {
		t.Errorf("a signer that fails: %v", err)
	}
}

type signerFunc func([]byte) ([]byte, error)

func (f signerFunc) Sign(b []byte) ([]byte, error) { return f(b) }

func TestCommitRefusesBadChanges(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.CommitTo(statusBranch, map[string]string{"status": "a file"}, "in the way")
	for name, edit := range map[string]func(*Change){
		"parent":           func(c *Change) { c.Files["../x"] = nil },
		"absolute":         func(c *Change) { c.Files["/x"] = nil },
		"git":              func(c *Change) { c.Files["a/.git/hooks/x"] = nil },
		"newline":          func(c *Change) { c.Files["a\nb"] = nil },
		"dir":              func(c *Change) { c.Dir = "../status" },
		"git dir":          func(c *Change) { c.Dir = ".git" },
		"file and folder":  func(c *Change) { c.Files["x/y"] = nil },
		"author":           func(c *Change) { c.Author = "a\nparent 123" },
		"email":            func(c *Change) { c.Email = "a> 0 +0000\nx <" },
		"no message":       func(c *Change) { c.Message = " \n" },
		"no time":          func(c *Change) { c.When = time.Time{} },
		"file in the way":  func(*Change) {},
		"NUL in a message": func(c *Change) { c.Message = "a\x00b" },
	} {
		t.Run(name, func(t *testing.T) {
			c := statusChange(map[string]string{"x": "y"})
			edit(&c)
			if _, _, err := openMain(t, repo.Dir).Branch(statusBranch).Commit(context.Background(), c); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestCommitRefusesBadBranchNames(t *testing.T) {
	repo := gittest.NewRepo(t)
	for _, name := range []string{"", "a..b", "a b", "x\n0000", "-x", "a.lock"} {
		_, _, err := openMain(
			t,
			repo.Dir,
		).Branch(name).
			Commit(context.Background(), statusChange(map[string]string{"x": "y"}))
		if err == nil || !strings.Contains(err.Error(), "not a valid name") {
			t.Errorf("branch %q: %v", name, err)
		}
	}
}

func TestReplacesTheFolder(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.CommitTo(statusBranch, map[string]string{
		"status/demo/x":    "symlink:y",
		"status/demo/y/z":  "a folder",
		"status/demo/gone": "gone",
		"status/demo2/x":   "kept",
		"README":           "kept",
	}, "before")
	b := openMain(t, repo.URL()).Branch(statusBranch)
	mustCommit(t, b, statusChange(map[string]string{"x": "y", "y": "now a file", "new/a": "now a folder"}))
	want := []string{"README", "status/demo/new/a", "status/demo/x", "status/demo/y", "status/demo2/x"}
	if got := repo.Files(statusBranch); !slices.Equal(got, want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	if got := repo.Git("ls-tree", statusBranch, "status/demo/x"); !strings.HasPrefix(got, "100644 blob") {
		t.Errorf("x = %s, want a file", got)
	}
	checkTrees(t, repo, statusBranch)
	repo.Fsck()
}

// TestReadLeavesOutHugeFiles: another writer cannot stop this one by a file that is too large, and the next commit
// removes it.
func TestReadLeavesOutHugeFiles(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{
			"status/demo/huge.yaml": strings.Repeat("#", maxFileBytes+1), "status/demo/default/phi.yaml": "state: Ready",
		}, "huge")
		b := openMain(t, url).Branch(gittest.Main)
		files, _, err := b.Read(context.Background(), "status/demo")
		if err != nil || len(files) != 1 || string(files["default/phi.yaml"]) != "state: Ready" {
			t.Fatalf("read %q, %v", slices.Sorted(maps.Keys(files)), err)
		}
		if _, changed := mustCommit(t, b, statusChange(map[string]string{"default/phi.yaml": "state: Ready"})); !changed {
			t.Error("the file stays")
		}
	})
}

// TestFencedCommit asks for permission right before each push: without it the branch stays as it is, and the caller
// gets the refusal, not a failure of the server.
func TestFencedCommit(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{"a": "b"}, "source")
		b := openMain(t, url).Branch(statusBranch)
		refusal := errors.New("not now")
		asked := 0
		change := statusChange(map[string]string{"a": "1"})
		change.MayWrite = func() error { asked++; return refusal }
		if _, _, err := b.Commit(t.Context(), change); !errors.Is(err, refusal) || asked != 1 {
			t.Errorf("asked %d times, error %v", asked, err)
		}
		if _, tip, err := b.Read(t.Context(), "status"); err != nil || tip != "" {
			t.Errorf("the branch is at %q, %v", tip, err)
		}
		change.MayWrite = func() error { return nil }
		mustCommit(t, b, change)
	})
}
