// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/canonical"
)

// Compile returns the Template of a built object. The field aside is one that Template.Append gets from its caller.
// It is an error if a token is a part of another text, or in a place where it cannot be filled in.
func (t *Placeholders) Compile(o Object, aside string) (Template, error) {
	c := compiler{values: t.values, repeated: outside}
	root, err := c.object(o, aside)
	if err != nil {
		return Template{}, err
	}
	return Template{root}, nil
}

// compiler compiles a part of a built object.
type compiler struct {
	values   Values
	repeated int // the number of the Repeated that the part is an item of
}

const outside = -1 // of any Repeated

func (c compiler) part(v any) (part, error) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, TokenPrefix) {
			return c.token(v)
		}
	case Object:
		o, err := c.object(v, "")
		if err != nil || len(o.fields) != 0 && (len(o.fields) > 1 || o.fields[0].value != nil) {
			return o, err
		}
	case List:
		l, err := c.list(v)
		isConstant := func(p part) bool { _, is := p.(constant); return is }
		if err != nil || !all(l.items, isConstant) {
			return l, err
		}
	}
	text, err := canonical.Append(nil, v)
	return constant{v, text}, err
}

func all(parts []part, is func(part) bool) bool {
	return !slices.ContainsFunc(parts, func(p part) bool { return !is(p) })
}

// object compiles the fields of an object. One is kept apart if it is not "".
func (c compiler) object(o Object, aside string) (*object, error) {
	out := &object{shape: o}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if strings.Contains(key, TokenPrefix) {
			return nil, fmt.Errorf("a token became the key %q", key)
		}
		value, err := c.part(o[key])
		if err != nil {
			return nil, err
		}
		f := field{key: key, text: append(canonical.AppendString(nil, key), ':'), value: value}
		fixed, isConstant := value.(constant)
		switch last := len(out.fields) - 1; {
		case aside != "" && key == aside:
			f.value = apart{value}
		case isConstant && last >= 0 && out.fields[last].value == nil:
			run := &out.fields[last].text
			*run = bytes.Join([][]byte{*run, append(f.text, fixed.text...)}, []byte{','})
			continue
		case isConstant:
			f = field{text: append(f.text, fixed.text...)}
		}
		out.fields = append(out.fields, f)
	}
	return out, nil
}

func (c compiler) list(v List) (list, error) {
	out := list{items: make([]part, 0, len(v))}
	for _, item := range v {
		p, err := c.item(item)
		if err != nil {
			return list{}, err
		}
		out.items = append(out.items, p)
	}
	return out, nil
}

// item compiles an item of a list: one that has the token of a Repeated as its name stands for all of its items.
func (c compiler) item(v any) (part, error) {
	o, _ := v.(Object)
	name, _ := o["name"].(string)
	if of, _, err := parse(name); err == nil && of >= 0 && of < len(c.values) && c.repeated == outside {
		if _, is := c.values[of].(copies); is {
			inner, err := compiler{c.values, of}.part(o)
			return repeated{inner, of}, err
		}
	}
	return c.part(v)
}

// token compiles a text with a token.
func (c compiler) token(s string) (part, error) {
	of, number, err := parse(s)
	values := c.values
	switch {
	case err != nil:
		return nil, err
	case of != c.repeated && of != outside:
		return nil, fmt.Errorf("the token %q is outside of its item", s)
	case of != outside:
		all, _ := values[of].(copies) // item has made sure of it
		values = all[0]
	}
	if number >= len(values) {
		return nil, fmt.Errorf("%q is no token", s)
	}
	if _, is := values[number].(copies); is {
		return nil, fmt.Errorf("the token %q stands for items", s)
	}
	return token{number: number, nested: of != outside}, nil
}

// parse returns the number of a token, and the number of the Repeated that it belongs to.
func parse(s string) (of, number int, err error) {
	if s == PresetToken {
		return outside, 0, nil
	}
	rest, begins := strings.CutPrefix(s, TokenPrefix)
	rest, ends := strings.CutSuffix(rest, tokenEnd)
	outer, inner, nested := strings.Cut(rest, "-")
	if !nested {
		outer, inner = strconv.Itoa(outside), outer
	}
	of, err1 := strconv.Atoi(outer)
	number, err2 := strconv.Atoi(inner)
	if !begins || !ends || err1 != nil || err2 != nil || number < 0 {
		return 0, 0, fmt.Errorf("a token became part of %q", s)
	}
	return of, number, nil
}
