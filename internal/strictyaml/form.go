// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"bytes"
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// form is the text of a file with blanks for the words that some fields have, and the documents in it.
//
// A blank is a value or an item that is a single word, bare or in quotes. Another word there makes another value of the
// same field: it has no character that means anything to YAML, and neither joins what is around it nor ends at another
// place, since what follows is the end of a line, of the quotes, or of an item in brackets. What is behind it in its
// line moves along. No other text of the file can be other than in the form.
type form struct {
	parts  [][]byte // the text before each blank, and behind the last one
	blanks []blank
	nodes  []yaml.Node // of all documents; each comes before what it holds
	holds  [][]int     // the places of what a node holds
	size   int         // of all holds
	roots  []int
}

// blank is a place in a form.
type blank struct {
	node   int
	behind []int // nodes in the same line
	bare   bool  // not in quotes: the word says of which type it is
	length int   // of the word that was there
}

// maxWord is the longest word for a blank, and maxLine the longest line with blanks: the scanner of YAML looks for the
// colon behind a key within 1024 characters.
const (
	maxWord = 128
	maxLine = 1000
)

// formOf returns the form of a file, given its documents; nil if it has none.
func formOf(data []byte, docs []*yaml.Node) *form {
	if len(data) > maxFormBytes || len(docs) == 0 || !isASCII(data) || !IsPlain(docs...) {
		return nil
	}
	f := &form{}
	for _, doc := range docs {
		if doc.Kind == yaml.ScalarNode { // another word could be no document
			return nil
		}
		f.roots = append(f.roots, f.add(doc))
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	starts := make([]int, len(lines)) // in data
	for i, line := range lines[:len(lines)-1] {
		starts[i+1] = starts[i] + len(line)
	}
	done := 0
	for _, b := range f.candidates() {
		n := &f.nodes[b.node]
		from, ok := wordAt(lines[n.Line-1], n)
		if !ok {
			continue
		}
		from += starts[n.Line-1]
		b.bare, b.length = n.Style == 0, len(n.Value)
		f.parts, f.blanks = append(f.parts, bytes.Clone(data[done:from])), append(f.blanks, b)
		done = from + b.length
	}
	f.parts = append(f.parts, bytes.Clone(data[done:]))
	if !f.fits(lines) {
		return nil
	}
	f.place()
	return f
}

// isASCII reports whether lines and columns of a text are counted in bytes, and lines end with a newline alone.
func isASCII(data []byte) bool {
	return !slices.ContainsFunc(data, func(c byte) bool { return c >= 0x80 || c == '\r' })
}

// add adds a node with what it holds, and returns its place.
func (f *form) add(n *yaml.Node) int {
	place := len(f.nodes)
	f.nodes, f.holds = append(f.nodes, *n), append(f.holds, nil)
	f.nodes[place].Content = nil
	for _, child := range n.Content {
		f.holds[place] = append(f.holds[place], f.add(child))
	}
	f.size += len(n.Content)
	return place
}

// candidates are the values and items that may be blanks, in the order of the text.
func (f *form) candidates() (out []blank) {
	for i, holds := range f.holds {
		for j, child := range holds {
			n := &f.nodes[child]
			if n.Kind == yaml.ScalarNode && !(f.nodes[i].Kind == yaml.MappingNode && j%2 == 0) && isWord(n.Value) {
				out = append(out, blank{node: child})
			}
		}
	}
	slices.SortFunc(out, func(a, b blank) int { return f.compare(a.node, b.node) })
	return out
}

// compare compares the places of two nodes in the text.
func (f *form) compare(a, b int) int {
	n, m := &f.nodes[a], &f.nodes[b]
	return cmp.Or(n.Line-m.Line, n.Column-m.Column)
}

// wordAt returns where in its line the word of a node starts, if that is all that is there.
func wordAt(line []byte, n *yaml.Node) (from int, ok bool) {
	from = n.Column - 1
	var quote []byte
	switch n.Style {
	case 0: // bare
	case yaml.SingleQuotedStyle:
		quote = []byte("'")
	case yaml.DoubleQuotedStyle:
		quote = []byte(`"`)
	default:
		return 0, false
	}
	rest, quoted := bytes.CutPrefix(line[from:], quote)
	from += len(quote)
	rest, found := bytes.CutPrefix(rest, []byte(n.Value))
	switch {
	case !quoted || !found:
		return 0, false
	case len(quote) > 0:
		return from, bytes.HasPrefix(rest, quote)
	}
	return from, len(rest) == 0 || bytes.IndexByte([]byte("\n,]}"), rest[0]) >= 0
}

// fits reports whether each line with blanks stays short with any words in it.
func (f *form) fits(lines [][]byte) bool {
	length := map[int]int{}
	for _, b := range f.blanks {
		line := f.nodes[b.node].Line
		length[line] = cmp.Or(length[line], len(lines[line-1])) + maxWord
		if length[line] > maxLine {
			return false
		}
	}
	return true
}

// place finds what is behind each blank in its line.
func (f *form) place() {
	order := make([]int, len(f.nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, f.compare)
	for i := range f.blanks {
		b := &f.blanks[i]
		at, _ := slices.BinarySearchFunc(order, b.node, f.compare)
		for _, n := range order[at:] {
			if f.compare(n, b.node) > 0 && f.nodes[n].Line == f.nodes[b.node].Line {
				b.behind = append(b.behind, n)
			}
		}
	}
}

// isWord reports whether a text is a word that may be in a blank.
func isWord(text string) bool { return len(text) == wordIn([]byte(text)) && text != "" }

// wordIn returns the length of the word that a text begins with, 0 for none and for one that is too long.
func wordIn(text []byte) int {
	n := 0
	for n < len(text) && (isAlphanumeric(text[n]) || n > 0 && (text[n] == '-' || text[n] == '.' || text[n] == '/')) {
		n++
	}
	if n > maxWord {
		return 0
	}
	return n
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z'
}

// words returns the words with which a text is of this form, and whether it is.
func (f *form) words(text []byte) (words [][]byte, ok bool) {
	if !bytes.HasPrefix(text, f.parts[0]) {
		return nil, false
	}
	words = make([][]byte, len(f.blanks))
	text = text[len(f.parts[0]):]
	for i := range f.blanks {
		n := wordIn(text)
		if n == 0 || !bytes.HasPrefix(text[n:], f.parts[i+1]) {
			return nil, false
		}
		words[i], text = text[:n], text[n+len(f.parts[i+1]):]
	}
	return words, len(text) == 0
}

// filled returns the documents with other words in the blanks.
func (f *form) filled(words [][]byte) []*yaml.Node {
	nodes, held := slices.Clone(f.nodes), make([]*yaml.Node, 0, f.size)
	for i, holds := range f.holds {
		from := len(held)
		for _, child := range holds {
			held = append(held, &nodes[child])
		}
		if len(holds) > 0 {
			nodes[i].Content = held[from:len(held):len(held)]
		}
	}
	for i, b := range f.blanks {
		n, word := &nodes[b.node], words[i]
		if n.Value != string(word) {
			n.Value = string(word)
			if b.bare {
				n.Tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: n.Value}).ShortTag()
			}
		}
		for _, behind := range b.behind {
			nodes[behind].Column += len(word) - b.length
		}
	}
	docs := make([]*yaml.Node, len(f.roots))
	for i, root := range f.roots {
		docs[i] = &nodes[root]
	}
	return docs
}
