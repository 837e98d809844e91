// SPDX-License-Identifier: Apache-2.0

// Package cron checks the times of tasks as cron writes them.
package cron

import (
	"slices"
	"strconv"
	"strings"
)

// fieldsOf are the five fields of a cron expression.
var fieldsOf = []struct {
	min, max int
	names    []string // from min on
}{
	{0, 59, nil},
	{0, 23, nil},
	{1, 31, nil},
	{1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{0, 6, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

var shorthands = []string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}

// Valid reports whether text is a cron expression of five fields: lists of *, numbers, names and ranges, each with a
// step.
func Valid(text string) bool {
	if slices.Contains(shorthands, text) {
		return true
	}
	fields := strings.Fields(text)
	if len(fields) != len(fieldsOf) {
		return false
	}
	for i, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			if !validPart(part, fieldsOf[i].min, fieldsOf[i].max, fieldsOf[i].names) {
				return false
			}
		}
	}
	return true
}

func validPart(part string, least, most int, names []string) bool {
	span, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
		return false
	}
	if span == "*" || span == "?" {
		return true
	}
	number := func(s string) int {
		if i := slices.Index(names, strings.ToLower(s)); i >= 0 {
			return least + i
		}
		if n, err := strconv.Atoi(s); err == nil && n >= least && n <= most && !strings.ContainsAny(s, "+-") {
			return n
		}
		return -1
	}
	from, to, ranged := strings.Cut(span, "-")
	a := number(from)
	if !ranged {
		return a >= 0
	}
	b := number(to)
	return a >= 0 && b >= a
}
