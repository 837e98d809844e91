package kaito

import (
	"strconv"
	"strings"
)

// MaxModelLen returns the context that KAITO finds in an inference_config.yaml, 0 for none. KAITO does not read it as YAML but
// line by line: the first line that starts with vllm: opens a block, to which the lines belong that are at least two columns deeper,
// and in which the first max-model-len: with a positive whole number counts. So a number in quotes, with a comment behind it, or
// "auto" are none.
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
