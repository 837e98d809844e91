// SPDX-License-Identifier: Apache-2.0

package verbatim

import (
	"bytes"
	"strconv"
	"strings"
)

// Layout names the fields of a struct in their order. The first one must not be optional.
type Layout[T any] = func(*T, *Codec)

// Write appends a document to a buffer, as a YAML library with an indentation of two would write it. Only if it knows
// how to, it returns true.
func Write[T any](buffer []byte, v *T, layout Layout[T]) ([]byte, bool) {
	c := Codec{way: writing, out: buffer}
	layout(v, &c)
	return c.out, !c.failed
}

// Read stores a document in v, and returns true if the data is what Write makes of v then. Otherwise v holds anything.
//
// A text that v has already is kept, and takes memory once: a caller who reads many documents that are alike passes the
// same v. Lists and what pointers point to are new.
func Read[T any](data []byte, v *T, layout Layout[T]) bool {
	c := Codec{way: reading, in: data}
	if layout(v, &c); c.failed || c.at != len(data) {
		return false
	}
	// To read is easy, to accept nothing else is not. So that no line of the reader has to be strict, it is checked.
	c = Codec{way: comparing, in: data}
	layout(v, &c)
	return !c.failed && c.at == len(data)
}

type way uint8

const (
	writing   way = iota
	reading       // in, into the fields
	comparing     // in with what would be written
)

// Codec is one way through a document. A Layout calls a method for each field.
type Codec struct {
	way    way
	out    []byte // what is written
	in     []byte // what is read, or compared
	at     int    // how far
	failed bool

	indent int
	flow   bool // within { }
	joined bool // the next field continues a line: it is the first of an item, or of { }
}

// Text is a field that is always there.
func (c *Codec) Text(name string, v *string) {
	if c.required(name) {
		c.put(" ")
		c.scalar(v, c.flow)
		c.end()
	}
}

// OptionalText is a field that is left out when it is empty.
func (c *Codec) OptionalText(name string, v *string) {
	switch {
	case c.has(name, *v != ""):
		c.put(" ")
		c.scalar(v, c.flow)
		c.end()
	case c.way == reading:
		*v = ""
	}
}

// Number is a field that is always there.
func (c *Codec) Number(name string, v *int) {
	if c.required(name) {
		c.number(v)
	}
}

// OptionalNumber is a field that is left out when it is 0.
func (c *Codec) OptionalNumber(name string, v *int) {
	switch {
	case c.has(name, *v != 0):
		c.number(v)
	case c.way == reading:
		*v = 0
	}
}

// OptionalTrue is a field that is left out when it is false.
func (c *Codec) OptionalTrue(name string, v *bool) {
	has := c.has(name, *v)
	if c.way == reading {
		*v = has
	}
	if has {
		c.put(" true")
		c.end()
	}
}

// OptionalTexts is a list in one line that is left out when it is empty.
func (c *Codec) OptionalTexts(name string, v *[]string) {
	was := *v
	if c.way == reading {
		*v = nil
	}
	if !c.has(name, len(was) > 0) {
		return
	}
	c.put(" [")
	for i := 0; c.more(i, len(was)); i++ {
		if i > 0 {
			c.put(", ")
		}
		if c.way == reading {
			*v = append(*v, at(was, i))
		}
		c.scalar(&(*v)[i], true)
	}
	c.put("]")
	c.end()
}

// more reports whether a list in one line goes on.
func (c *Codec) more(i, n int) bool {
	if c.way != reading {
		return i < n
	}
	return !c.failed && c.at < len(c.in) && c.in[c.at] != ']'
}

// Flow is a mapping in one line that is always there.
func Flow[T any](c *Codec, name string, v *T, layout Layout[T]) {
	if !c.required(name) {
		return
	}
	c.put(" {")
	c.flow, c.joined = true, true
	layout(v, c)
	c.flow, c.joined = false, false
	c.put("}")
	c.end()
}

// Block is a mapping that is always there.
func Block[T any](c *Codec, name string, v *T, layout Layout[T]) {
	if c.required(name) {
		block(c, v, layout)
	}
}

// OptionalBlock is a mapping that is left out when it is nil.
func OptionalBlock[T any](c *Codec, name string, v **T, layout Layout[T]) {
	was := *v
	if c.way == reading {
		*v = nil
	}
	if !c.has(name, was != nil) {
		return
	}
	if c.way == reading {
		if *v = new(T); was != nil {
			**v = *was
		}
	}
	block(c, *v, layout)
}

func block[T any](c *Codec, v *T, layout Layout[T]) {
	c.end()
	c.indent += 2
	layout(v, c)
	c.indent -= 2
}

// OptionalList is a list of mappings that is left out when it is empty.
func OptionalList[T any](c *Codec, name string, v *[]T, layout Layout[T]) {
	was := *v
	if c.way == reading {
		*v = nil
	}
	if !c.has(name, len(was) > 0) {
		return
	}
	c.end()
	c.indent += 4
	dash := blanks[:c.indent-2] + "- "
	for i := 0; c.item(dash, i, len(was)); i++ {
		if c.way == reading {
			*v = append(*v, at(was, i))
		}
		c.put(dash)
		c.joined = true
		layout(&(*v)[i], c)
	}
	c.indent -= 4
}

// item reports whether a list of mappings goes on.
func (c *Codec) item(dash string, i, n int) bool {
	if c.way != reading {
		return i < n
	}
	return !c.failed && c.follows(dash)
}

// at returns an item of a list, or the zero value behind its end.
func at[T any](list []T, i int) (item T) {
	if i < len(list) {
		item = list[i]
	}
	return item
}

// blanks indents more than any layout does.
const blanks = "                                "

// required begins a field that is always there.
func (c *Codec) required(name string) bool {
	if c.has(name, true) {
		return true
	}
	c.failed = true
	return false
}

// has begins a field, up to its colon, if it is there: if it stands next, or is wanted.
func (c *Codec) has(name string, wanted bool) bool {
	before := blanks[:c.indent]
	switch {
	case c.joined:
		before = ""
	case c.flow:
		before = ", "
	}
	switch {
	case c.failed:
		return false
	case c.way == reading:
		if next := len(before); !c.follows(before) || !c.followsAt(next, name) || !c.followsAt(next+len(name), ":") {
			return false
		}
		c.at += len(before) + len(name) + len(":")
	case !wanted:
		return false
	default:
		c.put(before)
		c.put(name)
		c.put(":")
	}
	c.joined = false
	return true
}

// end ends a field.
func (c *Codec) end() {
	if !c.flow {
		c.put("\n")
	}
}

// put writes a text, or expects it.
func (c *Codec) put(s string) {
	switch {
	case c.way == writing:
		c.out = append(c.out, s...)
	case c.follows(s):
		c.at += len(s)
	default:
		c.failed = true
	}
}

// follows reports whether a text stands next.
func (c *Codec) follows(s string) bool { return c.followsAt(0, s) }

func (c *Codec) followsAt(offset int, s string) bool {
	at := c.at + offset
	return len(c.in)-at >= len(s) && string(c.in[at:at+len(s)]) == s
}

// until reads up to a byte, or up to the end of a text within brackets.
func (c *Codec) until(end byte, inline bool) []byte {
	rest := c.in[c.at:]
	n := bytes.IndexByte(rest, end)
	if inline {
		n = bytes.IndexFunc(rest, func(r rune) bool { return r == ',' || r == ']' || r == '}' })
	}
	if n < 0 {
		c.failed = true
		return nil
	}
	c.at += n
	return rest[:n]
}

func (c *Codec) number(v *int) {
	c.put(" ")
	if c.way == reading {
		n, err := strconv.Atoi(string(c.until('\n', false)))
		*v, c.failed = n, c.failed || err != nil
	} else {
		c.put(strconv.Itoa(*v))
	}
	c.end()
}

// scalar writes a text in the style that the library chooses, or reads one of any style. inline says that it stands
// within brackets.
func (c *Codec) scalar(v *string, inline bool) {
	if c.way == reading {
		if text := c.read(inline); *v != string(text) {
			*v = string(text)
		}
		return
	}
	switch styleOf(*v, inline) {
	case plain:
		c.put(*v)
	case double:
		c.put(`"`)
		c.put(*v)
		c.put(`"`)
	case single:
		c.put("'")
		for rest, more := *v, true; more; {
			var part string
			part, rest, more = strings.Cut(rest, "'")
			if c.put(part); more {
				c.put("''")
			}
		}
		c.put("'")
	default:
		c.failed = true
	}
}

// read returns the text that stands next.
func (c *Codec) read(inline bool) []byte {
	switch {
	case c.follows(`"`):
		c.at++
		text := c.until('"', false)
		c.put(`"`)
		return text
	case c.follows("'"):
		c.at++
		return c.readSingle()
	}
	return c.until('\n', inline)
}

// readSingle returns the text up to a single quote that stands alone.
func (c *Codec) readSingle() []byte {
	start := c.at
	for twice := true; twice && !c.failed; {
		c.until('\'', false)
		c.put("'")
		if twice = c.follows("'"); twice {
			c.at++
		}
	}
	if c.failed {
		return nil
	}
	text := c.in[start : c.at-1]
	if bytes.IndexByte(text, '\'') >= 0 {
		return bytes.ReplaceAll(text, []byte("''"), []byte("'"))
	}
	return text
}
