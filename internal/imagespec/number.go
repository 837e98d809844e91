// SPDX-License-Identifier: Apache-2.0

package imagespec

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// human matches a number with a suffix, as human_readable_int of vLLM reads it.
var human = regexp.MustCompile(`^(\d+(?:\.\d+)?)([kKmMgGtT])$`)

// whole matches what Python's int takes.
var whole = regexp.MustCompile(`^[+-]?\d+(?:_\d+)*$`)

// ParseSize reads a whole number as vLLM reads the values of kind Size: 25.6k is 25600, and 8K is 8192. It returns
// false for what vLLM refuses.
func ParseSize(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	m := human.FindStringSubmatch(text)
	if m == nil {
		return parseInt(text)
	}
	power := strings.Index("kmgt", strings.ToLower(m[2])) + 1
	if m[2] == strings.ToUpper(m[2]) { // binary, without decimals
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > math.MaxInt64>>(10*power) {
			return 0, false
		}
		return n << (10 * power), true
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if f *= math.Pow10(3 * power); err != nil || f >= math.MaxInt64 {
		return 0, false
	}
	return int64(f), true
}

// ParseLength reads the length of a sequence in tokens, as vLLM reads max-model-len; 0 stands for auto. It returns
// false for what vLLM refuses.
func ParseLength(text string) (int64, bool) {
	if automatic(text) {
		return 0, true
	}
	return ParseSize(text)
}

// automatic reports whether the text of a length leaves the choice to vLLM.
func automatic(text string) bool {
	text = strings.TrimSpace(text)
	return text == "-1" || strings.EqualFold(text, "auto")
}

// parseInt reads a whole number as Python's int does.
func parseInt(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if !whole.MatchString(text) {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
	return n, err == nil
}

// parseFloat reads a number as Python's float does, but for its hexadecimal form in Go.
func parseFloat(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}
