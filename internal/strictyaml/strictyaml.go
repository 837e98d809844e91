// Package strictyaml decodes YAML into Go structs strictly, and knows where every field is written.
//
// What the standard decoders let pass is an error here: unknown and repeated keys, a number where text is wanted, a value of
// the wrong shape. All errors of a document are returned, not only the first, each with its line and column, the path of the
// field and a hint. The input may be hostile: depth, number of nodes and the expansion of aliases are limited.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on one document. A Workspace with a pod template has some hundred nodes; aliases count each time they are used.
const (
	MaxDepth     = 100
	MaxNodes     = 50_000
	MaxDocuments = 500
	MaxErrors    = 100
)

// Position is a place in a file, counted from 1.
type Position struct {
	Line   int
	Column int
}

// Positions tells where the fields of a document are written, by their path, such as "tuning.input.urls[0]".
type Positions map[string]Position

// Error is one thing wrong in a document.
type Error struct {
	Position
	Field   string // path of the field; "" for the document
	Message string
	Hint    string // what to do about it; may be empty
}

// Error returns "line:column: field: message (hint)".
func (e Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:%d: ", e.Line, e.Column)
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Documents parses all documents of a file. Empty ones are left out. After a syntax error nothing more can be read: the
// documents before it are returned with the error.
func Documents(data []byte) ([]*yaml.Node, *Error) {
	var docs []*yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		switch {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return docs, syntaxError(err, data)
		case len(docs) == MaxDocuments:
			return docs, &Error{Position: Position{n.Line, n.Column}, Message: fmt.Sprintf("more than %d documents in one file", MaxDocuments)}
		}
		if root := n.Content; len(root) == 1 && !isNull(root[0]) {
			docs = append(docs, root[0])
		}
	}
}

var lineInError = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s+)?line (\d+): (.*)$`)

// parserError matches the messages of the parser, as opposed to those of the scanner.
var parserError = regexp.MustCompile(`^did not find expected (key|node content|'|<)`)

// syntaxError turns the parser's error into one with a position. The parser names only the line.
func syntaxError(err error, data []byte) *Error {
	e := &Error{Position: Position{1, 1}, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := lineInError.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " ")); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil && line > 0 {
			e.Line, e.Message = line, m[2]
		}
	}
	// The parser counts lines from 0 where the scanner below it counts from 1.
	if parserError.MatchString(e.Message) {
		e.Line++
	}
	lines := bytes.Split(data, []byte("\n"))
	e.Line = min(e.Line, len(lines))
	text := lines[e.Line-1]
	e.Column = 1 + len(text) - len(bytes.TrimLeft(text, " \t"))
	switch {
	case bytes.Contains(data, []byte("{{")) && !strings.Contains(e.Message, "UTF-8"):
		e.Hint = renderFirst
	case strings.Contains(e.Message, "tab character"), strings.Contains(e.Message, "cannot start any token") && bytes.Contains(text, []byte("\t")):
		e.Hint = "YAML is indented with spaces, not tabs"
	case strings.Contains(e.Message, "mapping values are not allowed"):
		e.Hint = "check the indentation of this line and the one before, and quote text that holds \": \""
	case strings.Contains(e.Message, "did not find expected"):
		e.Hint = "check the indentation, quotes and brackets up to here"
	}
	return e
}

// renderFirst is what to do about a template.
const renderFirst = "a Helm or Go template is not YAML yet: render it first, and keep the result here"

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// resolve follows an alias to the node that it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}
