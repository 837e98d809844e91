// SPDX-License-Identifier: Apache-2.0

// Package scaffold writes the text of a new Workspace file, with a remark where only the user knows a value. Pure.
//
//	text := scaffold.Workspace{Name: "phi", Preset: "phi-4-mini-instruct"}.YAML(preset)
package scaffold
