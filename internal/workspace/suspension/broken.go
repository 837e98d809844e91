// SPDX-License-Identifier: Apache-2.0

package suspension

import (
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// safeFields are the fields in which an error leaves no doubt about what is selected.
var safeFields = []string{"apiVersion", "kind", "metadata", "spec.reason", "spec.until"}

// widened makes a suspension with errors select and last as much as it may have meant.
func widened(s workspace.Suspension, errs []diag.Diagnostic) workspace.Suspension {
	if len(errs) == 0 {
		return s
	}
	s.Until = time.Time{}
	s.Unreadable = "the document has errors, so that it does not end"
	for _, e := range errs {
		if !slices.ContainsFunc(safeFields, func(f string) bool {
			return e.Field == f || strings.HasPrefix(e.Field, f+".")
		}) {
			s.Selector = workspace.SuspensionSelector{}
			s.Unreadable = "the document has errors, so that it stops everything, and does not end"
		}
	}
	if s.Reason == "" {
		s.Reason = "its reason cannot be read"
	}
	return s
}

// Broken is the suspension of a file that may hold a Suspend which cannot be read: it stops everything.
func Broken(at diag.Position, why string) workspace.Suspension {
	return workspace.Suspension{Source: at, Unreadable: fmt.Sprintf("%s %s", at.Path, why)}
}

// mentions matches a header of kind Suspend, in block or in flow style and in JSON, also if tags, anchors, comments,
// brackets or the signs of a block, a list or a key stand before the word, if a key or a word is written in base64, and
// if the key is an alias.
var mentions = regexp.MustCompile(
	`(?i)(?:^|[\s{\[,"'])(?:kind|` + spaced("a2luZA") + `(?:==)?|\*[^\s:]+)["']?(?:\s|#[^\r\n]*[\r\n])*:` + before +
		`(?:suspend|` + spaced("U3VzcGVuZA") + `)(?:$|[^a-z])`,
)

// before matches what may stand between a key and its value.
const before = `(?:[\s"'\[{]|[?-]\s|[!&]\S*|[|>][-+0-9]*|#[^\r\n]*[\r\n])*`

// aliased matches a kind that is written elsewhere, and elsewhere the word in its place.
var (
	aliased   = regexp.MustCompile(`(?i)(?:^|[\s{\[,"'])kind["']?\s*:` + before + `\*`)
	elsewhere = regexp.MustCompile(
		`(?i)&\S+` + before + `(?:suspend|` + spaced("U3VzcGVuZA") + `)(?:$|[^a-z])`,
	)
)

// spaced matches a text in base64, in which spaces do not count.
func spaced(text string) string { return strings.Join(strings.Split(text, ""), `\s*`) }

// Mentioned counts the documents of kind Suspend that a text may hold: as it is written, or with its escapes replaced.
func Mentioned(text []byte) int {
	legible := strictyaml.Legible(text)
	n := max(len(mentions.FindAll(text, -1)), len(mentions.FindAll(legible, -1)))
	if elsewhere.Match(legible) {
		n += len(aliased.FindAll(legible, -1))
	}
	return n
}

// Claimed reports whether a document that has no kind which can be read says in its place that it is a Suspend: the
// kind is given twice, is a list, or its key is misspelt.
func Claimed(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, "kind") && meant(n.Content[i+1]) {
			return true
		}
	}
	return false
}

// meant reports whether a text below a node is Suspend, or almost.
func meant(n *yaml.Node) bool {
	return n.Value == Kind || n.Value != "" && Misspelt(n.Value) || slices.ContainsFunc(n.Content, meant)
}

// Misspelt reports whether a kind of syncer's group is almost Suspend.
func Misspelt(kind string) bool {
	return kind != Kind && (strings.EqualFold(kind, Kind) || strictyaml.Suggest(kind, []string{Kind}) != "")
}

// searched bounds how much of a file MentionedIn reads.
const searched = 64 << 20

// MentionedIn is Mentioned for a file, which may be over any limit of the source. One that cannot be opened or read to
// its end may hold one.
func MentionedIn(fsys fs.FS, name string) int {
	f, err := fsys.Open(name)
	if err != nil {
		return 1
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, searched+1))
	if err != nil || len(data) > searched {
		return 1
	}
	return Mentioned(data)
}
