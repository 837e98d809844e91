// SPDX-License-Identifier: Apache-2.0

package kaito

import (
	"strconv"
	"strings"
)

// MaxModelLen returns the context that KAITO finds in an inference_config.yaml, in tokens, or 0. KAITO reads the file
// line by line, not as YAML. The first line that starts with vllm: opens a block of the lines that are at least two
// columns deeper. In that block, the first max-model-len: with a positive whole number counts. KAITO therefore ignores
// a number in quotes or with a comment, and "auto".
func MaxModelLen(config string) int {
	const key = "max-model-len:"
	inside, depth := false, 0
	for line := range strings.SplitSeq(config, "\n") {
		text := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case !inside:
			inside, depth = strings.HasPrefix(text, "vllm:"), indent
		case indent < depth+2:
			return 0
		case strings.HasPrefix(text, key):
			if n, err := strconv.Atoi(strings.TrimSpace(text[len(key):])); err == nil && n > 0 {
				return n
			}
		}
	}
	return 0
}
