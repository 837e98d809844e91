// SPDX-License-Identifier: Apache-2.0

package strictyaml

import "strings"

// maxSuggest is longer than any name that is worth a suggestion: comparing takes time in the product of the lengths.
const maxSuggest = 200

// Suggest returns the known name that name is most likely a misspelling of, or "" when none is close. In this order:
// a name that differs in case and separators only; the only one that begins with what was written, such as volumeSource
// for volume; the one with the fewest edits, at most one for every three letters.
func Suggest(name string, known []string) string {
	if len(name) > maxSuggest {
		return ""
	}
	written := letters(name)
	for _, k := range known {
		if written != "" && letters(k) == written {
			return k
		}
	}
	if longer := begun(written, known); longer != "" {
		return longer
	}
	best, limit := "", len(name)/3+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= limit {
			best, limit = k, d-1
		}
	}
	return best
}

// letters returns a name in lower case without separators.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_. ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// minBegun is how much of a longer name must be written for it to be recognised.
const minBegun = 4

// begun returns the only one of the names that begins with the letters that were written, or "".
func begun(written string, known []string) string {
	if len(written) < minBegun {
		return ""
	}
	only := ""
	for _, k := range known {
		if !strings.HasPrefix(letters(k), written) {
			continue
		}
		if only != "" {
			return ""
		}
		only = k
	}
	return only
}

// distance is the Levenshtein distance, with a swap of neighbours as one edit.
func distance(a, b string) int {
	older, old := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}
