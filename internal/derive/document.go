// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// object is a JSON object with the positions of its fields.
type object struct {
	doc    Document
	path   string // of the object in the document
	fields map[string]any
	outer  *object // provides the fields that are missing here
}

// noNumber matches numbers that Python writes and JSON does not allow. parse replaces them by 0, which all rules take
// for absent, padded to the same length to keep positions.
var noNumber = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

// within returns an error if a document is larger than limit bytes.
func (d Document) within(limit int) error {
	if len(d.Data) <= limit {
		return nil
	}
	return diag.Errorf(diag.TooLarge, "the file is larger than %d MiB", limit>>20).In(d.Name)
}

// parse reads a document that holds one object.
func parse(d Document) (object, error) {
	data := noNumber.ReplaceAllFunc(d.Data, func(b []byte) []byte {
		if b[0] == '"' {
			return b
		}
		return append([]byte("0"), bytes.Repeat([]byte(" "), len(b)-1)...)
	})
	d.Data = data
	o := object{doc: d}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&o.fields); err != nil {
		return object{}, d.wrong(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return object{}, diag.Errorf(diag.WrongDocumentCount, "the file holds more than one value").
			Placed(d.at(dec.InputOffset()))
	}
	return o, nil
}

// wrong returns an error with the position at which a document is not JSON, or not of the expected type.
func (d Document) wrong(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return diag.Errorf(diag.SyntaxError, "the file is not valid JSON: %v", err).Placed(d.at(syntax.Offset - 1))
	case errors.As(err, &kind):
		return diag.Errorf(diag.WrongType, "want an object, not %s", kind.Value).Placed(d.at(kind.Offset - 1))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return diag.Errorf(diag.SyntaxError, "the file ends early").Placed(d.at(int64(len(d.Data))))
	}
	return diag.Errorf(diag.SyntaxError, "the file is not valid JSON: %v", err).In(d.Name)
}

// wrong returns an error about a field of the object, at its position.
func (o object) wrong(reason diag.Reason, field, format string, args ...any) error {
	return diag.Errorf(reason, format, args...).On(o.pathOf(field)).Placed(o.where(field))
}

// pathOf returns the path of a field in the document.
func (o object) pathOf(field string) string { return strings.TrimPrefix(o.path+"."+field, ".") }

// at returns the position of an offset.
func (d Document) at(offset int64) diag.Position {
	before := d.Data[:min(max(offset, 0), int64(len(d.Data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return diag.Position{Path: d.Name, Line: line, Column: len(before) - bytes.LastIndexByte(before, '\n')}
}

// where returns the position of a field of the object.
func (o object) where(field string) diag.Position {
	dec := json.NewDecoder(bytes.NewReader(o.doc.Data))
	dec.UseNumber()
	want := o.pathOf(field)
	var found int64 = -1
	var walk func(path string) error
	walk = func(path string) error {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		delim, _ := t.(json.Delim)
		for i := 0; delim != 0 && dec.More(); i++ {
			inner := path + "[" + strconv.Itoa(i) + "]"
			if delim == '{' {
				name, err := dec.Token()
				if err != nil {
					return err
				}
				inner = strings.TrimPrefix(path+"."+fmt.Sprint(name), ".")
				if inner == want {
					found = dec.InputOffset() - int64(len(fmt.Sprint(name))) - 2
				}
			}
			if err := walk(inner); err != nil {
				return err
			}
		}
		if delim != 0 {
			_, err = dec.Token()
		}
		return err
	}
	if err := walk(""); err != nil || found < 0 {
		return diag.Position{Path: o.doc.Name}
	}
	return o.doc.at(found)
}

// get returns a field, from the outer object when it is missing here. Null is missing.
func (o object) get(field string) (any, object) {
	if v, ok := o.fields[field]; ok && v != nil {
		return v, o
	}
	if o.outer != nil {
		return o.outer.get(field)
	}
	return nil, o
}

// child returns the object in a field.
func (o object) child(field string) (object, bool) {
	v, in := o.get(field)
	m, ok := v.(map[string]any)
	return object{doc: o.doc, path: in.pathOf(field), fields: m}, ok
}

// maxNumber is larger than any figure of a network.
const maxNumber = 1 << 30

// number returns the first of several fields that is present, as a whole number; 0 if all are missing.
func (o object) number(names ...string) (int, error) {
	for _, name := range names {
		v, in := o.get(name)
		switch v := v.(type) {
		case nil:
			continue
		case json.Number:
			f, err := v.Float64()
			if err != nil || f != float64(int64(f)) || f < 0 || f > maxNumber {
				return 0, in.wrong(diag.OutOfRange, name, "%s is not a whole number from 0 to %d", v, maxNumber)
			}
			return int(f), nil
		case bool: // some models say false for "none"
			if !v {
				continue
			}
		}
		return 0, in.wrong(diag.WrongType, name, "want a number")
	}
	return 0, nil
}

// text returns a field that is a string; empty when it is missing or something else.
func (o object) text(name string) string {
	v, _ := o.get(name)
	s, _ := v.(string)
	return s
}

// texts returns a field that is a list of strings.
func (o object) texts(name string) []string {
	v, _ := o.get(name)
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
