// SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/source"
)

// comparison names the commits to compare.
type comparison struct {
	base, head string
	against    against
}

// against says which commit the head is compared with.
type against int

const (
	diverged against = iota // the base; or, if both have commits of their own, the commit where the head forked off
	itself                  // the base
	forked                  // the commit where the head forked off the base
)

// parseRange takes a range apart. head is what --head says, and may be empty.
func parseRange(base, head string) (comparison, error) {
	for _, r := range []struct {
		dots    string
		against against
	}{{"...", forked}, {"..", itself}} {
		from, to, ok := strings.Cut(base, r.dots)
		if !ok {
			continue
		}
		if to != "" && head != "" {
			return comparison{}, fmt.Errorf("the head is given twice, as %s and in %s", head, base)
		}
		return comparison{cmp.Or(from, "HEAD"), cmp.Or(to, head, "HEAD"), r.against}, nil
	}
	return comparison{base: base, head: cmp.Or(head, "HEAD")}, nil
}

// from returns the commit to compare with.
func (b comparison) from(ctx context.Context, repo *git.Repository) (side, error) {
	fork := func() (side, error) {
		return sideOf(repo, func() (git.Commit, error) { return repo.MergeBase(ctx, b.base, b.head) })
	}
	if b.against == forked {
		return fork()
	}
	base, err := commitAt(ctx, repo, b.base)
	if err != nil || base.files == nil || b.against == itself || b.base == b.head {
		return base, err
	}
	head, err := commitAt(ctx, repo, b.head)
	if err != nil || head.files == nil || head.commit.Hash == base.commit.Hash {
		return base, nil // what is wrong with the head, its own look-up says
	}
	at, err := fork()
	var shallow *git.ShallowError
	switch {
	case errors.Is(err, git.ErrUnrelated), errors.As(err, &shallow): // nothing is known but the two commits
		return base, nil
	case err != nil:
		return side{}, err
	case at.commit.Hash == head.commit.Hash: // the way back to an older commit
		return base, nil
	}
	return at, nil
}

// side is one side of a comparison: a commit, or nothing.
type side struct {
	commit git.Commit
	files  fs.FS // nil where there is no commit
}

// commitAt returns the commit with a name that Git understands.
func commitAt(ctx context.Context, repo *git.Repository, name string) (side, error) {
	s, err := sideOf(repo, func() (git.Commit, error) { return repo.Resolve(ctx, name) })
	if err != nil {
		return s, fmt.Errorf("look up the commit: %w", err)
	}
	return s, nil
}

// sideOf looks a commit up. Before the first commit there is nothing.
func sideOf(repo *git.Repository, look func() (git.Commit, error)) (side, error) {
	commit, err := look()
	switch {
	case errors.Is(err, git.ErrBeforeHistory):
		return side{}, nil
	case err != nil:
		return side{}, err
	}
	files, err := repo.Snapshot(commit)
	return side{commit, files}, err
}

// noCommit stands for the commit that is not there.
const noCommit = "0000000000000000000000000000000000000000"

// revision returns what the engine reads of one side of a comparison.
func (s side) revision(repo *git.Repository, c config.Config, other side) (engine.Revision, error) {
	if s.files == nil {
		return engine.Revision{Commit: noCommit, Files: source.Nothing(), Inputs: noCommit}, nil
	}
	against := other.files
	if against == nil {
		against = source.Nothing()
	}
	return ReadRevision(repo, s.commit, c, against)
}
