// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"syncer.dev/syncer/internal/golden"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"syncer": func() {
			os.Exit(
				Run(context.Background(), os.Args[1:], Stdio{
					In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Variables: os.Environ(),
				}),
			)
		},
	})
}

// TestScripts runs the scripts in testdata/script, which read as documentation of the commands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: golden.Update(), RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: user,
	})
}

// user gives Git in a script a name, and no configuration of the machine.
func user(e *testscript.Env) error {
	e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	e.Setenv("GIT_AUTHOR_NAME", "A User")
	e.Setenv("GIT_AUTHOR_EMAIL", "user@example.com")
	e.Setenv("GIT_COMMITTER_NAME", "A User")
	e.Setenv("GIT_COMMITTER_EMAIL", "user@example.com")
	return nil
}
