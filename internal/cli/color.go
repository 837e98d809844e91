// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"

	"golang.org/x/term"
)

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// color reports whether output is coloured. The flag decides; if it is auto, the variables do that programs agree on
// (no-color.org, bixense.com/clicolors), and at last whether the output is a terminal.
func (s Stdio) color(flag string) (bool, error) {
	if err := oneOf("--color", flag, colorAuto, colorAlways, colorNever); err != nil {
		return false, err
	}
	is := func(name string) string {
		value, _ := s.Env(name)
		return value
	}
	force := is("CLICOLOR_FORCE")
	switch {
	case flag != colorAuto:
		return flag == colorAlways, nil
	case is("NO_COLOR") != "":
		return false, nil
	case force != "" && force != "0":
		return true, nil
	case is("CLICOLOR") == "0" || is("TERM") == "dumb":
		return false, nil
	}
	out, ok := s.Out.(*os.File)
	return ok && term.IsTerminal(int(out.Fd())), nil
}
