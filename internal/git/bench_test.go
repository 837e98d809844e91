// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/memory"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
)

// generatedRepo is 2,000 commits on 10,000 files of some hundred bytes each.
func generatedRepo(b *testing.B) *gittest.Repo {
	repo := gittest.NewRepo(b)
	files := map[string]string{}
	for i := range 10_000 {
		files[fmt.Sprintf("teams/t%d/f%d.yaml", i%100, i)] = strings.Repeat(fmt.Sprintf("key%d: value\n", i), 20)
	}
	repo.Commit(files, "files")
	repo.History(2000, func(i int) map[string]string {
		return map[string]string{fmt.Sprintf("teams/t%d/f%d.yaml", i%100, i): fmt.Sprintf("changed: %d", i)}
	})
	repo.Git("repack", "-adq")
	return repo
}

// BenchmarkIncrementalFetch fetches one changed file by turns with this package and with go-git's Fetch at depth 1.
func BenchmarkIncrementalFetch(b *testing.B) {
	repo := generatedRepo(b)
	r := openMain(b, repo.URL())
	mustFetch(b, r)
	theirs, err := gogit.Clone(
		memory.NewStorage(),
		nil,
		&gogit.CloneOptions{URL: repo.URL(), Depth: 1, SingleBranch: true},
	)
	if err != nil {
		b.Fatal(err)
	}
	var ours, other time.Duration
	var ourBytes, otherBytes int64
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		repo.Commit(map[string]string{"workspaces/phi-4.yaml": fmt.Sprint("n: ", i)}, "change")
		before := repo.Traffic().PackOut
		b.StartTimer()
		start := time.Now()
		mustFetch(b, r)
		ours += time.Since(start)
		b.StopTimer()
		ourBytes += repo.Traffic().PackOut - before
		before = repo.Traffic().PackOut
		start = time.Now()
		if err := theirs.Fetch(&gogit.FetchOptions{Depth: 1}); err != nil && !errors.Is(err, gogit.NoErrAlreadyUpToDate) {
			b.Fatal(err)
		}
		other += time.Since(start)
		otherBytes += repo.Traffic().PackOut - before
		b.StartTimer()
	}
	report(b, ours, other, "Fetch")
	b.ReportMetric(float64(ourBytes)/float64(b.N), "B-received/op")
	b.ReportMetric(float64(otherBytes)/float64(b.N), "B-received-gogit/op")
}

// BenchmarkStatusCommit writes one status file and pushes it, by turns with this package and with go-git's Push from a
// full clone. Both make the commit by plumbing, so that only the pushes differ.
func BenchmarkStatusCommit(b *testing.B) {
	repo := generatedRepo(b)
	branch := openMain(b, repo.URL()).Branch(gittest.Main)
	mustCommit(b, branch, statusChange(map[string]string{"x.yaml": "first"}))
	repo.Reset("theirs", gittest.Main)
	theirs, err := gogit.Clone(
		memory.NewStorage(),
		nil,
		&gogit.CloneOptions{URL: repo.URL(), ReferenceName: "refs/heads/theirs", SingleBranch: true},
	)
	if err != nil {
		b.Fatal(err)
	}
	var ours, other time.Duration
	for i := 0; b.Loop(); i++ {
		change := statusChange(map[string]string{"x.yaml": fmt.Sprint("state: ", i)})
		start := time.Now()
		mustCommit(b, branch, change)
		ours += time.Since(start)
		b.StopTimer()
		start = time.Now()
		pushWithGoGit(b, theirs, change)
		other += time.Since(start)
		b.StartTimer()
	}
	report(b, ours, other, "Push")
}

// BenchmarkStatusCommitRaw writes one status file into 21,000 files with 5,000 commits of history and pushes it, by
// turns with pushes of objects that were made before: through a bare receive-pack session, and with git push.
func BenchmarkStatusCommitRaw(b *testing.B) {
	repo := gittest.NewRepo(b)
	files := map[string]string{}
	for i := range 21_000 {
		files[fmt.Sprintf("teams/t%d/f%d.yaml", i%150, i)] = fmt.Sprintf("key%d: value\n", i)
	}
	repo.Commit(files, "files")
	repo.History(5000, func(i int) map[string]string {
		return map[string]string{fmt.Sprintf("teams/t%d/f%d.yaml", i%150, i): fmt.Sprintf("changed: %d\n", i)}
	})
	repo.Git("repack", "-adq")
	r := openMain(b, repo.URL())
	for _, name := range []string{"ours", "raw", "cli"} { // none of them HEAD, at which a server looks in other ways
		repo.Reset(name, gittest.Main)
	}
	branch := r.Branch("ours")
	mustCommit(b, branch, statusChange(map[string]string{"x.yaml": "first"}))
	clone := b.TempDir()
	repo.Git("clone", "--quiet", "--bare", ".", clone)
	raw := openMain(b, repo.URL()).Branch("raw").tracker
	rootEntries := repo.Git("ls-tree", gittest.Main)
	base, err := raw.fetch(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var ours, bare, cli time.Duration
	for i := 0; b.Loop(); i++ {
		change := statusChange(map[string]string{"x.yaml": fmt.Sprint("state: ", i)})
		start := time.Now()
		mustCommit(b, branch, change)
		ours += time.Since(start)
		b.StopTimer()

		fresh := objects.Set{}
		tree, err := layFiles(base, change, fresh)
		if err != nil {
			b.Fatal(err)
		}
		tip, err := writeCommit(change, tree, base.have.Commit, fresh)
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		down, err := raw.remote.OpenReceive(b.Context(), "raw")
		if err == nil {
			err = down.Update(b.Context(), remote.Update{Old: base.have.Commit, Tip: tip, Objects: fresh})
			down.Close()
		}
		bare += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
		if err := raw.adopt(base, tip, fresh); err != nil {
			b.Fatal(err)
		}
		base = raw.current.Load()

		at := []string{"-C", clone, "-c", "user.name=T", "-c", "user.email=t@example.com"}
		blob := repo.GitInput(fmt.Sprint("cli: ", i), append(at, "hash-object", "-w", "--stdin")...)
		inner := repo.GitInput("100644 blob "+blob+"\tx.yaml\n", append(at, "mktree")...)
		root := strings.TrimSuffix(rootEntries, "\n") + "\n040000 tree " + inner + "\tcli\n"
		root = repo.GitInput(root, append(at, "mktree")...)
		commit := repo.Git(append(at, "commit-tree", root, "-p", "main", "-m", "cli")...)
		start = time.Now()
		repo.Git(append(at, "push", "--quiet", repo.URL(), commit+":refs/heads/cli")...)
		cli += time.Since(start)
		repo.Git(append(at, "update-ref", "refs/heads/main", commit)...)
		b.StartTimer()
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(ms(bare), "ms-raw/op")
	b.ReportMetric(ms(cli), "ms-git-push/op")
	b.ReportMetric(float64(ours)/float64(bare), "x-raw")
	row := func(subject string, d time.Duration, against time.Duration) bench.Row {
		return bench.Row{
			Scenario: "git status commit, 21,000 files, 5,000 commits",
			Subject:  subject,
			Metric:   "time",
			Value:    ms(d),
			Unit:     "ms",
			Ratio:    bench.Against(float64(d) / float64(against)),
		}
	}
	bench.Record(b, row("syncer", ours, bare), row("raw receive-pack", bare, bare), row("git push", cli, bare))
}

func pushWithGoGit(b *testing.B, repo *gogit.Repository, c Change) {
	b.Helper()
	store := repo.Storer.(*memory.Storage)
	name := plumbing.ReferenceName("refs/heads/theirs")
	ref, err := store.Reference(name)
	if err != nil {
		b.Fatal(err)
	}
	base, err := newVersion(Limits{PackBytes: 1 << 30}, ref.Hash(), false, objects.Set(store.Objects))
	if err != nil {
		b.Fatal(err)
	}
	fresh := objects.Set{}
	tree, err := layFiles(base, c, fresh)
	if err != nil {
		b.Fatal(err)
	}
	tip, err := writeCommit(c, tree, ref.Hash(), fresh)
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range fresh {
		if _, err := store.SetEncodedObject(o); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.SetReference(plumbing.NewHashReference(name, tip)); err != nil {
		b.Fatal(err)
	}
	err = repo.PushContext(
		context.Background(),
		&gogit.PushOptions{RefSpecs: []config.RefSpec{config.RefSpec(name + ":" + name)}},
	)
	if err != nil {
		b.Fatal(err)
	}
}

func report(b *testing.B, ours, other time.Duration, name string) {
	b.ReportMetric(float64(other.Microseconds())/1000/float64(b.N), "ms-gogit-"+name+"/op")
	b.ReportMetric(float64(other)/float64(ours), "x-faster")
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	bench.Record(
		b,
		bench.Row{
			Scenario: "git " + strings.ToLower(name),
			Subject:  "syncer",
			Metric:   "time",
			Value:    ms(ours),
			Unit:     "ms",
			Ratio:    bench.Against(float64(ours) / float64(other)),
		},
		bench.Row{
			Scenario: "git " + strings.ToLower(name),
			Subject:  "go-git " + name,
			Metric:   "time",
			Value:    ms(other),
			Unit:     "ms",
		},
	)
}

// BenchmarkFolderOf10000 follows a branch with 10,000 files in one folder, and keeps as many on another: one of them
// changes each time. The CPU time is that of this process, without git's.
func BenchmarkFolderOf10000(b *testing.B) {
	content := func(i, n int) string { return strings.Repeat(fmt.Sprintf("key%d: value %d\n", i, n), 60) }
	files, status := map[string]string{}, map[string][]byte{}
	for i := range 10_000 {
		files[fmt.Sprintf("all/f%d.yaml", i)] = fmt.Sprintf("key%d: value\n", i)
		status[fmt.Sprintf("default/f%d.yaml", i)] = []byte(content(i, 0))
	}
	for name, url := range map[string]func(*gittest.Repo) string{
		"local": func(repo *gittest.Repo) string { return repo.Dir },
		"http":  func(repo *gittest.Repo) string { return repo.URL() },
	} {
		repo := gittest.NewRepo(b)
		repo.Commit(files, "files")
		r := openMain(b, url(repo))
		branch := r.Branch(statusBranch)
		change := Change{Dir: "status/demo", Files: status, Message: "m", Author: "T", Email: "t@example.com"}
		commit := func(i int) {
			change.When = time.Unix(1e9+int64(i), 0)
			change.Files = maps.Clone(status)
			change.Files["default/f5000.yaml"] = []byte(content(5000, i))
			mustCommit(b, branch, change)
		}
		read := func() {
			c := mustFetch(b, r)
			s, err := r.Snapshot(c, ".")
			if err == nil {
				_, err = s.ReadFile("all/f5000.yaml")
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		read()
		commit(-1)
		b.Run(name+" fetch", func(b *testing.B) {
			var used time.Duration
			for i := 0; b.Loop(); i++ {
				commitLoose(repo, map[string]string{"all/f5000.yaml": fmt.Sprint("n: ", i)})
				before := bench.CPUTime()
				read()
				used += bench.CPUTime() - before
			}
			b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
		b.Run(name+" status", func(b *testing.B) {
			var used time.Duration
			for i := 0; b.Loop(); i++ {
				before := bench.CPUTime()
				commit(i)
				used += bench.CPUTime() - before
			}
			b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
		clear(status) // what the branch keeps beside its writer
		runtime.GC()
		var with, without runtime.MemStats
		runtime.ReadMemStats(&with)
		objectsHeld, bytesHeld := r.Held()
		runtime.KeepAlive(branch)
		r, branch = nil, nil
		runtime.GC()
		runtime.ReadMemStats(&without)
		b.Logf("%s: %d objects of %d bytes, %d bytes of memory", name, objectsHeld, bytesHeld,
			with.HeapAlloc-without.HeapAlloc)
		for i := range 10_000 {
			status[fmt.Sprintf("default/f%d.yaml", i)] = []byte(content(i, 0))
		}
	}
}
