// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"testing"

	"syncer.dev/syncer/internal/cli/exit"
)

// TestInterrupt says that an interrupt ends a command that does not look at its context.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var talk bytes.Buffer
	in := &endless{reading: cancel}
	code := Run(ctx, []string{"validate", "-"}, Stdio{
		In: in, Out: &bytes.Buffer{}, Err: &talk, Env: func(string) (string, bool) { return "", false },
	})
	if code != exit.Interrupted || talk.String() != "syncer: interrupted\n" {
		t.Errorf("exit code %d, %q", code, talk.String())
	}
}

// endless is an input that never comes.
type endless struct{ reading func() }

func (e *endless) Read([]byte) (int, error) {
	e.reading()
	select {}
}
