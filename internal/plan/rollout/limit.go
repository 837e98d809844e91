// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strconv"
	"strings"
)

// Limit bounds how many serving Workspaces may be interrupted at once by changes that restart them: by a count, or by
// a part in percent of those that serve. The zero value is no bound.
type Limit struct {
	Count, Percent int
}

// ParseLimit reads "1", "10%", "0" or "off"; ok is false for anything else.
func ParseLimit(text string) (l Limit, ok bool) {
	if text == "off" {
		return Limit{}, true
	}
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || strconv.Itoa(n) != digits || percent && (n < 1 || n > 100) {
		return Limit{}, false
	}
	if percent {
		return Limit{Percent: n}, true
	}
	return Limit{Count: n}, true
}

// Off reports whether there is no bound.
func (l Limit) Off() bool { return l == Limit{} }

// Of returns how many Workspaces may be interrupted at once when so many serve: 1 at least.
func (l Limit) Of(serving int) int { return max(l.Count, serving*l.Percent/100, 1) }

// String is the setting with its name, for people.
func (l Limit) String() string {
	value := strconv.Itoa(l.Count)
	switch {
	case l.Off():
		value = "off"
	case l.Percent > 0:
		value = strconv.Itoa(l.Percent) + "%"
	}
	return "rollout.maxInterrupted: " + value
}
