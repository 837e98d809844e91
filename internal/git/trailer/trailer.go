// SPDX-License-Identifier: Apache-2.0

// Package trailer reads the trailers of commit messages, by the rules of git interpret-trailers.
package trailer

import "strings"

// Values returns the values of all trailers named key, in any case and in order: lines "Key: value" in the last
// paragraph of the message. Every line of that paragraph must be a trailer or the indented continuation of one; where
// Git itself wrote one of them (Signed-off-by, cherry picked from), a quarter is enough. The subject is never a
// trailer.
func Values(message, key string) []string {
	var out []string
	for _, t := range All(message) {
		if strings.EqualFold(t.Key, key) {
			out = append(out, t.Value())
		}
	}
	return out
}

// Trailer is one trailer. Its value is on one or more lines; joining them once keeps a long message linear in time.
type Trailer struct {
	Key   string
	lines []string
}

// Value returns the value on one line.
func (t Trailer) Value() string { return strings.TrimSpace(strings.Join(t.lines, " ")) }

// All returns all trailers of a message.
func All(message string) []Trailer {
	var found []Trailer
	var good, other int
	byGit, inTrailer := false, false
	for _, line := range lastParagraph(message) {
		key, value, isTrailer := cutTrailer(line)
		switch {
		case strings.HasPrefix(line, "(cherry picked from commit "):
			byGit, inTrailer = true, false
			good++
		case line[0] == ' ' || line[0] == '\t':
			if !inTrailer {
				other++
				continue
			}
			last := &found[len(found)-1]
			last.lines = append(last.lines, strings.TrimSpace(line))
		case isTrailer:
			byGit = byGit || strings.HasPrefix(line, "Signed-off-by: ")
			inTrailer = true
			good++
			found = append(found, Trailer{key, []string{value}})
		default:
			inTrailer = false
			other++
		}
	}
	if other == 0 || byGit && good*3 >= other {
		return found
	}
	return nil
}

// lastParagraph returns the lines after the last blank line, without comments. It is empty when that is the subject.
func lastParagraph(message string) []string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n")), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.TrimSpace(lines[i]) != "" {
			continue
		}
		var paragraph []string
		for _, line := range lines[i+1:] {
			if !strings.HasPrefix(line, "#") {
				paragraph = append(paragraph, line)
			}
		}
		return paragraph
	}
	return nil
}

// cutTrailer splits "Key: value". A key is letters, digits and hyphens.
func cutTrailer(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, ":")
	key = strings.TrimRight(key, " \t")
	if !ok || key == "" || strings.ContainsFunc(key, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return "", "", false
	}
	return key, strings.TrimSpace(value), true
}
