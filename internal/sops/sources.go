// SPDX-License-Identifier: Apache-2.0

package sops

import (
	"bytes"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Sources finds the encrypted Secrets that a kustomization has read. It reads each file once.
type Sources struct {
	// Read returns the content of a file.
	Read  func(file string) ([]byte, error)
	known map[string][]source
}

type source struct {
	node *yaml.Node
	mac  string
}

// Original finds the Secret that out was made of among the files, by its MAC, and compares the two: the MAC can be
// checked on the original alone. at is its place. The Problems are those of the original, else those that out has
// already, else the one field that must not differ; with any, the Document is nil. built names the kustomization.
func (s *Sources) Original(
	files []string,
	built diag.Position,
	out *Document,
	problems []diag.Diagnostic,
) (d *Document, at diag.Position, _ []diag.Diagnostic) {
	for _, file := range files {
		for _, o := range s.in(file) {
			if o.mac != out.mac.text {
				continue
			}
			at := diag.Position{Path: file, Line: o.node.Line, Column: o.node.Column}
			d, own := Parse(o.node)
			switch changed := d.Differs(out); {
			case len(own) > 0:
				return nil, at, own
			case len(problems) > 0:
				return nil, built, problems
			case changed != "":
				const format = "the kustomization in %s changes it, but the MAC of the Secret covers it"
				return nil, at, []diag.Diagnostic{
					diag.Errorf(diag.SecretChanged, format, built.Path).On(changed).At(at.Line, at.Column).
						Suggest("encrypt the Secret with its final values"),
				}
			}
			return d, at, nil
		}
	}
	if len(problems) == 0 {
		problems = []diag.Diagnostic{
			diag.Errorf(diag.SecretChanged, "no file of the kustomization holds the Secret as it was encrypted").On(field).
				Suggest("list the file of the Secret in resources, and do not patch its field sops"),
		}
	}
	return nil, built, problems
}

// in returns the encrypted Secrets of a file.
func (s *Sources) in(file string) []source {
	if found, ok := s.known[file]; ok {
		return found
	}
	if s.known == nil {
		s.known = map[string][]source{}
	}
	s.known[file] = nil
	data, err := s.Read(file)
	if err != nil || !bytes.Contains(data, []byte("ENC[AES256_GCM,")) {
		return nil
	}
	docs, _ := strictyaml.Documents(data)
	for _, n := range docs {
		if mac := textOf(strictyaml.Field(n, field), "mac"); mac != "" {
			s.known[file] = append(s.known[file], source{n, mac})
		}
	}
	return s.known[file]
}
