// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/header"
)

// otherKinds are the kinds of KAITO's API (v0.12.0) that syncer does not act on, with what to use instead.
var otherKinds = map[string]string{
	"MultiRoleInference": "write an InferenceSet with the same model: each replica does both roles; " +
		"in KAITO too the kind is behind a gate that is off by default (enableMultiRoleInferenceController)",
	"RAGEngine": "install KAITO's ragengine chart beside syncer, let its inferenceService.url name the Service of a " +
		"Workspace, and list the file in " + find.IgnoreFile,
	"ModelMirror": "remove it: weights come from Hugging Face; the annotations syncer.dev/weights-storage-class and " +
		"kaito.sh/use-local-weights of a Workspace keep them near the pods",
}

// kaitoKind refuses a kind of KAITO other than Workspace and InferenceSet, in any version. unreadable is for what
// may be a Workspace.
func (l *loader) kaitoKind(h header.Header, report, unreadable func(diag.Diagnostic)) {
	kind := strings.TrimSuffix(h.Kind, "List")
	hint, known := otherKinds[h.Kind]
	meant := strictyaml.Suggest(h.Kind, append(slices.Sorted(maps.Keys(otherKinds)), "Workspace", "InferenceSet"))
	switch {
	case known:
		report(diag.Errorf(diag.UnsupportedKind, "%s of KAITO is not supported", h.Kind).On("kind").Suggest(hint))
	case kind != h.Kind:
		unreadable(diag.Errorf(diag.UnsupportedKind, "%.100s is not supported", h.Kind).On("kind").
			Suggest("write each item as a document of its own, separated by ---"))
	default:
		if meant != "" {
			meant = fmt.Sprintf("did you mean %q?", meant)
		}
		unreadable(diag.Errorf(diag.UnknownKind, "kaito.sh has no kind %.100s", h.Kind).On("kind").
			Suggest(cmp.Or(meant, "use kind: Workspace")))
	}
}
