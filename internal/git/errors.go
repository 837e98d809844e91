package git

import (
	"errors"
	"fmt"
)

var (
	// ErrEmptyRepository means that the repository has no commit yet.
	ErrEmptyRepository = errors.New("the repository is empty")
	// ErrBranchNotFound means that the repository has no such branch.
	ErrBranchNotFound = errors.New("no such branch")
	// ErrUnknownRevision means that a revision names no commit of the repository.
	ErrUnknownRevision = errors.New("unknown revision")
	// ErrNotFetched means that the commit is not, or is no longer, held by the Repository: fetch it first.
	ErrNotFetched = errors.New("commit not fetched")
	// ErrTooLarge means that a limit on what is received or read was exceeded. The error's text says which.
	ErrTooLarge = errors.New("too large")
)

// UnreachableError means that the server could not be asked, or did not answer sensibly: trouble of the network, of
// credentials, or of the server. It passes, or needs the operator; the repository itself may be fine.
type UnreachableError struct {
	Op   string // what was being done: "list refs", "receive pack", "push"
	URL  string // of the repository, without secrets
	Hint string // what to look at, or ""

	err error
}

// Error returns the operation, the URL and the cause, without secrets.
func (e *UnreachableError) Error() string { return fmt.Sprintf("%s: %s: %v", e.URL, e.Op, e.err) }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.err }

// RejectedError means that the server understood a push and refused it, for a reason that trying again will not remove: a
// protected branch, a hook, missing permission.
type RejectedError struct {
	Branch string
	URL    string // of the repository, without secrets
	Reason string // the server's words, without secrets
	Hint   string // what to look at, or ""
}

// Error returns the branch, the URL and the server's words.
func (e *RejectedError) Error() string {
	return fmt.Sprintf("%s: push to branch %s rejected: %s", e.URL, e.Branch, e.Reason)
}
