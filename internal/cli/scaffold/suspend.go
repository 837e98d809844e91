// SPDX-License-Identifier: Apache-2.0

package scaffold

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/wellknown"
)

// SuspendFolder is the folder below source.path that "syncer suspend" writes to. A document may stand anywhere else as
// well.
const SuspendFolder = "suspended"

// Suspend is a document that stops all changes of what it selects.
type Suspend struct {
	Namespace string // of the Workspace; empty for any
	Name      string // of the Workspace; empty for all
	Reason    string
	Until     time.Time // zero: until the document is removed
}

// File returns the name of the file in SuspendFolder. The same Workspace always has the same file, so that a second
// suspension replaces the first one.
func (s Suspend) File() string {
	var parts []string
	for _, p := range []string{s.Namespace, s.Name} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return "all.yaml"
	}
	return "only." + strings.Join(parts, ".") + ".yaml"
}

// YAML is the text of the file.
func (s Suspend) YAML() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# While this document is here, syncer changes nothing of what it selects. \"syncer resume\" removes it.")
	line("apiVersion: %s\nkind: Suspend\nmetadata:\n  name: %s", wellknown.APIVersionV1alpha1,
		plainYAML(strings.TrimSuffix(s.File(), ".yaml")))
	line("spec:\n  reason: %s", plainYAML(s.Reason))
	if !s.Until.IsZero() {
		line("  until: %q", s.Until.UTC().Format(time.RFC3339))
	}
	if s.Namespace != "" || s.Name != "" {
		line("  selector:")
	}
	if s.Namespace != "" {
		line("    namespaces: [%s]", plainYAML(s.Namespace))
	}
	if s.Name != "" {
		line("    names: [%s]", plainYAML(s.Name))
	}
	return b.String()
}
