// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
)

// noise is content that does not compress.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

// TestSlowClockIsNoRewrite pushes commits from machines whose clocks are slow, in the ways that a request by time cuts
// off.
func TestSlowClockIsNoRewrite(t *testing.T) {
	at := func(repo *gittest.Repo, when string, parents ...string) string {
		tree := repo.Git("write-tree")
		args := []string{"-c", "user.name=T", "-c", "user.email=t@example.com", "commit-tree", tree, "-m", when}
		for _, p := range parents {
			args = append(args, "-p", p)
		}
		return repo.GitAt(when, args...)
	}
	for name, push := range map[string]func(repo *gittest.Repo, tip string) string{
		"one commit, an hour slow": func(repo *gittest.Repo, tip string) string {
			return at(repo, "2025-12-31T23:00:00Z", tip)
		},
		"a slow one below a right one": func(repo *gittest.Repo, tip string) string {
			return at(repo, "2026-01-02T00:00:00Z", at(repo, "2020-01-01T00:00:00Z", tip))
		},
		"many slow ones": func(repo *gittest.Repo, tip string) string {
			for i := range 20 {
				tip = at(repo, fmt.Sprintf("2019-01-%02dT00:00:00Z", i+1), tip)
			}
			return tip
		},
		"a merge made slow": func(repo *gittest.Repo, tip string) string {
			side := at(repo, "2026-01-01T00:00:30Z", tip+"~1")
			return at(repo, "2020-01-01T00:00:00Z", side, tip)
		},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
				repo.History(3, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
				r := openMain(t, url)
				before := mustFetch(t, r)
				repo.Git("read-tree", gittest.Main)
				tip := push(repo, string(before.Hash))
				repo.Reset(gittest.Main, tip)
				if c := mustFetch(t, r); string(c.Hash) != tip || c.Forced {
					t.Errorf("fetched %+v, want %s, not rewritten", c, tip)
				}
				next := repo.Commit(map[string]string{"f": "next"}, "next")
				if c := mustFetch(t, r); string(c.Hash) != next || c.Forced {
					t.Errorf("then fetched %+v, want %s, not rewritten", c, next)
				}
			})
		})
	}
}

func TestSHA256IsNamed(t *testing.T) {
	repo := gittest.NewSHA256Repo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	client, clientPEM := newKey(t)
	sshURL, known := overSSH(t, repo, client.PublicKey())
	write := fileIn(t)
	auth := Auth{SSHKey: write("id", string(clientPEM)), KnownHosts: write("hosts", known)}
	for _, o := range []Options{
		{URL: repo.URL(), Branch: gittest.Main},
		{URL: repo.Dir, Branch: gittest.Main},
		{URL: sshURL, Branch: gittest.Main, Auth: auth},
	} {
		_, err := mustOpen(t, o).Fetch(t.Context())
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || !strings.Contains(err.Error()+unreachable.Hint(), "SHA-256") {
			t.Errorf("%s: %v (%+v), want SHA-256 named", o.URL, err, unreachable)
		}
	}
}

// TestOnlyWhatIsReadCounts has everything beside the folder that is read that would be refused in it.
func TestOnlyWhatIsReadCounts(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		files := map[string]string{
			"workspaces/a.yaml": "a", "workspaces/deep/b.yaml": "b", "big": noise(2 << 20),
			`docs/a\b.md`: "odd", `odd\name`: "odd",
			strings.Repeat("d/", 150) + "deep": "deep",
		}
		for i := range 300 {
			files[fmt.Sprintf("app/%d", i)] = "x"
		}
		repo.Commit(files, "first")
		r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Limits: Limits{Files: 250, Bytes: 1 << 20}})
		c := mustFetch(t, r)
		s, err := r.Snapshot(c, "workspaces", "presets")
		if err != nil {
			t.Fatal(err)
		}
		sub, err := fs.Sub(s, "workspaces")
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(t, sub); len(got) != 2 || got["deep/b.yaml"] != "b" {
			t.Errorf("read %v", got)
		}
		if b, err := s.ReadFile("app/7"); string(b) != "x" || err != nil {
			t.Errorf("a file elsewhere: %q, %v", b, err)
		}
		for dir, want := range map[string]string{
			".": "backslash", "docs": "backslash", "app": "limit: source.limits.files", "d": "nested",
		} {
			if _, err := r.Snapshot(c, dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", dir, err, want)
			}
			lazy, err := r.Snapshot(c)
			if err != nil {
				t.Fatal(err)
			}
			err = fs.WalkDir(lazy, dir, func(_ string, _ fs.DirEntry, err error) error { return err })
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("list %s: %v, want %q", dir, err, want)
			}
		}
	})
}

// TestLimitsNameTheirSettings meets each limit, and passes it when it is raised.
func TestLimitsNameTheirSettings(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": noise(3 << 20), "b": noise(2<<20) + "b", "c": "c"}, "first")
	enough := Limits{PackBytes: 6 << 20, FileBytes: 3 << 20, Bytes: 5<<20 + 2, Files: 3}
	for setting, tight := range map[string]func(*Limits){
		"":                        func(*Limits) {},
		"source.limits.packSize":  func(l *Limits) { l.PackBytes = 1 << 20 },
		"source.limits.fileSize":  func(l *Limits) { l.FileBytes = 2 << 20 },
		"source.limits.totalSize": func(l *Limits) { l.Bytes = 5 << 20 },
		"source.limits.files":     func(l *Limits) { l.Files = 2 },
	} {
		for _, url := range []string{repo.URL(), repo.Dir} {
			limits := enough
			tight(&limits)
			r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Limits: limits})
			c, err := r.Fetch(t.Context())
			var s *Snapshot
			if err == nil {
				s, err = r.Snapshot(c, ".")
			}
			if err == nil {
				_, err = s.ReadFile("a")
			}
			if setting == "" && err == nil {
				continue
			}
			if setting == "" || !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), setting) {
				t.Errorf("%q: %v", setting, err)
			}
		}
	}
}

// TestPartialClone does not receive files that are too large to be read, where the server can leave them out.
func TestPartialClone(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Git("config", "uploadpack.allowFilter", "true")
		repo.Commit(map[string]string{"a": "1", "large/one": noise(3 << 20)}, "first")
		r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Limits: Limits{PackBytes: 1 << 20}})
		for i := range 3 {
			c := mustFetch(t, r)
			s, err := r.Snapshot(c, ".")
			if err != nil {
				t.Fatal(err)
			}
			if b, err := s.ReadFile("a"); string(b) != fmt.Sprint(i+1) || err != nil || c.Forced {
				t.Errorf("%+v: a = %q, %v", c, b, err)
			}
			if _, err := s.ReadFile("large/one"); !errors.Is(err, ErrTooLarge) ||
				!strings.Contains(err.Error(), "not received") {
				t.Errorf("the large file: %v", err)
			}
			repo.Commit(map[string]string{"a": fmt.Sprint(i + 2), fmt.Sprintf("large/%d", i): noise(2<<20 + i)}, "more")
		}
		change := statusChange(map[string]string{"x": "y"})
		mustCommit(t, r.Branch(gittest.Main), change)
		if got := repo.Files(gittest.Main); len(got) != 6 {
			t.Errorf("after a status commit beside large files: %v", got)
		}
		repo.Fsck()
	})
}

func TestPackOverTheLimitEndsAtOnce(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"big": noise(8 << 20)}, "first")
	r := mustOpen(t, Options{URL: repo.Dir, Branch: gittest.Main, Limits: Limits{PackBytes: 1 << 20}})
	start := time.Now()
	_, err := r.Fetch(t.Context())
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%v, want ErrTooLarge", err)
	}
	if took := time.Since(start); took > time.Minute/2 {
		t.Errorf("it took %s", took)
	}
}

func TestPointerOfLFSIsNamed(t *testing.T) {
	repo := gittest.NewRepo(t)
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 12\n"
	repo.Commit(map[string]string{"phi.yaml": pointer}, "first")
	r := openMain(t, repo.URL())
	if _, err := mustSnapshot(t, r, mustFetch(t, r)).ReadFile("phi.yaml"); err == nil ||
		!strings.Contains(err.Error(), "Git LFS") {
		t.Errorf("%v, want Git LFS named", err)
	}
}
