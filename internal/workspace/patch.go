package workspace

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Patch is a file that lies beside a Workspace's file and changes the objects that are rendered for it. It is called after the
// Workspace or InferenceSet: chat.patch.yaml is for the Workspace chat, or for all replicas of the InferenceSet chat.
type Patch struct {
	Path string
	Text string
}

// patched returns the name of the Workspace that a file is a patch for, or "" for any other file.
func patched(name string) string {
	for _, suffix := range []string{".patch.yaml", ".patch.yml"} {
		if of, ok := strings.CutSuffix(path.Base(name), suffix); ok {
			return of
		}
	}
	return ""
}

// patches gives Workspaces the patches that lie beside them. Those that are built by a kustomization are not meant: there, files
// of such names are patches of the Workspace itself.
func (l *loader) patches(fsys fs.FS, names []string) {
	for _, name := range names {
		l.set.Files++
		data, err := readFile(fsys, name, maxFileSize)
		beside, dirBroken := false, false
		for i := range l.set.Workspaces {
			w := &l.set.Workspaces[i]
			if (w.Name != patched(name) && w.InferenceSet != patched(name)) || path.Dir(w.Source.Path) != path.Dir(name) || l.built[w.Source.Path] {
				continue
			}
			beside = true
			if err != nil {
				l.set.Problems = append(l.set.Problems, Problem{Path: name, Line: 1, Column: 1, Message: err.Error(), Severity: Error, Workspace: w.Key})
			}
			if w.Patch != nil {
				l.set.Problems = append(l.set.Problems, Problem{
					Path: name, Line: 1, Column: 1, Severity: Error, Workspace: w.Key, Message: "is a second file of patches for " + w.Key.String(), Hint: "the other is " + w.Patch.Path,
				})
			}
			w.Patch = &Patch{Path: name, Text: string(data)}
		}
		for _, broken := range l.set.Broken {
			dirBroken = dirBroken || path.Dir(broken) == path.Dir(name)
		}
		if !beside && !dirBroken {
			l.set.Problems = append(l.set.Problems, Problem{
				Path: name, Line: 1, Column: 1, Severity: Error, Message: fmt.Sprintf("no file beside it holds a Workspace or an InferenceSet called %q", patched(name)),
				Hint: "a patch is called after its Workspace, as in chat.patch.yaml for the Workspace chat",
			})
		}
	}
}

// content returns a patch in canonical form, so that comments and formatting do not count.
func (p *Patch) content() any {
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
