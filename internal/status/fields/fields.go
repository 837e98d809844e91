// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/status/verbatim"
	"syncer.dev/syncer/internal/strictyaml"
)

// Append appends the file to a buffer.
func (d *Document) Append(buffer []byte) []byte {
	if out, done := verbatim.Write(buffer, d, (*Document).layout); done {
		return out
	}
	return append(buffer, Encode(d)...)
}

// Encode returns a file of the status branch.
func Encode(v any) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil { // plain values: cannot happen
		return nil
	}
	return b.Bytes()
}

// MaxFile is how many bytes a file has that is read back; more is no status of ours.
const MaxFile = 1 << 20

// Decode reads a file of the status branch, which another client may have written. It ignores unknown fields.
func Decode(data []byte, into any) error {
	if len(data) > MaxFile {
		return fmt.Errorf("the file has more than %d bytes", MaxFile)
	}
	docs, syntax := strictyaml.Documents(data)
	switch {
	case syntax != nil:
		return syntax
	case len(docs) != 1:
		return fmt.Errorf("the file holds %d documents, not one", len(docs))
	}
	return docs[0].Decode(into)
}

// Reader reads Workspaces' status files one after the other. What files of a fleet have in common takes memory once.
type Reader struct {
	last Document // that was read verbatim
}

// Read reads a file as Decode does: one that syncer has written in less time, and anything else strictly.
func (r *Reader) Read(data []byte) (Document, error) {
	if len(data) <= MaxFile && verbatim.Read(data, &r.last, (*Document).layout) {
		return r.last, nil
	}
	var d Document
	err := Decode(data, &d)
	return d, err
}
