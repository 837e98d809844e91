// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"maps"
	"slices"

	"syncer.dev/syncer/internal/canonical"
)

// Template is an object with tokens whose places are known: to fill it in is to look at nothing else.
type Template struct {
	root *object
}

// Fill returns the object with values for its tokens. Parts without tokens are those of all that fill in this Template:
// they must not change, except the field that Compile has left apart. The values are copied.
func (t Template) Fill(values Values) Object {
	out, _ := t.root.fill(filling{values: values}).(Object)
	return out
}

// Only returns some of the fields of what Fill returns.
func (t Template) Only(values Values, fields ...string) Object {
	out := make(Object, len(fields))
	for _, f := range t.root.fields {
		if slices.Contains(fields, f.key) && !f.value.absent(filling{values: values}) {
			out[f.key] = f.value.fill(filling{values: values})
		}
	}
	for _, key := range fields {
		if v, ok := t.root.shape[key]; ok && !t.root.has(key) {
			out[key] = v
		}
	}
	return out
}

// Append adds the canonical JSON of what Fill returns to a text, with another value of the field that Compile has left
// apart. What holds no token is no work: its text is known.
func (t Template) Append(to []byte, values Values, apart any) ([]byte, error) {
	return t.root.append(to, filling{values: values, apart: apart})
}

// filling is what a Template is filled in with.
type filling struct {
	values Values
	item   Values // of one item of a Repeated
	apart  any
}

// part is a part of a Template.
type part interface {
	// fill returns the value of the part.
	fill(in filling) any
	// append adds the canonical JSON of that value to a text.
	append(to []byte, in filling) ([]byte, error)
	// absent reports whether an object leaves out a field with this part.
	absent(in filling) bool
}

// constant is a part without tokens.
type constant struct {
	value any
	text  []byte
}

func (c constant) fill(filling) any { return c.value }

func (c constant) append(to []byte, _ filling) ([]byte, error) { return append(to, c.text...), nil }

func (c constant) absent(filling) bool { return false }

// apart is the field that the caller of Template.Append gives.
type apart struct{ part }

func (a apart) fill(in filling) any {
	out := a.part.fill(in)
	if o, ok := out.(Object); ok {
		if _, shared := a.part.(constant); shared {
			return maps.Clone(o)
		}
	}
	return out
}

func (a apart) append(to []byte, in filling) ([]byte, error) { return canonical.Append(to, in.apart) }

func (a apart) absent(filling) bool { return false }

// token is a token by its number: of all values, or of those of the item of a Repeated.
type token struct {
	number int
	nested bool
}

func (t token) of(in filling) any {
	if t.nested {
		return in.item[t.number]
	}
	return in.values[t.number]
}

func (t token) fill(in filling) any { return normal(Resolve(t.of(in))) }

func (t token) append(to []byte, in filling) ([]byte, error) { return appendContent(to, t.of(in)) }

func (t token) absent(in filling) bool {
	_, is := t.of(in).(Omit)
	return is
}

// object is an object with tokens.
type object struct {
	shape  Object  // with its tokens
	fields []field // in the order of their keys
}

// field is a field, or a run of several ones without tokens.
type field struct {
	key   string // "" for a run
	text  []byte // the key and the colon; of a run, its keys and values
	value part   // nil for a run
}

// has reports whether a field is not a part of a run.
func (o *object) has(key string) bool {
	return slices.ContainsFunc(o.fields, func(f field) bool { return f.value != nil && f.key == key })
}

func (o *object) fill(in filling) any {
	out := maps.Clone(o.shape)
	for _, f := range o.fields {
		switch {
		case f.value == nil:
		case f.value.absent(in):
			delete(out, f.key)
		default:
			out[f.key] = f.value.fill(in)
		}
	}
	return out
}

func (o *object) append(to []byte, in filling) (_ []byte, err error) {
	to = append(to, '{')
	for _, f := range o.fields {
		if f.value != nil && f.value.absent(in) {
			continue
		}
		if to[len(to)-1] != '{' {
			to = append(to, ',')
		}
		if to = append(to, f.text...); f.value != nil {
			if to, err = f.value.append(to, in); err != nil {
				return nil, err
			}
		}
	}
	return append(to, '}'), nil
}

// absent reports whether the object has nothing but tokens for Omit.
func (o *object) absent(in filling) bool {
	for _, f := range o.fields {
		if t, is := f.value.(token); !is || !t.absent(in) {
			return false
		}
	}
	return true
}

// list is a list with tokens.
type list struct{ items []part }

// repeated is an item of a list that stands for the items of a Repeated.
type repeated struct {
	part
	number int
}

func (l list) fill(in filling) any {
	out := make(List, 0, len(l.items))
	for _, item := range l.items {
		if several, ok := spanOf(item, in); ok {
			items, _ := normal(Resolve(several)).(List)
			out = append(out, items...)
			continue
		}
		each, ok := item.(repeated)
		if !ok {
			out = append(out, item.fill(in))
			continue
		}
		all, _ := in.values[each.number].(copies)
		for _, values := range all {
			in.item = values
			out = append(out, each.fill(in))
		}
	}
	return out
}

func (l list) append(to []byte, in filling) (_ []byte, err error) {
	to = append(to, '[')
	for _, item := range l.items {
		if several, ok := spanOf(item, in); ok {
			if to, err = appendItems(to, several); err != nil {
				return nil, err
			}
			continue
		}
		each, ok := item.(repeated)
		if !ok {
			if to, err = item.append(comma(to), in); err != nil {
				return nil, err
			}
			continue
		}
		all, _ := in.values[each.number].(copies)
		for _, values := range all {
			in.item = values
			if to, err = each.append(comma(to), in); err != nil {
				return nil, err
			}
		}
	}
	return append(to, ']'), nil
}

// absent reports whether all items are tokens for lists, and all of these are empty.
func (l list) absent(in filling) bool {
	for _, item := range l.items {
		if several, ok := spanOf(item, in); !ok || len(several) > 0 {
			return false
		}
	}
	return true
}

// spanOf returns the items that an item of a list stands for: it is a token, or an object whose only field is a token.
func spanOf(item part, in filling) (List, bool) {
	if o, ok := item.(*object); ok && len(o.fields) == 1 {
		item = o.fields[0].value
	}
	t, ok := item.(token)
	if !ok {
		return nil, false
	}
	several, ok := t.of(in).(List)
	return several, ok
}
