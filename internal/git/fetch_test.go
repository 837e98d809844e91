// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/store"
)

func TestFetchFollowsTheBranch(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		ctx := context.Background()
		repo.History(30, func(i int) map[string]string { return map[string]string{"old.yaml": fmt.Sprint(i)} })
		first := repo.Commit(
			map[string]string{"workspaces/phi-4.yaml": "kind: Workspace", "old.yaml": "last"},
			"first\n\nbody",
		)
		r := openMain(t, url)

		c := mustFetch(t, r)
		checkCommit(t, repo, c, first)
		if n := commits(r.source.current.Load().store); n != 1 {
			t.Errorf("a clone holds %d commits, want the tip alone", n)
		}
		old := mustSnapshot(t, r, c)

		if h, err := r.Head(ctx); err != nil || string(h) != first {
			t.Errorf("Head = %s, %v, want %s", h, err, first)
		}
		if again := mustFetch(t, r); again != c {
			t.Errorf("an unchanged branch gives %+v, want %+v", again, c)
		}

		second := repo.Commit(map[string]string{"workspaces/llama.yaml": "kind: Workspace"}, "second")
		c = mustFetch(t, r)
		if string(c.Hash) != second || c.Forced {
			t.Fatalf("fetched %+v, want %s", c, second)
		}
		repo.History(20, func(i int) map[string]string {
			return map[string]string{fmt.Sprintf("n/%d.yaml", i): "n", "old.yaml": fmt.Sprint("again ", i)}
		})
		third := repo.Remove("remove", "workspaces/phi-4.yaml")
		c = mustFetch(t, r)
		if string(c.Hash) != third || c.Forced {
			t.Fatalf("fetched %+v, want %s", c, third)
		}
		want := map[string]string{"old.yaml": "again 19", "workspaces/llama.yaml": "kind: Workspace"}
		for i := range 20 {
			want[fmt.Sprintf("n/%d.yaml", i)] = "n"
		}
		if diff := cmp.Diff(want, contents(t, mustSnapshot(t, r, c))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		if got := contents(t, old); got["workspaces/phi-4.yaml"] != "kind: Workspace" || len(got) != 2 {
			t.Errorf("an old snapshot has changed: %v", got)
		}
		if _, err := r.Snapshot(Commit{Hash: Hash(first)}); !errors.Is(err, ErrNotFetched) {
			t.Errorf("snapshot of a superseded commit: %v, want ErrNotFetched", err)
		}
		if n, _ := r.source.current.Load().store.Held(); n > 30 {
			t.Errorf("%d objects are held, more than the tip needs", n)
		}
	})
}

// checkCommit compares a fetched commit with what git says about it.
func checkCommit(t *testing.T, repo *gittest.Repo, c Commit, hash string) {
	t.Helper()
	if string(c.Hash) != hash || c.Subject() != "first" || c.Author != "Test" || c.Email != "test@example.com" ||
		c.Forced {
		t.Fatalf("fetched %+v, want %s", c, hash)
	}
	if tree := repo.Git("rev-parse", hash+"^{tree}"); string(c.Tree) != tree {
		t.Errorf("tree = %s, git says %s", c.Tree, tree)
	}
	if when := repo.Git("show", "-s", "--format=%at", hash); fmt.Sprint(c.Time.Unix()) != when {
		t.Errorf("time = %v, git says %s", c.Time, when)
	}
}

func commits(held store.Commit) (n int) {
	held.Each(func(o plumbing.EncodedObject) {
		if o.Type() == plumbing.CommitObject {
			n++
		}
	})
	return n
}

func TestFetchReceivesOnlyWhatIsNew(t *testing.T) {
	repo := gittest.NewRepo(t)
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprintf("d%d/f%d.yaml", i%20, i)] = strings.Repeat(fmt.Sprintf("line %d of some text\n", i*i), 20)
	}
	repo.Commit(files, "many files")
	r := openMain(t, repo.URL())
	mustFetch(t, r)
	clone := repo.Traffic()

	mustFetch(t, r)
	if got := repo.Traffic(); got.Packs != clone.Packs || got.Lists != clone.Lists+1 {
		t.Errorf("an unchanged branch cost %+v after %+v, want one list of refs", got, clone)
	}
	repo.Commit(map[string]string{"d1/f1.yaml": "changed"}, "one change")
	mustFetch(t, r)
	got := repo.Traffic()
	if got.Packs != clone.Packs+1 || got.PackOut-clone.PackOut > 3000 {
		t.Errorf("one changed file cost %d packs and %d bytes; the clone was %d bytes",
			got.Packs-clone.Packs, got.PackOut-clone.PackOut, clone.PackOut)
	}
}

func TestFetchSeesARewrittenBranch(t *testing.T) {
	for name, rewrite := range map[string]func(repo *gittest.Repo, before string){
		"amended": func(repo *gittest.Repo, before string) {
			repo.Reset(gittest.Main, before+"~1")
			repo.Commit(map[string]string{"f": "amended"}, "amended")
		},
		"rewound": func(repo *gittest.Repo, before string) { repo.Reset(gittest.Main, before+"~5") },
		"other history": func(repo *gittest.Repo, before string) {
			repo.DeleteBranch(gittest.Main)
			repo.Commit(map[string]string{"f": "fresh start"}, "fresh start")
		},
		"forgotten by the server": func(repo *gittest.Repo, before string) {
			repo.Reset(gittest.Main, before+"~1")
			repo.Commit(map[string]string{"f": "amended"}, "amended")
			repo.Git("reflog", "expire", "--expire=now", "--all")
			repo.Git("gc", "--quiet", "--prune=now")
		},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
				repo.History(50, func(i int) map[string]string {
					return map[string]string{"f": fmt.Sprint(i), fmt.Sprintf("g%d", i): "g"}
				})
				r := openMain(t, url)
				before := mustFetch(t, r)
				rewrite(repo, string(before.Hash))
				after := mustFetch(t, r)
				if !after.Forced || string(after.Hash) != repo.Head(gittest.Main) {
					t.Errorf("fetched %+v, want the new tip, forced", after)
				}
				if got, want := contents(t, mustSnapshot(t, r, after))["f"], repo.Show(gittest.Main, "f"); got != want {
					t.Errorf("f = %q, want %q", got, want)
				}
				if again := mustFetch(t, r); again.Forced || again.Hash != after.Hash {
					t.Errorf("fetched again %+v, want it told once", again)
				}
				next := repo.Commit(map[string]string{"f": "next"}, "next")
				if c := mustFetch(t, r); c.Forced || string(c.Hash) != next {
					t.Errorf("fetched %+v, want %s, not forced", c, next)
				}
			})
		})
	}
}

func TestFetchOfARewrittenBranchIsBounded(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.History(60, func(i int) map[string]string {
		return map[string]string{"f": strings.Repeat(fmt.Sprintf("%d ", i*7919), 2000)}
	})
	r := openMain(t, repo.URL())
	c := mustFetch(t, r)
	before := repo.Traffic()
	repo.Reset(gittest.Main, string(c.Hash)+"~1")
	repo.Commit(map[string]string{"g": "amended"}, "amended")
	mustFetch(t, r)
	if got := repo.Traffic().PackOut - before.PackOut; got > 10_000 {
		t.Errorf("an amended commit cost %d bytes: the history before it was sent", got)
	}
}

func TestFetchMergeOfAnOldBranch(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		base := repo.Commit(map[string]string{"a": "1"}, "base")
		repo.Reset("feature", base)
		feature := repo.CommitTo("feature", map[string]string{"feature": "x"}, "on the branch")
		repo.Commit(map[string]string{"a": "2"}, "on main")
		r := openMain(t, url)
		before := mustFetch(t, r)

		tree := repo.Commit(map[string]string{"feature": "x"}, "tree for the merge")
		merge := repo.Git("-c", "user.name=Test", "-c", "user.email=test@example.com",
			"commit-tree", tree+"^{tree}", "-p", string(before.Hash), "-p", feature, "-m", "merge")
		repo.Reset(gittest.Main, merge)
		c := mustFetch(t, r)
		if string(c.Hash) != merge || c.Forced {
			t.Errorf("fetched %+v, want the merge %s, not forced", c, merge)
		}
		if got := contents(t, mustSnapshot(t, r, c)); got["feature"] != "x" || got["a"] != "2" {
			t.Errorf("files = %v", got)
		}
	})
}

func TestFetchHealsItself(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{"keep/a": "a", "b": "b"}, "first")
		r := openMain(t, url)
		mustFetch(t, r)
		damage(r.source, plumbing.TreeObject) // what the next commit builds on
		repo.Commit(map[string]string{"b": "c"}, "second")
		c := mustFetch(t, r)
		if got := contents(t, mustSnapshot(t, r, c)); got["keep/a"] != "a" || got["b"] != "c" || c.Forced {
			t.Errorf("commit %+v with files %v", c, got)
		}

		damage(r.source, plumbing.BlobObject) // what is only read
		if _, err := mustSnapshot(t, r, c).ReadFile("keep/a"); !errors.Is(err, objects.ErrDamaged) {
			t.Errorf("a damaged file: %v", err)
		}
		c = mustFetch(t, r)
		if got := contents(t, mustSnapshot(t, r, c)); got["keep/a"] != "a" || c.Forced {
			t.Errorf("after the next fetch, commit %+v with files %v", c, got)
		}

		branch := r.Branch(statusBranch)
		mustCommit(t, branch, statusChange(map[string]string{"x": "1"}))
		damage(branch.tracker, plumbing.BlobObject)
		if files, _, err := branch.Read(t.Context(), "status"); err != nil || string(files["demo/x"]) != "1" {
			t.Errorf("read from a damaged store: %v, %v", files, err)
		}
		damage(branch.tracker, plumbing.TreeObject)
		mustCommit(t, branch, statusChange(map[string]string{"x": "2"}))
		if got := repo.Show(statusBranch, "status/demo/x"); got != "2" {
			t.Errorf("written to a damaged store: %s", got)
		}
	})
}

// damage makes all objects of a type that a tracker holds something else.
func damage(t *tracker, kind plumbing.ObjectType) {
	t.current.Load().store.Each(func(o plumbing.EncodedObject) {
		if o.Type() == kind {
			o.SetType(plumbing.InvalidObject)
		}
	})
}

func TestFetchWithoutACommit(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		ctx := context.Background()
		r := openMain(t, url)
		if _, err := r.Fetch(ctx); !errors.Is(err, ErrEmptyRepository) {
			t.Errorf("empty repository: %v, want ErrEmptyRepository", err)
		}
		if _, err := r.Head(ctx); !errors.Is(err, ErrEmptyRepository) {
			t.Errorf("empty repository: %v, want ErrEmptyRepository", err)
		}
		repo.CommitTo("other", map[string]string{"f": "f"}, "elsewhere")
		if _, err := r.Fetch(ctx); !errors.Is(err, ErrBranchNotFound) {
			t.Errorf("other branch only: %v, want ErrBranchNotFound", err)
		}
		repo.Commit(map[string]string{"f": "f"}, "first")
		c := mustFetch(t, r)
		repo.DeleteBranch(gittest.Main)
		if _, err := r.Fetch(ctx); !errors.Is(err, ErrBranchNotFound) {
			t.Errorf("deleted branch: %v, want ErrBranchNotFound", err)
		}
		if got := contents(t, mustSnapshot(t, r, c)); got["f"] != "f" {
			t.Errorf("what was fetched is lost: %v", got)
		}
	})
}

func TestFetchDefaultBranch(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.CommitTo("aaa", map[string]string{"f": "f"}, "elsewhere")
		want := repo.Commit(map[string]string{"f": "f"}, "first")
		if c := mustFetch(t, mustOpen(t, Options{URL: url})); string(c.Hash) != want {
			t.Errorf("fetched %+v, want HEAD's branch at %s", c, want)
		}
	})
}

// TestServerThatDemandsMultiAck speaks to a server that refuses clients without multi_ack, as Azure DevOps and AWS
// CodeCommit do, at an address that does not say so: it clones, fetches what is new, and pushes.
func TestServerThatDemandsMultiAck(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": "a"}, "first")
	repo.SetFaults(gittest.Faults{DemandMultiAck: true})
	r := openMain(t, repo.URL())
	mustFetch(t, r)
	for i := range 3 {
		want := repo.Commit(map[string]string{"b": fmt.Sprint(i)}, "more")
		before := repo.Traffic().Packs
		if c := mustFetch(t, r); string(c.Hash) != want || c.Forced {
			t.Errorf("fetched %+v, want %s", c, want)
		}
		if n := repo.Traffic().Packs - before; n > 1 {
			t.Errorf("%d packs: the incremental fetch did not work", n)
		}
	}
	b := r.Branch(statusBranch)
	mustCommit(t, b, statusChange(map[string]string{"x": "y"}))
	if files, _, err := openMain(t, repo.URL()).Branch(statusBranch).Read(t.Context(), "status/demo"); err != nil ||
		string(files["x"]) != "y" {
		t.Errorf("read %q, %v", files, err)
	}
}

func TestFetchLimits(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{"f": strings.Repeat("0", 5<<20)}, "compresses well")
		r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Limits: Limits{PackBytes: 64 << 10}})
		if _, err := r.Fetch(context.Background()); !errors.Is(err, ErrTooLarge) ||
			!strings.Contains(err.Error(), "inflates") {
			t.Errorf("5 MB in a small pack: %v, want ErrTooLarge", err)
		}
		r = mustOpen(t, Options{URL: url, Branch: gittest.Main, Limits: Limits{PackBytes: 1 << 10}})
		if _, err := r.Fetch(context.Background()); !errors.Is(err, ErrTooLarge) ||
			!strings.Contains(err.Error(), "pack of more than") {
			t.Errorf("a pack above the limit: %v, want ErrTooLarge", err)
		}
	})
}

func TestContextIsHonoured(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	r := openMain(t, repo.URL())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	stuck, asked := make(chan struct{}), make(chan struct{}, 1)
	repo.SetFaults(gittest.Faults{Hold: func() {
		asked <- struct{}{}
		<-stuck
	}})
	defer close(stuck)
	go func() {
		<-asked
		cancel()
	}()
	if _, err := r.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting for the server: %v", err)
	}
	r = mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Timeout: 20 * time.Millisecond})
	var unreachable *UnreachableError
	if _, err := r.Fetch(context.Background()); !errors.As(err, &unreachable) ||
		!errors.Is(err, context.DeadlineExceeded) ||
		unreachable.Hint() == "" {
		t.Errorf("a server that does not answer: %v", err)
	}
}

func TestReadersAndWritersTogether(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		ctx := context.Background()
		repo.Commit(map[string]string{"n": "0", "a/b": "c"}, "first")
		r := openMain(t, url)
		first := mustFetch(t, r)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range 2 {
			wg.Go(func() {
				for s := mustSnapshot(t, r, first); ; {
					if got := contents(t, s); got["a/b"] != "c" {
						t.Errorf("files = %v", got)
					}
					select {
					case <-stop:
						return
					default:
					}
					c, err := r.Fetch(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					if next, err := r.Snapshot(c); err == nil { // another goroutine may have fetched a newer one
						s = next
					}
				}
			})
		}
		for i := range 5 {
			repo.Commit(map[string]string{"n": fmt.Sprint(i)}, "next")
			mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"n": fmt.Sprint(i)}))
			if _, err := r.Resolve(ctx, "HEAD~1"); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		wg.Wait()
	})
}
