// SPDX-License-Identifier: Apache-2.0

package terminal

import "syncer.dev/syncer/internal/plan"

// The colours, as the codes of ECMA-48 that every terminal has.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// painter colours text, or does not.
type painter bool

// in returns a text in a colour. The text is escaped already.
func (p painter) in(color, text string) string {
	if !p || text == "" || color == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

var colors = map[plan.Op]string{
	plan.Create: green, plan.Update: yellow, plan.Replace: red, plan.Delete: red, plan.Hold: yellow,
}

var outcomes = map[plan.Outcome]string{plan.Changed: green, plan.Warned: yellow, plan.Blocked: red}
