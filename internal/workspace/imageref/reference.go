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

// The longest parts of a reference, in characters: of distribution (reference.RepositoryNameTotalLengthMax, without the
// registry) and of its grammar. A reference of maxImage or more is judged without the grammar: it is far too long.
const (
	maxName  = 255
	maxTag   = 128
	maxImage = 4096
)

// Fault is what is wrong with a reference, and what to write instead.
type Fault struct{ Message, Hint string }

// Judge returns what is wrong with a reference, or nil.
func Judge(ref string) *Fault {
	switch {
	case len(ref) > maxImage:
		return tooLong(fmt.Sprintf("it has %d characters", len(ref)))
	case reference.MatchString(ref):
		return lengths(ref)
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
	if fault := lengths(ref); fault != nil {
		return fault
	}
	return &Fault{Message: fmt.Sprintf("%.100q is not an image reference", ref), Hint: "write registry/repository:tag"}
}

// lengths returns what is too long in a reference, or nil.
func lengths(ref string) *Fault {
	name, _, _ := strings.Cut(ref, "@")
	tag := ""
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name, tag = name[:at], name[at+1:]
	}
	host, repository, found := strings.Cut(name, "/")
	if found && (strings.ContainsAny(host, ".:") || host == "localhost") {
		name = repository
	}
	switch {
	case len(name) > maxName:
		return tooLong(fmt.Sprintf("the name of its repository has %d characters, and %d are the limit", len(name), maxName))
	case len(tag) > maxTag:
		return tooLong(fmt.Sprintf("its tag has %d characters, and %d are the limit", len(tag), maxTag))
	}
	return nil
}

func tooLong(why string) *Fault {
	return &Fault{Message: "the image reference is too long: " + why, Hint: "use a shorter name or tag"}
}
