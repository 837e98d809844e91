// SPDX-License-Identifier: Apache-2.0

// Package strictyaml decodes YAML into Go structs strictly, and knows the position of every field.
//
// It reports as an error what other decoders accept: unknown and repeated keys, a number in place of text, a value of
// the wrong shape. Decode returns all errors of a document, each with its line and column, the path of the field and a
// hint. The input may be hostile: depth, number of nodes and the expansion of aliases have limits.
//
//	text ─ Documents: refuse what two decoders could read differently ─> nodes ─ Decode ─> struct, Positions, errors
//
// For example, the line "knid: A" gives the error
//
//	1:1: knid: unknown field "knid" (did you mean "kind"?)
//
// Schema describes the same structs as JSON schema, so the two agree.
package strictyaml
