// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// Limits on one document. A Workspace with a pod template has some hundred nodes; aliases count each time they are
// used.
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

// Documents parses all documents of a file. Empty ones are left out. After a syntax error nothing more can be read: the
// documents before it are returned with the error. Of a file for which CheckText is not nil, none is read. What
// decoders could read in more than one way is an error as well, so that no caller ever sees it: keys that are an alias
// or have an anchor or a tag, merges of anything but mappings, foreign tags.
func Documents(data []byte) ([]*yaml.Node, *diag.Diagnostic) {
	var docs []*yaml.Node
	if d := CheckText(data); d != nil {
		return nil, d
	}
	if bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")) { // git-lfs, docs/spec.md
		pointer := diag.Errorf(diag.SyntaxError, "the file is a pointer of Git LFS, and its content is elsewhere").At(1, 1).
			Suggest("take it out of LFS with git lfs untrack, and commit it again")
		return nil, &pointer
	}
	lines := sync.OnceValue(func() [][]byte { return bytes.Split(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n")) })
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
			many := diag.Errorf(diag.TooLarge, "the file has more than %d documents", MaxDocuments).At(n.Line, n.Column)
			return docs, &many
		}
		if root := n.Content; len(root) == 1 && !isNull(root[0]) {
			if e := plain(root[0], lines); e != nil {
				return docs, e
			}
			docs = append(docs, root[0])
		}
	}
}

var lineInError = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s+)?line (\d+): (.*)$`)

// parserError matches the messages of the parser, as opposed to those of the scanner.
var parserError = regexp.MustCompile(`^did not find expected (key|node content|'|<)`)

// syntaxError turns the parser's error into one with a position. The parser names only the line.
func syntaxError(err error, data []byte) *diag.Diagnostic {
	e := diag.Errorf(diag.SyntaxError, "%s", strings.TrimPrefix(err.Error(), "yaml: ")).At(1, 1)
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
	case strings.Contains(e.Message, "tab character"),
		strings.Contains(e.Message, "cannot start any token") && bytes.Contains(text, []byte("\t")):
		e.Hint = "YAML is indented with spaces, not tabs"
	case strings.Contains(e.Message, "mapping values are not allowed"):
		e.Hint = "check the indentation of this line and the one before, and quote text that holds \": \""
	case strings.Contains(e.Message, "did not find expected"):
		e.Hint = "check the indentation, quotes and brackets up to here"
	}
	return &e
}

// renderFirst is what to do about a template.
const renderFirst = "render the Helm or Go template first, and commit the result"

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// resolve follows an alias to the node that it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}
