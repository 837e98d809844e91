// SPDX-License-Identifier: Apache-2.0

// Package edit changes a file of the followed branch for a person, by a commit of its own.
package edit

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
)

// File changes one file of a folder of the followed branch by a commit of its own.
type File struct {
	Folder  string // below source.path
	Name    string
	Text    []byte // nil removes the file
	Message string
	Author  config.Author
}

// ErrNothingToChange means that the branch has the text already, or does not have the file that is to go.
var ErrNothingToChange = errors.New("the branch is so already")

// Push makes a File on the branch of source.url with the Git access of the person who runs the command, and returns
// the commit. It overwrites no commit of others. A branch that only signed commits may change is refused: syncer has no
// key of a person.
func Push(ctx context.Context, c config.Config, e File) (git.Hash, error) {
	if err := c.Need("source.url"); err != nil {
		return "", err
	}
	if len(c.Source.Signatures.Signers) > 0 {
		return "", errors.New("source.signatures asks for signed commits: write the file without --push, and commit it")
	}
	if c.Source.Branch == "" {
		return "", &NoBranchError{Source: c.Source}
	}
	repo, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		return "", err
	}
	tip, changed, err := repo.Branch(c.Source.Branch).Commit(ctx, git.Change{
		Dir:     path.Join(c.Source.Path, e.Folder),
		Message: e.Message,
		Author:  e.Author.Name,
		Email:   e.Author.Email,
		When:    time.Now(),
		Edit: func(present map[string][]byte) (map[string][]byte, error) {
			if e.Text == nil {
				delete(present, e.Name)
			} else {
				present[e.Name] = e.Text
			}
			return present, nil
		},
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("change %s on branch %s: %w", path.Join(c.Source.Path, e.Folder, e.Name), c.Source.Branch, err)
	case !changed:
		return "", ErrNothingToChange
	}
	return tip, nil
}

// NoBranchError says that a File has no branch to go to: what is followed is a tag or a commit.
type NoBranchError struct{ Source config.Source }

// Error returns what is followed.
func (e *NoBranchError) Error() string {
	return fmt.Sprintf("syncer follows %s, so there is no branch to push to", e.Source.Ref())
}

// Hint returns the way without a push.
func (e *NoBranchError) Hint() string {
	if e.Source.Commit != "" {
		return "leave out --push, commit the change, and set source.commit to that commit"
	}
	return "leave out --push, commit the change, and move the tag to that commit"
}
