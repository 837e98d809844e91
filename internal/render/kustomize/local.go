// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// looksLocal reports whether Kustomize treats a reference as a local path.
func looksLocal(name string) bool {
	first, _, _ := strings.Cut(strings.ToLower(name), "/")
	return !strings.ContainsAny(name, ":@?*\\~$%") && !strings.Contains(name, "//") &&
		!strings.HasSuffix(first, "github.com")
}

// local returns the path in the tree that a value of a kustomization names, and refuses every other kind of reference.
//
// Kustomize treats a reference as remote because of its form, even where a file or folder of that name exists: schemes,
// "user@", "host:", "github.com/". So a local path must not have such a form either.
func (val *validator) local(at Location, v *yaml.Node) (string, error) {
	if v.Kind != yaml.ScalarNode || v.Tag != "!!str" {
		return "", at.Refuse(v, diag.WrongType, "", "not a path")
	}
	name := v.Value
	switch {
	case name == "":
		return "", at.Refuse(v, diag.InvalidPath, "", "an empty path")
	case !looksLocal(name):
		return "", at.Refuse(
			v,
			diag.RemotePath,
			"copy it into the repository",
			"%q is not a local path; syncer fetches nothing",
			name,
		)
	case path.IsAbs(name):
		return "", at.Refuse(v, diag.PathOutsideRepository, "use a relative path", "%q is an absolute path", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", at.Refuse(v, diag.InvalidPath, "", "a path with control characters")
	}
	joined := path.Join(path.Dir(at.File), name)
	if joined == ".." || strings.HasPrefix(joined, "../") {
		return "", at.Refuse(v, diag.PathOutsideRepository, "", "%q leads out of the repository", name)
	}
	return joined, nil
}
