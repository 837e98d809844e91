// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// document is what a Markdown file says about itself.
type document struct {
	title    string          // the first heading
	anchors  map[string]bool // of the headings, as a forge has them
	links    []string        // the destinations, as written, each once
	passages []passage
	groups   []listed // the headings of the second level, with the first links of the items of lists
}

// passage is the text below one heading.
type passage struct {
	anchor, heading, text string
}

// listed is one heading with lists below it.
type listed struct {
	heading string
	links   []string
}

// markdown reads what forges read: tables, bare addresses, footnotes.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))

// parse reads a Markdown file.
func parse(source []byte) document {
	d := document{anchors: map[string]bool{}}
	known := map[string]bool{}
	var body strings.Builder
	end := func() {
		if n := len(d.passages); n > 0 {
			d.passages[n-1].text = strings.Join(strings.Fields(body.String()), " ")
		}
		body.Reset()
	}
	root := markdown.Parser().Parse(text.NewReader(source))
	// The walker fails only where this function does.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				body.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			end()
			d.heading(n.Level, words(n, source))
			return ast.WalkSkipChildren, nil
		case *ast.Link:
			if to := string(n.Destination); !known[to] {
				known[to] = true
				d.links = append(d.links, to)
			}
		case *ast.ListItem:
			if to := firstLink(n); to != "" && len(d.groups) > 0 {
				last := &d.groups[len(d.groups)-1]
				last.links = append(last.links, to)
			}
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			body.Write(n.Lines().Value(source))
			body.WriteByte(' ')
		case *ast.Text, *ast.String, *ast.AutoLink:
			body.WriteString(words(n, source))
		}
		return ast.WalkContinue, nil
	})
	end()
	return d
}

// heading notes a heading with its anchor.
func (d *document) heading(level int, heading string) {
	if d.title == "" {
		d.title = heading
	}
	if level == 2 {
		d.groups = append(d.groups, listed{heading: heading})
	}
	anchor := slug(heading)
	for i := 1; d.anchors[anchor]; i++ {
		anchor = slug(heading) + "-" + strconv.Itoa(i)
	}
	d.anchors[anchor] = true
	d.passages = append(d.passages, passage{anchor: anchor, heading: heading})
}

// firstLink returns the destination of the first link in a node, and "" without one.
func firstLink(n ast.Node) string {
	found := ""
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if l, ok := n.(*ast.Link); ok && entering {
			found = string(l.Destination)
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return found
}

// words returns the text of a node, without markup.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// slug returns the anchor of a heading, by the rule that GitHub, GitLab, Gitea and Hugo share: small letters, digits,
// "_" and "-" stay, a blank is "-", and all else goes.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
