// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"syncer.dev/syncer/internal/canonical"
)

// owned is a set of managed fields, prepared for the comparison with many objects: most of a kind have the same one.
// It never changes. A nil owned is an empty set, which stands for the field as a whole.
type owned struct {
	fields   []ownedField // by name
	noFields bool         // it names what is no field of a map
	items    []element
	noItems  bool // it names what is no item of a list
}

type ownedField struct {
	name  string
	key   []byte // the name and the colon after it, as JSON
	below *owned
}

// ownedIn prepares a set.
func ownedIn(set map[string]any) *owned {
	if len(set) == 0 {
		return nil
	}
	o := &owned{}
	for text, below := range set {
		if text == "." {
			continue
		}
		if name, isField := strings.CutPrefix(text, "f:"); isField {
			fields, isSet := below.(map[string]any)
			key, err := canonical.Append(nil, name)
			o.fields = append(o.fields, ownedField{name, append(key, ':'), ownedIn(fields)})
			o.noFields, o.noItems = o.noFields || !isSet || err != nil, true
			continue
		}
		e, isItem := elementOf(text, below)
		o.items = append(o.items, e)
		o.noFields, o.noItems = true, o.noItems || !isItem
	}
	slices.SortFunc(o.fields, func(a, b ownedField) int { return strings.Compare(a.name, b.name) })
	return o
}

// below returns what the set has below a field, and whether it has the field.
func (o *owned) below(name string) (*owned, bool) {
	for i := range o.fields {
		if o.fields[i].name == name {
			return o.fields[i].below, true
		}
	}
	return nil, false
}

// sound reports whether a set names only fields that a client desires, and none that the server keeps.
func (o *owned) sound() bool {
	if o == nil || o.noFields {
		return false
	}
	meta, exists := o.below("metadata")
	if !exists || meta == nil {
		return false
	}
	_, status := o.below("status")
	_, name := meta.below("name")
	_, namespace := meta.below("namespace")
	return !status && !name && !namespace
}

// prepared has the prepared sets of recent objects, by the maps that they were made of. It holds these, so that none of
// them has the address of another one.
type prepared struct{ sets map[uintptr]preparedSet }

type preparedSet struct {
	of   map[string]any
	made *owned
}

// maxPrepared bounds the sets of a prepared: those of some kinds and presets. A set that no other object has, as that
// of an object that came alone, is in it too.
const maxPrepared = 64

// preparing has those that are not in use. What is in them goes with the next collections of garbage.
var preparing = sync.Pool{New: func() any { return &prepared{map[uintptr]preparedSet{}} }}

// of returns a set that does not change any more.
func (p *prepared) of(set map[string]any) *owned {
	at := reflect.ValueOf(set).Pointer()
	if known, ok := p.sets[at]; ok {
		return known.made
	}
	if len(p.sets) >= maxPrepared {
		clear(p.sets)
	}
	made := ownedIn(set)
	p.sets[at] = preparedSet{set, made}
	return made
}

// element selects an item of a list, by its keys or by its value.
type element struct {
	key   map[string]any // nil: by value
	value any
	below *owned // what of the item belongs to us
}

// elementOf reads an element of a set of fields: k:{"name":"a"} or v:"a". Elements by index are of no use.
func elementOf(text string, below any) (e element, ok bool) {
	fields, ok := below.(map[string]any)
	if !ok {
		return e, false
	}
	e.below = ownedIn(fields)
	decode := func(text string, into any) bool {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.UseNumber()
		return d.Decode(into) == nil
	}
	if key, isKey := strings.CutPrefix(text, "k:"); isKey {
		return e, decode(key, &e.key) && len(e.key) > 0
	}
	value, isValue := strings.CutPrefix(text, "v:")
	return e, isValue && decode(value, &e.value) && e.below == nil
}

// only returns the place of the one element that selects an item, or -1.
func only(elements []element, item any) int {
	found := -1
	for n := range elements {
		if elements[n].selects(item) {
			if found >= 0 {
				return -1
			}
			found = n
		}
	}
	return found
}

// selects reports whether an item is the one of the element.
func (e *element) selects(item any) bool {
	if e.key == nil {
		return sameScalar(item, e.value)
	}
	fields, _ := item.(map[string]any)
	for name, value := range e.key {
		if is, exists := fields[name]; !exists || !sameScalar(is, value) {
			return false
		}
	}
	return true
}

// sameScalar compares a value of an object with one whose numbers are json.Number.
func sameScalar(live, key any) bool {
	switch key := key.(type) {
	case string, bool:
		return live == key
	case json.Number:
		switch live := live.(type) {
		case string:
			return false
		case int64:
			var room [20]byte
			return string(strconv.AppendInt(room[:0], live, 10)) == string(key)
		}
		text, err := json.Marshal(live)
		return err == nil && string(text) == string(key)
	}
	return false
}
