// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"strings"
	"sync/atomic"
	"unique"
)

// Once returns the one copy of a text that many objects have.
func Once(text string) string {
	if text == "" {
		return ""
	}
	if len(text) > maxRecent {
		return unique.Make(text).Value()
	}
	place := &recent[placeOf(text)]
	if known := place.Load(); known != nil && *known == text {
		return *known
	}
	text = unique.Make(text).Value()
	place.Store(&text)
	return text
}

// recent has the texts that were asked for last, each in its place: those that most objects have, such as the name of a
// namespace or a phase, are found here, which takes a tenth of the time of a look into all texts.
var recent [512]atomic.Pointer[string]

// maxRecent is the length of a text there, in bytes.
const maxRecent = 64

func placeOf(text string) uint {
	h := uint(len(text))
	for i := range min(len(text), 4) {
		h = h*131 + uint(text[len(text)-1-i])
	}
	return h * 131 % uint(len(recent))
}

// Within returns a text that may be the start of another one, of which it is then a part: a pod has the name of its
// Workspace in its own name. What has both keeps one of them.
func Within(whole, text string) string {
	if strings.HasPrefix(whole, text) {
		return whole[:len(text)]
	}
	return Once(text)
}
