// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Fields are the fields of an object that are wanted, each with those below it. Below nil all are, also as the whole
// Fields. Items of a list have the fields of the list.
type Fields map[string]Fields

// fieldsV1 is the field of an entry of managedFields that says which fields a manager has set. Most objects of a kind
// have the same set.
const fieldsV1 = "fieldsV1"

// parser makes values of JSON.
type parser struct {
	scanner
	texts texts
	pairs []pair // of the objects that are open
	items []any  // of the arrays that are open
	sets  map[string]any
	inSet bool // or in a part
	parts parts
	lent  lent
}

type pair struct {
	key   string
	value any
}

// parsers are used again, for the sake of what they know.
var parsers = sync.Pool{New: func() any { return &parser{sets: map[string]any{}} }}

// begin prepares for a value in data, from an offset on.
func (p *parser) begin(data []byte, at int) {
	p.data, p.at, p.depth, p.inSet = data, at, 0, false
	clear(p.pairs)
	clear(p.items)
	p.pairs, p.items = p.pairs[:0], p.items[:0]
}

// done gives the parser back.
func (p *parser) done() {
	p.begin(nil, 0)
	p.lent.back()
	parsers.Put(p)
}

// parse returns the one object that is all of data; nil for null.
func (p *parser) parse(data []byte, wanted Fields) (map[string]any, error) {
	p.begin(data, 0)
	out, err := p.objectOrNull(wanted)
	if err != nil {
		return nil, err
	}
	if _, err := p.next(); err == nil {
		return nil, p.unexpected()
	}
	return out, nil
}

// objectOrNull takes an object; nil for null.
func (p *parser) objectOrNull(wanted Fields) (map[string]any, error) {
	c, err := p.next()
	if err != nil {
		return nil, err
	}
	switch c {
	case '{':
		return p.object(wanted)
	case 'n':
		return nil, p.word("null")
	}
	return nil, fmt.Errorf("JSON has %q in place of an object", c)
}

func (p *parser) value(wanted Fields) (any, error) {
	c, err := p.next()
	if err != nil {
		return nil, err
	}
	switch c {
	case '{':
		return p.object(wanted)
	case '[':
		return p.array(wanted)
	case '"':
		raw, plain, err := p.text()
		if err != nil {
			return nil, err
		}
		if plain {
			return p.texts.boxed(raw), nil
		}
		return unescaped(raw)
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	}
	raw, err := p.number()
	if err != nil {
		return nil, err
	}
	return numberOf(raw)
}

// object takes an object. Of a field that occurs twice the last value counts.
func (p *parser) object(wanted Fields) (map[string]any, error) {
	base := len(p.pairs)
	if err := p.elements('}', func() error { return p.field(wanted) }); err != nil {
		return nil, err
	}
	out := p.newObject(len(p.pairs) - base)
	for _, f := range p.pairs[base:] {
		out[f.key] = f.value
	}
	clear(p.pairs[base:])
	p.pairs = p.pairs[:base]
	return out, nil
}

// newObject returns a map for so many fields: one that is lent, unless other objects share it.
func (p *parser) newObject(fields int) map[string]any {
	if p.inSet {
		return make(map[string]any, fields)
	}
	return p.lent.object(fields)
}

// field takes a field of an object, and keeps it if it is wanted.
func (p *parser) field(wanted Fields) error {
	key, err := p.name()
	if err != nil {
		return err
	}
	below, isWanted := wanted[key]
	if wanted != nil && !isWanted {
		return p.skip()
	}
	var value any
	switch {
	case key == fieldsV1 && !p.inSet:
		value, err = p.set()
	case below == nil && !p.inSet && alike[key]:
		value, err = p.part()
	default:
		value, err = p.value(below)
	}
	if err != nil {
		return err
	}
	p.pairs = append(p.pairs, pair{key, value})
	return nil
}

// name takes the name of a field and the colon after it.
func (p *parser) name() (string, error) {
	raw, plain, err := p.key()
	switch {
	case err != nil:
		return "", err
	case plain:
		return p.texts.text(raw), nil
	}
	return unescaped(raw)
}

func (p *parser) array(wanted Fields) (any, error) {
	base := len(p.items)
	err := p.elements(']', func() error {
		value, err := p.value(wanted)
		p.items = append(p.items, value)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []any
	if p.inSet {
		out = append(make([]any, 0, len(p.items)-base), p.items[base:]...)
	} else {
		out = p.lent.list(p.items[base:])
	}
	clear(p.items[base:])
	p.items = p.items[:base]
	return out, nil
}

// Limits on the sets of fields that a parser knows.
const (
	maxSets   = 256
	maxSetLen = 16 << 10
)

// set takes a set of fields. Objects share one that they have in common, which never changes. Within one there is no
// other: each would be read twice, so that the innermost of many would be read as often as there are.
func (p *parser) set() (any, error) {
	raw, err := p.ahead()
	if err != nil {
		return nil, err
	}
	if set, known := p.sets[string(raw)]; known {
		p.at += len(raw)
		return set, nil
	}
	set, err := p.within()
	if err == nil && len(raw) <= maxSetLen {
		if len(p.sets) >= maxSets {
			clear(p.sets)
		}
		p.sets[string(raw)] = set
	}
	return set, err
}

// ahead returns the text of the value that follows, without taking it.
func (p *parser) ahead() ([]byte, error) {
	if _, err := p.next(); err != nil {
		return nil, err
	}
	start, depth := p.at, p.depth
	if err := p.skip(); err != nil {
		return nil, err
	}
	raw := p.data[start:p.at]
	p.at, p.depth = start, depth
	return raw, nil
}

// within takes a value in which nothing is shared.
func (p *parser) within() (any, error) {
	p.inSet = true
	value, err := p.value(nil)
	p.inSet = false
	return value, err
}

func numberOf(raw []byte) (any, error) {
	text := string(raw)
	if !bytes.ContainsRune(raw, '.') {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("JSON has the number %s, which is too large", text)
	}
	return f, nil
}

// unescaped returns the text of a string that is not plain.
func unescaped(raw []byte) (string, error) {
	if !utf8.Valid(raw) {
		return decoded(raw)
	}
	out := make([]byte, 0, len(raw))
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return string(append(out, raw...)), nil
		}
		out = append(out, raw[:i]...)
		c := raw[i+1]
		if c == 'u' {
			r := rune(0)
			for _, h := range raw[i+2 : i+6] {
				digit, _ := hexDigit(h)
				r = r<<4 | digit
			}
			if 0xd800 <= r && r < 0xe000 { // of a pair
				rest, err := decoded(raw[i:])
				return string(out) + rest, err
			}
			out = utf8.AppendRune(out, r)
			raw = raw[i+6:]
			continue
		}
		out = append(out, escapes[c])
		raw = raw[i+2:]
	}
}

// escapes are the characters that a letter after a backslash stands for.
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// decoded is unescaped for a string that is rare, by the standard library.
func decoded(raw []byte) (out string, err error) {
	quoted := append(append([]byte{'"'}, raw...), '"')
	return out, json.Unmarshal(quoted, &out)
}
