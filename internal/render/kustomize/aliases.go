// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// expansion limits the documents of one file, each and together, after expansion of their aliases.
var expansion = strictyaml.Extent{Values: 200_000, Bytes: 8 << 20, Depth: 100}

// checkExpansion returns the size in bytes of documents once every alias is replaced by its anchor's value, and refuses
// those that are too large or too deep.
func checkExpansion(docs []*yaml.Node) (int, *diag.Diagnostic) {
	left := expansion
	size := 0
	for _, doc := range docs {
		e, d := strictyaml.Measure(doc, left)
		if d != nil {
			return 0, d
		}
		left.Values -= e.Values
		left.Bytes -= e.Bytes
		size += e.Values + e.Bytes // a value has at least one more byte around it
	}
	return size, nil
}
