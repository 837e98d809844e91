// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"errors"
	"fmt"
)

// ErrEmptyRepository means that the repository has no commit yet.
var ErrEmptyRepository = errors.New("the repository is empty")

// UnreachableError means that the server did not answer, or gave no usable answer: a failure of the network, of
// credentials, or of the server. The failure ends by itself, or needs the operator; the repository may be intact.
type UnreachableError struct {
	Op     string // the operation: "list refs", "receive pack", "push"
	URL    string // of the repository, without secrets
	Remedy string // for common causes; otherwise ""
	Err    error  // the cause, without secrets
}

// Error returns the operation, the URL and the cause, without secrets.
func (e *UnreachableError) Error() string { return fmt.Sprintf("%s: %s: %v", e.URL, e.Op, e.Err) }

// Hint returns the remedy, or "".
func (e *UnreachableError) Hint() string { return e.Remedy }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// RejectedError means that the server understood a push and refused it, for a reason that another attempt does not
// remove: a protected branch, a hook, missing permission.
type RejectedError struct {
	Branch string
	URL    string // of the repository, without secrets
	Reason string // the server's words, without secrets
	Remedy string // what to do
}

// Error returns the branch, the URL and the server's words.
func (e *RejectedError) Error() string {
	return fmt.Sprintf("%s: push to branch %s rejected: %s", e.URL, e.Branch, e.Reason)
}

// Hint returns the remedy.
func (e *RejectedError) Hint() string { return e.Remedy }

// ShallowError means that a local repository is a shallow clone, which lacks the commit that was asked for.
type ShallowError struct {
	URL string // of the repository, without secrets
	err error
}

// Error returns what the repository is, and what it lacks.
func (e *ShallowError) Error() string {
	return e.URL + " is a shallow clone, which does not have this commit"
}

// Hint returns how to get them.
func (e *ShallowError) Hint() string {
	return "run git fetch --unshallow; in a GitHub workflow give actions/checkout fetch-depth: 0, " +
		"in Azure Pipelines checkout fetchDepth: 0, in GitLab set GIT_DEPTH to 0"
}

// Unwrap returns the cause.
func (e *ShallowError) Unwrap() error { return e.err }
