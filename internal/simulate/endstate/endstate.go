// SPDX-License-Identifier: Apache-2.0

// Package endstate compares what two paths of a simulation to the same files have left.
package endstate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// moments are the lines of status files that differ by path: times, commits, and numbers of machines.
	moments = regexp.MustCompile(`(?m)^.*([Cc]ommit|Time|[Ss]ince|firstSeen|until).*\n|, since [^|]*`)
	// columns are the same in the table of README.md.
	columns = regexp.MustCompile(`\| \d{4}-\d\d-\d\d \d\d:\d\d |\| c\d+(?: not c\d+)? `)
	// empty is a pool without nodes, which is recreated only when it is needed.
	empty    = regexp.MustCompile(`(?m)^ +- name: \S+\n +state: \S+\n +nodes: 0\n( {4,}\w+: .*\n)*`)
	header   = regexp.MustCompile(`(?m)^ *pools:.*\n`)
	machines = regexp.MustCompile(`vmss\d+`)
	// notReady is the part of the totals in README.md that counts those that are not ready, and those that wait.
	notReady = regexp.MustCompile(`(\d+) not ready(?:, (\d+) waiting)?`)
)

// neverReady makes the text of a status file one in which no Workspace was ready once: those that are not ready any
// more are pending.
func neverReady(text string) string {
	text = notReady.ReplaceAllStringFunc(text, func(counts string) string {
		found := notReady.FindStringSubmatch(counts)
		before, _ := strconv.Atoi(found[1])
		pending, _ := strconv.Atoi(found[2]) // 0 where none waits
		return fmt.Sprint(before+pending, " waiting")
	})
	return strings.ReplaceAll(text, "NotReady", "Pending")
}

// Text returns a status file without what differs by path.
func Text(data []byte) string {
	text := columns.ReplaceAllString(moments.ReplaceAllString(string(data), ""), "| ")
	text = header.ReplaceAllString(empty.ReplaceAllString(text, ""), "")
	return machines.ReplaceAllString(neverReady(text), "vmss")
}

// Differences says where the end state of a path differs from that of the straight one, by what it is about.
func Differences(got, want map[string]string) (out []string) {
	tell := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	names := slices.Sorted(maps.Keys(got))
	for name := range want {
		if _, ok := got[name]; !ok {
			tell("%s is missing, which the straight path has", name)
		}
	}
	for _, name := range names {
		if other, ok := want[name]; !ok {
			tell("%s is left, which the straight path does not have: %s", name, got[name])
		} else if got[name] != other {
			tell("%s is\n%s\nand by the straight path\n%s", name, got[name], other)
		}
	}
	return out
}
