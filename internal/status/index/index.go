// SPDX-License-Identifier: Apache-2.0

// Package index makes the README of a branch that holds nothing but status. Pure.
package index

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/status"
)

// File is the README of a status branch.
const File = "README.md"

// title begins a README that is ours.
const title = "# What syncer reports\n"

// maxHead bounds how many bytes of an overview are searched for its totals, which are its first lines.
const maxHead = 1 << 10

// totalsLine is the line of an overview that sums it up. Others may have written it: nothing else is repeated.
var totalsLine = regexp.MustCompile(`^(\*\*[0-9A-Za-z ,/]{1,300}\*\*|No Workspaces\.)$`)

// Of returns the README of a branch that holds nothing but status, from the overviews of its clusters, by name, in
// the folder dir. It is false if the present README is not ours, so that it stays.
func Of(dir string, present []byte, overviews map[string][]byte) (content []byte, ok bool) {
	if len(present) > 0 && !bytes.HasPrefix(present, []byte(title)) {
		return nil, false
	}
	var b strings.Builder
	b.WriteString(title + "\nsyncer keeps clusters equal to a Git repository of Workspaces. On this branch it " +
		"reports what it has found out:\neach commit says which Workspace went where, and each folder below is that of one " +
		"cluster. syncer overwrites changes\nto these files. To change what runs, commit to the branch that syncer " +
		"follows.\n\n" +
		"| Cluster | |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(overviews)) {
		if len(validation.IsDNS1123Label(name)) == 0 {
			fmt.Fprintf(&b, "| [%s](%s) | %s |\n", name, path.Join(dir, name, status.OverviewFile), totalsIn(overviews[name]))
		}
	}
	return []byte(b.String()), true
}

// totalsIn returns the line of an overview that sums it up, or "".
func totalsIn(overview []byte) string {
	head := string(overview[:min(len(overview), maxHead)])
	for line := range strings.Lines(head) {
		if line = strings.TrimSpace(line); totalsLine.MatchString(line) {
			return line
		}
	}
	return ""
}
