// SPDX-License-Identifier: Apache-2.0

// Package target says which commit of a repository is followed: the tip of a branch, what a tag names, or one commit.
package target

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

var (
	// ErrBranchNotFound means that the repository has no such branch.
	ErrBranchNotFound = errors.New("no such branch")
	// ErrTagNotFound means that the repository has no such tag.
	ErrTagNotFound = errors.New("no such tag")
)

// A Target is a branch, a tag or a commit. The zero value is the branch that the server's HEAD names.
type Target struct {
	Branch string
	Tag    string
	Commit string // the full hash
}

// String names the target, as in "tag v1.2".
func (t Target) String() string {
	switch {
	case t.Commit != "":
		return "commit " + t.Commit
	case t.Tag != "":
		return "tag " + t.Tag
	}
	return "branch " + t.Branch
}

// Validate reports what is wrong with the names, or that there is more than one.
func (t Target) Validate() error {
	given := 0
	for _, name := range []string{t.Branch, t.Tag, t.Commit} {
		if name != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("more than one of branch, tag and commit")
	case t.Branch != "" && branchRef(t.Branch).Validate() != nil:
		return fmt.Errorf("branch %q: not a valid name", t.Branch)
	case t.Tag != "" && tagRef(t.Tag).Validate() != nil:
		return fmt.Errorf("tag %q: not a valid name", t.Tag)
	case t.Commit != "" && !IsHash(t.Commit):
		return fmt.Errorf("commit %q: not a full hash of 40 lower-case hexadecimal digits", t.Commit)
	}
	return nil
}

// IsHash reports whether text is the full hash of a commit, as Git writes it.
func IsHash(text string) bool { return len(text) == 40 && strings.Trim(text, "0123456789abcdef") == "" }

// Found is where a target is.
type Found struct {
	Ref    plumbing.Hash // of the commit, or of the tag object that leads to it
	Branch string        // the name of the branch, where it is one
}

// Find looks a target up among what the server advertises. The error is a *NotServedError for a commit that the server
// does not give by its hash, or wraps ErrBranchNotFound or ErrTagNotFound.
func (t Target) Find(adv *packp.AdvRefs) (Found, error) {
	switch {
	case t.Commit != "":
		h := plumbing.NewHash(t.Commit)
		if !serves(adv, h) {
			return Found{}, &NotServedError{Commit: t.Commit}
		}
		return Found{Ref: h}, nil
	case t.Tag != "":
		h, ok := adv.References[tagRef(t.Tag).String()]
		if !ok {
			return Found{}, fmt.Errorf("tag %q: %w", t.Tag, ErrTagNotFound)
		}
		return Found{Ref: h}, nil
	}
	branch := t.Branch
	if branch == "" {
		branch = headOf(adv)
	}
	h, ok := adv.References[branchRef(branch).String()]
	if !ok {
		return Found{Branch: branch}, fmt.Errorf("branch %q: %w", branch, ErrBranchNotFound)
	}
	return Found{Ref: h, Branch: branch}, nil
}

// headOf returns the branch that the server's HEAD names, or "".
func headOf(adv *packp.AdvRefs) string {
	branch := ""
	for _, symref := range adv.Capabilities.Get(capability.SymRef) {
		if target, ok := strings.CutPrefix(symref, "HEAD:refs/heads/"); ok {
			branch = target
		}
	}
	return branch
}

// serves reports whether the server gives a commit by its hash: any that a ref leads to, or only what a ref names.
func serves(adv *packp.AdvRefs, h plumbing.Hash) bool {
	if adv.Capabilities.Supports(capability.AllowReachableSHA1InWant) || adv.Head != nil && *adv.Head == h {
		return true
	}
	for _, tip := range adv.References {
		if tip == h {
			return true
		}
	}
	return false
}

func branchRef(name string) plumbing.ReferenceName { return plumbing.NewBranchReferenceName(name) }
func tagRef(name string) plumbing.ReferenceName    { return plumbing.NewTagReferenceName(name) }

// NotServedError means that the server gives no commit by its hash alone, and that no branch or tag names this one.
type NotServedError struct{ Commit string }

// Error names the commit.
func (e *NotServedError) Error() string {
	return fmt.Sprintf("commit %s: no branch or tag of the server names it, and the server gives no other commit by its "+
		"hash", e.Commit[:7])
}

// Hint says what to set.
func (e *NotServedError) Hint() string {
	return "set uploadpack.allowReachableSHA1InWant to true in the repository on the server (git config), or create a " +
		"tag at the commit and set source.tag instead of source.commit"
}
