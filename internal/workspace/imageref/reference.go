// SPDX-License-Identifier: Apache-2.0

package imageref

import (
	"fmt"
	"regexp"
	"strings"
)

// reference is the grammar of distribution's references: an optional registry, path components, a tag, a digest.
var reference = regexp.MustCompile(
	`^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?/)?` +
		`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*` +
		`(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
)

// placeholder is a part of a reference that the reader of an example has to replace, such as ACR_REPO_HERE.
var placeholder = regexp.MustCompile(`(^|[/.:])[A-Z][A-Z0-9]*(_[A-Z0-9]+)+([/.:]|$)`)

// maxImage bounds a reference: a repository's name has at most 255 characters, a tag 128, and a digest less than 200.
const maxImage = 255 + 128 + 200

// Fault is what is wrong with a reference, and what to write instead.
type Fault struct{ Message, Hint string }

// Judge returns what is wrong with a reference, or nil.
func Judge(ref string) *Fault {
	switch {
	case len(ref) <= maxImage && reference.MatchString(ref):
		return nil
	case placeholder.MatchString(ref):
		return &Fault{
			Message: fmt.Sprintf("%.100q is a placeholder", ref),
			Hint:    "write the name of an image in your registry instead",
		}
	case reference.MatchString(strings.ToLower(ref)):
		return &Fault{
			Message: fmt.Sprintf("%q is not an image reference, because repository names are lower-case", ref),
			Hint:    "write " + strings.ToLower(ref),
		}
	}
	return &Fault{Message: fmt.Sprintf("%.100q is not an image reference", ref), Hint: "write registry/repository:tag"}
}
