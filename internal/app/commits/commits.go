// SPDX-License-Identifier: Apache-2.0

package commits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"syncer.dev/syncer/internal/git"
)

// Range names the commits to compare.
type Range struct {
	Base, Head string
	against    against
}

// against says which commit the head is compared with.
type against int

const (
	diverged against = iota // the base; or, if both have commits of their own, the commit where the head forked off
	itself                  // the base
	forked                  // the commit where the head forked off the base
)

// Parse takes a range apart. head is what --head says, and may be empty.
func Parse(base, head string) (Range, error) {
	for _, r := range []struct {
		dots    string
		against against
	}{{"...", forked}, {"..", itself}} {
		from, to, ok := strings.Cut(base, r.dots)
		if !ok {
			continue
		}
		if to != "" && head != "" {
			return Range{}, fmt.Errorf("the head is given twice, as %s and in %s", head, base)
		}
		return Range{cmp.Or(from, "HEAD"), cmp.Or(to, head, "HEAD"), r.against}, nil
	}
	return Range{Base: base, Head: cmp.Or(head, "HEAD")}, nil
}

// From returns the commit to compare with.
func (b Range) From(ctx context.Context, repo *git.Repository) (Side, error) {
	fork := func() (Side, error) {
		return Look(repo, func() (git.Commit, error) { return repo.MergeBase(ctx, b.Base, b.Head) })
	}
	if b.against == forked {
		return fork()
	}
	base, err := At(ctx, repo, b.Base)
	if err != nil || base.Files == nil || b.against == itself || b.Base == b.Head {
		return base, err
	}
	head, err := At(ctx, repo, b.Head)
	if err != nil || head.Files == nil || head.Commit.Hash == base.Commit.Hash {
		return base, nil // what is wrong with the head, its own look-up says
	}
	at, err := fork()
	var shallow *git.ShallowError
	switch {
	case errors.Is(err, git.ErrUnrelated), errors.As(err, &shallow): // nothing is known but the two commits
		return base, nil
	case err != nil:
		return Side{}, err
	case at.Commit.Hash == head.Commit.Hash: // the way back to an older commit
		return base, nil
	}
	return at, nil
}

// Side is one side of a comparison: a commit, or nothing.
type Side struct {
	Commit git.Commit
	Files  fs.FS // nil where there is no commit
}

// At returns the commit with a name that Git understands.
func At(ctx context.Context, repo *git.Repository, name string) (Side, error) {
	s, err := Look(repo, func() (git.Commit, error) { return repo.Resolve(ctx, name) })
	if err != nil {
		return s, fmt.Errorf("look up the commit: %w", err)
	}
	return s, nil
}

// Look looks a commit up. Before the first commit there is nothing.
func Look(repo *git.Repository, look func() (git.Commit, error)) (Side, error) {
	commit, err := look()
	switch {
	case errors.Is(err, git.ErrBeforeHistory):
		return Side{}, nil
	case err != nil:
		return Side{}, err
	}
	files, err := repo.Snapshot(commit)
	return Side{commit, files}, err
}
