// SPDX-License-Identifier: Apache-2.0

package suspension

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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

// mentions matches a header of kind Suspend, in block or in flow style and in JSON.
var mentions = regexp.MustCompile(`(?i)(?:^|[\s{,"'])kind["']?\s*:\s*["']?suspend(?:$|[^a-z])`)

// Mentioned counts the documents of kind Suspend that a text may hold, in UTF-16 too.
func Mentioned(text []byte) int {
	return len(mentions.FindAll(bytes.ReplaceAll(text, []byte{0}, nil), -1))
}

// Misspelt reports whether a kind of syncer's group is almost Suspend.
func Misspelt(kind string) bool {
	return kind != Kind && (strings.EqualFold(kind, Kind) || strictyaml.Suggest(kind, []string{Kind}) != "")
}
