// SPDX-License-Identifier: Apache-2.0

package mirror

import "syncer.dev/syncer/internal/canonical"

// portion writes what of a live object is in a set of fields, as package canonical writes an object of these.
type portion struct {
	text     []byte
	workload bool // of a kind that syncer renders
}

// added is a field that is written whether it is in the set or not, in place of the live one.
type added struct{ name, value string }

// whole writes the object, with fields that are added to it and to its metadata, each in the order of their names. It
// returns false if the part is not certain; what it has written is then of no use.
func (p *portion) whole(live map[string]any, set *owned, more, ofMetadata []added) bool {
	return p.object(live, set, more, func(f *ownedField, value any) bool {
		if f.name != "metadata" {
			return p.value(f.name, value, f.below)
		}
		meta, isMap := value.(map[string]any)
		return isMap && f.below != nil && len(f.below.fields) > 0 && p.object(meta, f.below, ofMetadata, p.field)
	})
}

// value writes the part of the live value of a field that a set names.
func (p *portion) value(name string, live any, set *owned) bool {
	if set == nil { // the field as a whole
		if p.workload {
			live = withoutDefaults(name, live)
		}
		return p.canonical(live)
	}
	switch live := live.(type) {
	case map[string]any:
		return len(set.fields) > 0 && p.object(live, set, nil, p.field)
	case []any:
		return p.list(live, set)
	}
	return false
}

func (p *portion) field(f *ownedField, value any) bool { return p.value(f.name, value, f.below) }

// object writes the fields of a set by write, and those that are added.
func (p *portion) object(live map[string]any, set *owned, more []added, write func(*ownedField, any) bool) bool {
	if set.noFields {
		return false
	}
	p.text = append(p.text, '{')
	for i := range set.fields {
		f := &set.fields[i]
		value, exists := live[f.name]
		if !exists {
			return false
		}
		for len(more) > 0 && more[0].name < f.name {
			p.add(more[0])
			more = more[1:]
		}
		before := len(p.text)
		p.comma()
		p.text = append(p.text, f.key...)
		if !write(f, value) {
			return false
		}
		if len(more) > 0 && more[0].name == f.name {
			p.text = p.text[:before]
		}
	}
	for _, a := range more {
		p.add(a)
	}
	p.text = append(p.text, '}')
	return true
}

// add writes a field.
func (p *portion) add(a added) {
	p.key(a.name)
	_ = p.canonical(a.value) // a text never fails
}

// key writes the name of a field and the colon after it.
func (p *portion) key(name string) {
	p.comma()
	_ = p.canonical(name)
	p.text = append(p.text, ':')
}

// list writes the items of a list in their order, each without the fields of others. Each must be in the set, and
// nothing else.
func (p *portion) list(live []any, set *owned) bool {
	if set.noItems || len(set.items) != len(live) {
		return false
	}
	var few [16]bool
	taken := few[:]
	if len(live) > len(few) {
		taken = make([]bool, len(live))
	}
	p.text = append(p.text, '[')
	for i, item := range live {
		n := only(set.items, item)
		if n < 0 || taken[n] {
			return false
		}
		taken[n] = true
		if i > 0 {
			p.text = append(p.text, ',')
		}
		if !p.value("", item, set.items[n].below) {
			return false
		}
	}
	p.text = append(p.text, ']')
	return true
}

// comma separates a field from the one before it, if there is one.
func (p *portion) comma() {
	if p.text[len(p.text)-1] != '{' {
		p.text = append(p.text, ',')
	}
}

// canonical writes a value.
func (p *portion) canonical(v any) bool {
	text, err := canonical.Append(p.text, v)
	p.text = text
	return err == nil
}
