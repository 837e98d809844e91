// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// switches checks the annotations of syncer on a plain object, and reports whether it may be used. A switch that is
// misspelt must not be taken for off: the live object stays as it is.
func (l *loader) switches(
	at diag.Position, content map[string]any, positions strictyaml.Positions, report func(diag.Diagnostic),
) bool {
	meta, _ := content["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	ok := true
	fail := func(key string, reason diag.Reason, hint, format string, args ...any) {
		field := "metadata.annotations." + key
		p := positions[field]
		l.reportAt(diag.Errorf(reason, format, args...).On(field).Suggest(hint).At(p.Line, p.Column), report)
		l.markUnreadable(at.Path)
		ok = false
	}
	text := func(key string) string { s, _ := annotations[key].(string); return s }
	if mode := text(workspace.AnnotationMode); mode != "" && mode != workspace.ModeObserve {
		fail(workspace.AnnotationMode, diag.InvalidValue, fmt.Sprintf("use %q", workspace.ModeObserve),
			"%.60q is not a valid value", mode)
	}
	claim := content["kind"] == "PersistentVolumeClaim"
	switch prune := text(workspace.AnnotationPrune); {
	case prune == "", prune == "disabled", prune == workspace.PruneEnabled && claim:
	case claim:
		fail(workspace.AnnotationPrune, diag.InvalidValue, `use "disabled" or "enabled"`, "%.60q is not a valid value", prune)
	default:
		fail(workspace.AnnotationPrune, diag.InvalidValue, `use "disabled"`, "%.60q is not a valid value", prune)
	}
	_, wrong := ignore.Pointers(text(workspace.AnnotationIgnore))
	for _, err := range wrong {
		fail(workspace.AnnotationIgnore, diag.InvalidPointer, ignore.Hint, "%s", err)
	}
	return ok
}
