// SPDX-License-Identifier: Apache-2.0

package answer

import "fmt"

// NoError is the answer "no": the command worked, and what it was asked about is not so.
type NoError struct {
	Message string // "" when the answer on standard output says it all
	Remedy  string // what to do; "" for nothing
}

// Error returns what is not so.
func (e NoError) Error() string { return e.Message }

// Hint returns what to do; "" for nothing.
func (e NoError) Hint() string { return e.Remedy }

// No returns the answer "no" with a last word for standard error.
func No(format string, args ...any) error { return NoError{Message: fmt.Sprintf(format, args...)} }

// NoBut is No with a hint.
func NoBut(hint, format string, args ...any) error {
	return NoError{Message: fmt.Sprintf(format, args...), Remedy: hint}
}
