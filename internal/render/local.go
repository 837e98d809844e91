package render

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// local returns the path in the tree that a value of a kustomization names, if it can be nothing but that.
//
// Kustomize takes a path for a remote one by its look, even where a file or folder of that name exists: schemes, "user@",
// "host:", "github.com/". So no local path may look like one of these either.
func (g *gateway) local(at place, v *yaml.Node) (string, error) {
	if v.Kind != yaml.ScalarNode || v.Tag != "!!str" {
		return "", at.refuse(v, "", "not a path")
	}
	name := v.Value
	first, _, _ := strings.Cut(strings.ToLower(name), "/")
	switch {
	case name == "":
		return "", at.refuse(v, "", "an empty path")
	case strings.ContainsAny(name, ":@?*\\~$%") || strings.Contains(name, "//") || strings.HasSuffix(first, "github.com"):
		return "", at.refuse(v, "copy it into the repository", "%q is not a local path, and nothing is fetched", name)
	case path.IsAbs(name):
		return "", at.refuse(v, "use a relative path", "%q is not below the repository", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", at.refuse(v, "", "a path with control characters")
	}
	joined := path.Join(path.Dir(at.file), name)
	if joined == ".." || strings.HasPrefix(joined, "../") {
		return "", at.refuse(v, "", "%q leads out of the repository", name)
	}
	return joined, nil
}
