// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// wordList is the terms that prose avoids.
type wordList []avoidedTerm

type avoidedTerm struct {
	term, replacement string
	pattern           *regexp.Regexp
}

// finding is one use of a term.
type finding struct {
	line              int
	term, replacement string
}

// parseWords reads lines of the form "term: replacement"; a line that starts with # is a comment.
func parseWords(text []byte) (wordList, error) {
	var words wordList
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		term, replacement, ok := strings.Cut(line, ": ")
		if !ok {
			return nil, fmt.Errorf("want \"term: replacement\", got %q", line)
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(term), " ", `\s+`)
		words = append(words, avoidedTerm{
			term:        term,
			replacement: replacement,
			pattern:     regexp.MustCompile(`(?i)\b` + pattern + `\b`),
		})
	}
	return words, nil
}

// find returns the uses of avoided terms in prose, in the order of the list.
func (w wordList) find(prose []byte) []finding {
	var all []finding
	for _, t := range w {
		for _, at := range t.pattern.FindAllIndex(prose, -1) {
			line := 1 + bytes.Count(prose[:at[0]], []byte("\n"))
			all = append(all, finding{line: line, term: t.term, replacement: t.replacement})
		}
	}
	return all
}

// goProse returns the source with everything but comments, string literals and white space blanked out, so that offsets
// and line numbers stay those of the file. The markers of comments become white space: a term is found across the lines
// of a comment.
func goProse(name string, source []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	prose := make([]byte, len(source))
	for i, c := range source {
		if c == '\n' || c == ' ' || c == '\t' || c == '\r' {
			prose[i] = c
		}
	}
	keep := func(n ast.Node) int {
		from, to := fset.Position(n.Pos()).Offset, fset.Position(n.End()).Offset
		copy(prose[from:to], source[from:to])
		return from
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			from := keep(c)
			prose[from], prose[from+1] = ' ', ' '
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			keep(lit)
		}
		return true
	})
	return prose, nil
}
