// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// A Parser is Documents for many files, most of which are alike: their text is that of another but for the words that
// some fields have. Such a file takes no parser of YAML. The zero value is ready for use, by one goroutine.
type Parser struct {
	forms []*form // the one that was used last comes first
}

// maxForms is how many forms a Parser knows, and maxFormBytes how long the file is that one comes of: a longer one is
// seldom like others. They are ours.
const (
	maxForms     = 16
	maxFormBytes = 8 << 10
)

// Documents parses all documents of a file: see the function of this name.
func (p *Parser) Documents(data []byte) ([]*yaml.Node, *diag.Diagnostic) {
	for i, f := range p.forms {
		if words, ok := f.words(data); ok {
			copy(p.forms[1:i+1], p.forms[:i])
			p.forms[0] = f
			return f.filled(words), nil
		}
	}
	docs, d := Documents(data)
	if d == nil {
		if f := formOf(data, docs); f != nil {
			p.forms = slices.Insert(p.forms[:min(len(p.forms), maxForms-1)], 0, f)
		}
	}
	return docs, d
}
