// SPDX-License-Identifier: Apache-2.0

package view

import (
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// maxText bounds a text that is shown, in bytes. It is ours.
const maxText = 4096

// text is a text of one line, from anywhere.
func text(s string) string { return cut(diag.EscapeText(s)) }

// lines is a text of several lines, from anywhere.
func lines(s string) string { return cut(diag.EscapeLines(s)) }

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + " [cut]"
}

// Money is what something costs in an hour, in US dollars. The zero value is that of something without a price, such as
// nodes that syncer does not buy.
type Money struct {
	USD   float64
	Known bool
	Asked bool // it has a price, although perhaps an unknown one
}

// moneyOf reads the cost of a Report.
func moneyOf(hourly string) Money {
	usd, err := strconv.ParseFloat(hourly, 64)
	return Money{USD: usd, Known: err == nil, Asked: hourly != ""}
}

func moneyFor(c capacity.Cost) Money { return Money{USD: c.USD, Known: c.Known, Asked: true} }

// Monthly returns the cost of a month.
func (m Money) Monthly() float64 { return m.USD * capacity.HoursPerMonth }

// Part is a part of something, for a bar.
type Part struct {
	Used, Of float64
}

// Percent returns the part in percent, from 0 to 100.
func (p Part) Percent() float64 {
	if p.Of <= 0 {
		if p.Used > 0 {
			return 100
		}
		return 0
	}
	return min(100*p.Used/p.Of, 100)
}

// Full reports whether nothing is left.
func (p Part) Full() bool { return p.Used > 0 && p.Used >= p.Of }
