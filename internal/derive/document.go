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
)

// object is a JSON object that knows where its fields are written.
type object struct {
	doc    Document
	path   string // of the object in the document
	fields map[string]any
	outer  *object // of which the fields that are missing here are taken; see merged
}

// noNumber are numbers that Python writes and JSON does not have. They read as 0, which all rules take for absent. They are
// replaced by as many characters, so that positions stay what they are.
var noNumber = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

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
		return object{}, fmt.Errorf("%s: more than one value", d.at(dec.InputOffset()))
	}
	return o, nil
}

// wrong says where a document is not JSON, or not of the expected shape.
func (d Document) wrong(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: %w", d.at(syntax.Offset-1), err)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: %s where an object is expected", d.at(kind.Offset-1), kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the file ends early", d.at(int64(len(d.Data))))
	}
	return fmt.Errorf("%s: %w", d.Name, err)
}

// at returns "path:line:column" of an offset.
func (d Document) at(offset int64) string {
	before := d.Data[:min(max(offset, 0), int64(len(d.Data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("%s:%d:%d", d.Name, line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// where returns "path:line:column" of a field of the object.
func (o object) where(field string) string {
	dec := json.NewDecoder(bytes.NewReader(o.doc.Data))
	dec.UseNumber()
	want := strings.TrimPrefix(o.path+"."+field, ".")
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
		return o.doc.Name
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
	return object{doc: o.doc, path: strings.TrimPrefix(in.path+"."+field, "."), fields: m}, ok
}

// maxNumber is larger than any figure of a network.
const maxNumber = 1 << 30

// number returns the first of several fields that is there as a whole number; 0 when none is.
func (o object) number(names ...string) (int, error) {
	for _, name := range names {
		v, in := o.get(name)
		switch v := v.(type) {
		case nil:
			continue
		case json.Number:
			f, err := v.Float64()
			if err != nil || f != float64(int64(f)) || f < 0 || f > maxNumber {
				return 0, fmt.Errorf("%s: %s is %s, which is not a whole number from 0 to %d", in.where(name), name, v, maxNumber)
			}
			return int(f), nil
		case bool: // some models say false for "none"
			if !v {
				continue
			}
		}
		return 0, fmt.Errorf("%s: %s is not a number", in.where(name), name)
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
