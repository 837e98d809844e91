// SPDX-License-Identifier: Apache-2.0

package load

import (
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace/header"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// ofSyncer sorts a document of syncer's own group, or of kind Suspend. Its configuration and presets lie beside the
// Workspaces in many repositories, and are read elsewhere.
func (l *loader) ofSyncer(at diag.Position, n *yaml.Node, h header.Header, report func(diag.Diagnostic)) {
	switch {
	case h.APIVersion == suspension.APIVersion && h.Kind == suspension.Kind:
		s, errs := suspension.Decode(n, at)
		for _, e := range errs {
			l.reportAt(e, report)
		}
		l.set.Suspensions = append(l.set.Suspensions, s)
	case h.Kind == suspension.Kind:
		report(diag.Errorf(diag.UnknownAPIVersion, "apiVersion %q has no kind Suspend", h.APIVersion).On("apiVersion").
			Suggest("use apiVersion: " + suspension.APIVersion))
		l.set.Suspensions = append(l.set.Suspensions, suspension.Broken(at, meantSuspend))
	case suspension.Misspelt(h.Kind), suspension.Claimed(n):
		unread := diag.Errorf(diag.UnknownKind, "%q is not a kind of syncer", h.Kind)
		if h.Kind == "" {
			unread = diag.Errorf(diag.UnknownKind, "is not one text")
		}
		report(unread.On("kind").
			Suggest(`did you mean "Suspend"?`))
		l.set.Suspensions = append(l.set.Suspensions, suspension.Broken(at, meantSuspend))
	}
}

// The reports on files whose Suspend is not understood.
const (
	meantSuspend = "holds a document that is meant as a Suspend and is not understood: it stops everything"
	mayHoldOne   = "cannot be read to its end, and may hold a Suspend: it stops everything"
)

// suspendUnread lets files that could not be read to their end stop everything, if they may hold a Suspend beyond those
// that were read: a commit that breaks the file of a Suspend must not end an incident. beside are the files that only
// kustomizations read.
func (l *loader) suspendUnread(fsys fs.FS, beside []string) {
	names := slices.Clone(l.unread)
	if l.failed {
		names = append(names, beside...)
	}
	for _, name := range l.set.Unreadable {
		if !l.built[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		n := l.mentioned(fsys, name)
		for _, s := range l.set.Suspensions {
			if s.Source.Path == name {
				n--
			}
		}
		if n <= 0 {
			continue
		}
		at := diag.Position{Path: name, Line: 1, Column: 1}
		s := suspension.Broken(at, mayHoldOne)
		l.set.Suspensions = append(l.set.Suspensions, s)
		l.set.Problems = append(l.set.Problems, diag.Errorf(diag.SuspendUnreadable, "%s", mayHoldOne).Placed(at).
			Suggest("repair the file; until then nothing changes in the cluster"))
	}
}

// mentioned counts the Suspends that a file may hold.
func (l *loader) mentioned(fsys fs.FS, name string) int {
	if text, known := l.set.UnreadableText[name]; known {
		return suspension.Mentioned([]byte(text))
	}
	return suspension.MentionedIn(fsys, name)
}
