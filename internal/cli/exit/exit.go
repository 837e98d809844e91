// SPDX-License-Identifier: Apache-2.0

// Package exit says an error of a command to its user, and maps it to the exit code of the process.
package exit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/source"
)

// The exit codes of every command.
const (
	Yes         = 0   // done, valid, no changes, healthy
	No          = 1   // invalid, refused, not healthy, a PATH that holds nothing, or differences with --exit-code
	Failure     = 2   // usage, configuration, network, permission
	Interrupted = 130 // SIGINT or SIGTERM; but SIGTERM ends a daemon with Yes
)

// ErrTerminated is the cause of a context that SIGTERM has ended.
var ErrTerminated = errors.New("terminated")

// Code says err on w and maps it to an exit code. It is the only place that does.
func Code(ctx context.Context, err error, w io.Writer) int {
	var no answer.NoError
	var empty *source.EmptyError
	switch {
	case err == nil:
		return Yes
	case errors.As(err, &no):
		if no.Message != "" {
			diag.Fprintf(w, "%s\n", no.Message)
		}
		for _, hint := range diag.Hints(err) {
			diag.Fprintf(w, "hint: %s\n", hint)
		}
		return No
	case errors.As(err, &empty):
		diag.Fprintf(w, "%v\n", err)
		return No
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "syncer: interrupted")
		return Interrupted
	}
	fmt.Fprintf(w, "syncer: %s\n", strings.Join(diag.ErrorLines(withSuggestion(err)), "\n"))
	for _, hint := range diag.Hints(err) {
		diag.Fprintf(w, "syncer: hint: %s\n", hint)
	}
	answer.LinkReasons(w, diag.All(err))
	return Failure
}

// withSuggestion writes the suggestion that Cobra adds to an unknown command, over several lines, as a hint.
func withSuggestion(err error) error {
	text, suggestions, ok := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	if !ok {
		return err
	}
	return fmt.Errorf("%s (did you mean %s?)", text, strings.Join(strings.Fields(suggestions), " or "))
}
