// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/revision"
	"syncer.dev/syncer/internal/git/target"
)

var (
	// ErrEmptyRepository means that the repository has no commit yet.
	ErrEmptyRepository = remote.ErrEmptyRepository
	// ErrBranchNotFound means that the repository has no such branch.
	ErrBranchNotFound = target.ErrBranchNotFound
	// ErrTagNotFound means that the repository has no such tag.
	ErrTagNotFound = target.ErrTagNotFound
	// ErrUnknownRevision means that a revision names no commit of the repository.
	ErrUnknownRevision = revision.ErrUnknown
	// ErrBeforeHistory means that a revision names what was there before the first commit: nothing. It wraps
	// ErrUnknownRevision.
	ErrBeforeHistory = revision.ErrBeforeHistory
	// ErrUnrelated means that two commits have no commit in common.
	ErrUnrelated = errors.New("the commits have no common ancestor")
	// ErrNotFetched means that the commit is not, or is no longer, held by the Repository: fetch it first.
	ErrNotFetched = errors.New("commit not fetched")
	// ErrTooLarge means that data of the server exceeds a limit. The text of the error names the limit.
	ErrTooLarge = limits.ErrTooLarge
)

// Errors of the server and of a local repository: see package remote.
type (
	UnreachableError = remote.UnreachableError
	RejectedError    = remote.RejectedError
	ShallowError     = remote.ShallowError
)

// Denied reports whether the server has refused the credentials, or gives them no access to the repository: another
// attempt with the same ones does not help.
func Denied(err error) bool { return remote.Denied(err) }
