package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// The exit codes of every command.
const (
	exitYes         = 0   // done, valid, no changes, healthy
	exitNo          = 1   // invalid, refused, not healthy, or differences with --exit-code
	exitTrouble     = 2   // usage, configuration, network, permission
	exitInterrupted = 130 // SIGINT or SIGTERM
)

// noError is the answer "no": the command worked, and what it was asked about is not so.
type noError struct {
	message string // "" when the answer on standard output says it all
}

// Error returns what is not so.
func (e noError) Error() string { return e.message }

// no returns the answer "no" with a last word for standard error.
func no(format string, args ...any) error { return noError{fmt.Sprintf(format, args...)} }

// hinter is an error that knows what to do about it.
type hinter interface{ Hint() string }

// exitCode says err on w and maps it to an exit code. It is the only place that does.
func exitCode(ctx context.Context, err error, w io.Writer) int {
	var answer noError
	switch {
	case err == nil:
		return exitYes
	case errors.As(err, &answer):
		if answer.message != "" {
			fmt.Fprintln(w, answer.message)
		}
		return exitNo
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "syncer: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(w, "syncer: %v\n", err)
	var h hinter
	if errors.As(err, &h) && h.Hint() != "" {
		fmt.Fprintf(w, "syncer: hint: %s\n", h.Hint())
	}
	return exitTrouble
}
