// SPDX-License-Identifier: Apache-2.0

// Package asked says what the files of a revision ask for in a simulation, by the names of the fixtures alone.
package asked

import (
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/workspace"
)

// SyntaxError makes a file unreadable.
const SyntaxError = "\nx: ["

// Broken reports whether a file is unreadable.
func Broken(text string) bool { return strings.Contains(text, SyntaxError) }

// TextOf returns a file of a revision, or "".
func TextOf(r reconcile.Revision, name string) string {
	if r.Files == nil {
		return ""
	}
	data, _ := fs.ReadFile(r.Files, name)
	return string(data)
}

// FileOf returns the file that asks for a Workspace, and its number in an InferenceSet; -1 without one.
func FileOf(k workspace.Key) (file string, number int) {
	name, index, set := strings.Cut(k.Name, "-")
	if n, err := strconv.Atoi(index); set && err == nil {
		return name + ".yaml", n
	}
	return name + ".yaml", -1
}

var replicasLine = regexp.MustCompile(`(?m)^  replicas: (\d+)$`)

// AsksFor reports whether a revision asks for a Workspace in a file that is readable.
func AsksFor(r reconcile.Revision, k workspace.Key) bool {
	file, number := FileOf(k)
	text := TextOf(r, file)
	if text == "" || Broken(text) {
		return false
	}
	if number < 0 {
		return true
	}
	m := replicasLine.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	n, _ := strconv.Atoi(m[1])
	return number < n
}
