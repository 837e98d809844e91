// SPDX-License-Identifier: Apache-2.0

package statusbranch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/local"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/status/events"
)

// Reader reads the status files of one cluster.
type Reader struct {
	Cluster string
	From    string // the ref of the local clone that is read; "" for the branch of source.url
	read    func(ctx context.Context) (map[string][]byte, error)
	Stale   error // why the branch of the clone is not as its remote has it now; nil if it is
	repo    *git.Repository
	tip     func(ctx context.Context) (git.Hash, error)
}

// Freshness says whether git fetches the branch of a clone first.
type Freshness int

// The status branch of a clone is fetched by the user's own git, or read as it was fetched last.
const (
	Fetched Freshness = iota
	AsFetched
)

// Read returns the files, by their paths in the folder of the cluster.
func (s Reader) Read(ctx context.Context) (map[string][]byte, error) { return s.read(ctx) }

// History returns the last n commits of the branch, the newest first. It is empty before the first one.
func (s Reader) History(ctx context.Context, n int) ([]events.Commit, error) {
	tip, err := s.tip(ctx)
	if err != nil || tip == "" {
		return nil, err
	}
	log, err := s.repo.Log(ctx, tip, n)
	if err != nil {
		return nil, err
	}
	out := make([]events.Commit, 0, len(log))
	for _, c := range log {
		out = append(out, events.Commit{Hash: string(c.Hash), Time: c.Time, Message: c.Message})
	}
	return out, nil
}

// Open opens the status branch: that of source.url, or without one that of the repository which the working folder is
// in.
func Open(ctx context.Context, c config.Config, f Freshness) (Reader, error) {
	if c.Source.URL == "" {
		if root, _, err := source.RepositoryOf("."); err == nil {
			return openFetched(ctx, c, root, f)
		}
	}
	if err := c.Need("cluster", "source.url"); err != nil {
		return Reader{}, err
	}
	repo, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		return Reader{}, err
	}
	return Of(repo, c), nil
}

// Of returns what reads the status branch of a repository.
func Of(repo *git.Repository, c config.Config) Reader {
	r := Recorder{Branch: repo.Branch(c.Status.Branch), Config: c}
	tip := func(ctx context.Context) (git.Hash, error) {
		_, tip, err := r.Branch.Read(ctx, r.dir())
		return tip, err
	}
	return Reader{Cluster: c.Cluster, read: r.Read, repo: repo, tip: tip}
}

// openFetched opens the status branch of a clone, and has it fetched while it is read.
func openFetched(ctx context.Context, c config.Config, root string, f Freshness) (Reader, error) {
	if f == AsFetched {
		return openClone(ctx, c, root)
	}
	stale := local.Fetch(ctx, root, c.Status.Branch)
	s, err := openClone(ctx, c, root)
	if missing := new(MissingError); errors.As(err, &missing) {
		missing.Fetch = stale
	}
	if err != nil {
		return s, err
	}
	s.Stale = stale
	read, last := s.read, time.Now()
	s.read = func(ctx context.Context) (map[string][]byte, error) {
		if time.Since(last) >= c.Source.Interval { // "status --watch"
			_ = local.Fetch(ctx, root, c.Status.Branch) // what was fetched before is an answer too
			last = time.Now()
		}
		return read(ctx)
	}
	return s, nil
}

// openClone reads the status branch of a clone.
func openClone(ctx context.Context, c config.Config, root string) (Reader, error) {
	repo, err := access.AsPerson(c, root)
	if err != nil {
		return Reader{}, err
	}
	s := Reader{Cluster: c.Cluster}
	var tree fs.FS
	for _, ref := range []string{"refs/remotes/origin/" + c.Status.Branch, "refs/heads/" + c.Status.Branch} {
		commit, err := repo.Resolve(ctx, ref)
		if errors.Is(err, git.ErrUnknownRevision) {
			continue
		}
		if err != nil {
			return Reader{}, err
		}
		s.From = ref
		if tree, err = repo.Snapshot(commit); err != nil {
			return Reader{}, err
		}
		break
	}
	if tree == nil {
		return Reader{}, &MissingError{Branch: c.Status.Branch}
	}
	if s.Cluster == "" {
		if s.Cluster, err = onlyFolder(tree, c.Status.Path); err != nil {
			return Reader{}, fmt.Errorf("%s: %w", s.From, err)
		}
	}
	s.repo = repo
	s.tip = func(ctx context.Context) (git.Hash, error) {
		commit, err := repo.Resolve(ctx, s.From)
		return commit.Hash, err
	}
	s.read = func(ctx context.Context) (map[string][]byte, error) {
		commit, err := repo.Resolve(ctx, s.From) // it may have been fetched again
		if err != nil {
			return nil, err
		}
		tree, err := repo.Snapshot(commit)
		if err != nil {
			return nil, err
		}
		return filesBelow(tree, path.Join(c.Status.Path, s.Cluster))
	}
	return s, nil
}

// onlyFolder returns the one folder in dir: that of the only cluster.
func onlyFolder(tree fs.FS, dir string) (string, error) {
	entries, err := fs.ReadDir(tree, path.Clean(dir))
	if err != nil {
		return "", fmt.Errorf("read the folder %s (configuration: status.path): %w", dir, err)
	}
	var clusters []string
	for _, e := range entries {
		if e.IsDir() {
			clusters = append(clusters, e.Name())
		}
	}
	if len(clusters) != 1 {
		return "", fmt.Errorf("name one of its %d clusters with --cluster: %s", len(clusters), strings.Join(clusters, ", "))
	}
	return clusters[0], nil
}

// filesBelow returns the regular files in and below a folder; none if it does not exist.
func filesBelow(tree fs.FS, dir string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := fs.WalkDir(tree, dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == dir:
			return nil
		case err != nil || !d.Type().IsRegular():
			return err
		}
		data, err := fs.ReadFile(tree, name)
		out[strings.TrimPrefix(name, dir+"/")] = data
		return err
	})
	return out, err
}

// MissingError says that a clone does not have the status branch.
type MissingError struct {
	Branch string
	Fetch  error // why git could not fetch it; nil if it did not try
}

// Error returns the branch.
func (e *MissingError) Error() string {
	text := fmt.Sprintf("this clone has no branch %s, and source.url is not set", e.Branch)
	if e.Fetch != nil {
		text += "; git fetch: " + e.Fetch.Error()
	}
	return text
}

// Hint returns how to get it.
func (e *MissingError) Hint() string {
	return fmt.Sprintf("git fetch origin %[1]s:refs/remotes/origin/%[1]s, or name a configuration with --config", e.Branch)
}
