package strictyaml

import "strings"

// maxSuggest is longer than any name that is worth a suggestion: comparing takes time in the product of the lengths.
const maxSuggest = 200

// Suggest returns the known name that name is most likely a misspelling of, or "" when none is close: at most one edit for
// every three letters, without regard to case.
func Suggest(name string, known []string) string {
	if len(name) > maxSuggest {
		return ""
	}
	best, limit := "", len(name)/3+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= limit {
			best, limit = k, d-1
		}
	}
	if best == "" && len(name) >= minBegun {
		return begun(name, known)
	}
	return best
}

// minBegun is how much of a longer name must be written for it to be recognised.
const minBegun = 4

// begun returns the only one of the names that begins with what was written, such as volumeSource for volume.
func begun(name string, known []string) string {
	only := ""
	for _, k := range known {
		if len(k) < len(name) || !strings.EqualFold(k[:len(name)], name) {
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
