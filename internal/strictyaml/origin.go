// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Origin is where the text of a scalar lies in its file, such as a configuration file inside of a ConfigMap. The zero
// value is a text whose place is not known.
type Origin struct {
	start  Position // of the scalar
	line   int      // of the first line of a literal block; 0 for any other style, which does not keep lines
	indent int      // columns before each line of the block
}

// OriginOf returns the Origin of a scalar of a file. lines are those of the file.
func OriginOf(n *yaml.Node, lines []string) Origin {
	n = resolve(n)
	o := Origin{start: Position{n.Line, n.Column}}
	if n.Kind != yaml.ScalarNode || n.Style&yaml.LiteralStyle == 0 {
		return o
	}
	for i, text := range strings.Split(n.Value, "\n") { // the first line with text tells the indentation
		trimmed := strings.TrimLeft(text, " ")
		if strings.TrimSpace(trimmed) == "" {
			continue
		}
		at := n.Line + i // the block begins in the line after its header
		if at >= len(lines) {
			return o
		}
		written, text := strings.TrimRight(lines[at], "\r"), strings.TrimRight(text, "\r")
		if strings.HasSuffix(written, text) {
			o.line, o.indent = n.Line+1, len(written)-len(text)
		}
		return o
	}
	return o
}

// At returns the place in the file of a line and column of the text, counted from 1; of a text that is written in
// another style than a literal block, the place where it begins.
func (o Origin) At(line, column int) Position {
	if o.line == 0 || line < 1 {
		return o.start
	}
	return Position{o.line + line - 1, o.indent + max(column, 1)}
}
