// SPDX-License-Identifier: Apache-2.0

package mistake_test

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/mistake"
	"syncer.dev/syncer/internal/diag"
)

func TestInFlag(t *testing.T) {
	flags := map[string]string{"base": "string", "nodes": "int", "all": "bool", "since": "duration", "x": "size"}
	for text, want := range map[string]string{
		`unknown flag: --bse`:                          "syncer plan has no flag --bse: did you mean --base?",
		`unknown flag: --zzz`:                          "syncer plan has no flag --zzz: syncer plan --help lists the flags",
		`invalid argument "a" for "--nodes" flag: x`:   `--nodes: "a" is no whole number`,
		`invalid argument "a" for "-a, --all" flag: x`: `-a, --all: "a" is neither true nor false`,
		`invalid argument "a" for "--since" flag: x`:   `--since: "a" is no duration such as 30s or 24h`,
		`invalid argument "a" for "--x" flag: too big`: `--x: "a" is no valid value: too big`,
		`flag needs an argument: --base`:               "flag needs an argument: --base",
	} {
		err := mistake.InFlag("syncer plan", flags, errors.New(text))
		if got := err.Error() + ": " + diag.Hints(err)[0]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q", text, got)
		}
	}
}

func TestUnknownCommand(t *testing.T) {
	for want, err := range map[string]*mistake.UnknownCommandError{
		`unknown command "get": syncer status for`:                {Command: "get", Near: []string{"new"}},
		`unknown command "plam" (did you mean plan?): syncer --h`: {Command: "plam", Near: []string{"plan"}},
	} {
		if got := err.Error() + ": " + err.Hint(); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for given, want := range map[int]string{
		0: "an argument is missing: syncer tree NAME: syncer tree --help has examples",
		1: "1 argument is given: syncer tree NAME: syncer tree --help has examples",
		2: "2 arguments are given: syncer tree NAME: syncer tree --help has examples",
	} {
		err := &mistake.ArgumentsError{Command: "syncer tree", Use: "syncer tree NAME", Given: given}
		if got := err.Error() + ": " + err.Hint(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
