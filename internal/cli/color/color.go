// SPDX-License-Identifier: Apache-2.0

// Package color decides whether output is coloured.
package color

import (
	"io"
	"os"

	"golang.org/x/term"
)

// The values of --color.
const (
	Auto   = "auto"
	Always = "always"
	Never  = "never"
)

// Modes are all valid values.
func Modes() []string { return []string{Auto, Always, Never} }

// Wanted reports whether output on out is coloured. The mode decides; if it is auto, the variables do that programs
// agree on (no-color.org, bixense.com/clicolors), and at last whether out is a terminal.
func Wanted(mode string, env func(string) (string, bool), out io.Writer) bool {
	is := func(name string) string {
		value, _ := env(name)
		return value
	}
	force := is("CLICOLOR_FORCE")
	switch {
	case mode != Auto:
		return mode == Always
	case is("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case is("CLICOLOR") == "0" || is("TERM") == "dumb":
		return false
	}
	return Terminal(out)
}

// Terminal reports whether a stream is a terminal. A stream around another one has a method Unwrap.
func Terminal(w io.Writer) bool {
	if around, ok := w.(interface{ Unwrap() io.Writer }); ok {
		return Terminal(around.Unwrap())
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
