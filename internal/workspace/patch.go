// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"encoding/json"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Patch is a file that lies beside a Workspace's file and changes the objects that are rendered for it. It is called
// after the Workspace or InferenceSet: chat.patch.yaml is for the Workspace chat, or for all replicas of the
// InferenceSet chat.
type Patch struct {
	Path string
	Text string
}

// PatchTarget returns the name of the Workspace that a file is a patch for, or "" for any other file.
func PatchTarget(name string) string {
	for _, suffix := range []string{".patch.yaml", ".patch.yml"} {
		if of, ok := strings.CutSuffix(path.Base(name), suffix); ok {
			return of
		}
	}
	return ""
}

// Canonical returns a patch in canonical form, so that comments and formatting do not count.
func (p *Patch) Canonical() any {
	if p == nil {
		return nil
	}
	docs, syntax := strictyaml.Documents([]byte(p.Text))
	if syntax != nil || aliased(docs) {
		return p.Text // aliases can stand for more than fits into memory
	}
	var out []any
	for _, doc := range docs {
		var v any
		if doc.Decode(&v) != nil || notJSON(v) {
			return p.Text
		}
		out = append(out, v)
	}
	return out
}

func notJSON(v any) bool {
	_, err := json.Marshal(v)
	return err != nil
}

// aliased reports whether documents use aliases.
func aliased(nodes []*yaml.Node) bool {
	for _, n := range nodes {
		if n.Kind == yaml.AliasNode || aliased(n.Content) {
			return true
		}
	}
	return false
}
