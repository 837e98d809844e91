// SPDX-License-Identifier: Apache-2.0

package revision

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

var (
	// ErrUnknown means that a revision names no commit of the repository.
	ErrUnknown = errors.New("unknown revision")
	// ErrBeforeHistory means that a revision names what was there before the first commit: nothing. It wraps ErrUnknown.
	ErrBeforeHistory = fmt.Errorf("%w: there is no commit before the first one", ErrUnknown)
)

// UnknownError means that no ref has the name of a revision, and says which may be meant.
type UnknownError struct{ Remedy string }

// Error returns what is unknown.
func (e *UnknownError) Error() string { return ErrUnknown.Error() }

// Hint returns what to do, or "".
func (e *UnknownError) Hint() string { return e.Remedy }

// Unwrap returns ErrUnknown.
func (e *UnknownError) Unwrap() error { return ErrUnknown }

// unknown says which ref may be meant by a name that no ref has.
func unknown(adv *packp.AdvRefs, name string) error {
	remotes := ""
	for ref := range adv.References {
		rest, ok := strings.CutPrefix(ref, "refs/remotes/")
		if !ok {
			continue
		}
		remote, branch, _ := strings.Cut(rest, "/")
		if branch == name {
			return &UnknownError{Remedy: fmt.Sprintf("did you mean %s?", rest)}
		}
		if remotes == "" || remote < remotes {
			remotes = remote
		}
	}
	if remotes == "" || strings.Contains(name, ":") {
		return &UnknownError{}
	}
	name = strings.TrimPrefix(name, remotes+"/")
	return &UnknownError{Remedy: fmt.Sprintf(
		"this clone may not have it: git fetch %[1]s %[2]s:refs/remotes/%[1]s/%[2]s, then name %[1]s/%[2]s", remotes, name,
	)}
}
