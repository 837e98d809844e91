// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"io/fs"
)

// MissingError says that a path which a person named does not exist.
type MissingError struct {
	Err    error
	Remedy string // what to name
}

// Error returns the path, in the words of the system.
func (e *MissingError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the system.
func (e *MissingError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *MissingError) Hint() string { return e.Remedy }

// Missing returns an error as a *MissingError with what to name instead, if it says that a path does not exist.
func Missing(err error, remedy string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &MissingError{Err: err, Remedy: remedy}
	}
	return err
}

// nameAPath is the remedy for a PATH that does not exist.
const nameAPath = "PATH is a file or a folder with Workspaces, as seen from the working folder; - is standard input"
