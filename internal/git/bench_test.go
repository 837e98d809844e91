// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
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

func pushWithGoGit(b *testing.B, repo *gogit.Repository, c Change) {
	b.Helper()
	store := repo.Storer.(*memory.Storage)
	name := plumbing.ReferenceName("refs/heads/theirs")
	ref, err := store.Reference(name)
	if err != nil {
		b.Fatal(err)
	}
	base, err := (&remote{limits: Limits{PackBytes: 1 << 30}}).newVersion(ref.Hash(), false, objects.Set(store.Objects))
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
