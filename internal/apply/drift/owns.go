// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"bytes"

	"github.com/go-openapi/jsonpointer"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// Owns reports whether a set of managed fields, in the JSON of metadata.managedFields, names the field of a JSON
// pointer into an object, or a part of it.
func Owns(fields []byte, o *unstructured.Unstructured, pointer string) bool {
	set := &fieldpath.Set{}
	p, err := jsonpointer.New(pointer)
	if err != nil || set.FromJSON(bytes.NewReader(fields)) != nil {
		return false
	}
	var parent any = o.Object
	for _, name := range p.DecodedTokens() {
		next, _, err := jsonpointer.GetForToken(parent, name)
		if err != nil {
			return false
		}
		element, owned := fieldpath.PathElement{FieldName: &name}, true
		if _, list := parent.([]any); list {
			element, owned = elementOf(set, next)
		}
		below := set.WithPrefix(element)
		if !owned || below.Empty() && !set.Members.Has(element) {
			return false
		}
		parent, set = next, below
	}
	return true
}

// elementOf returns the element of a set that selects an item of a list: by its keys, or by its value.
func elementOf(set *fieldpath.Set, item any) (fieldpath.PathElement, bool) {
	v := value.NewValueInterface(item)
	for e := range set.Members.All() {
		if selects(e, v) {
			return e, true
		}
	}
	for e := range set.Children.All() {
		if selects(e, v) {
			return e, true
		}
	}
	return fieldpath.PathElement{}, false
}

func selects(e fieldpath.PathElement, item value.Value) bool {
	switch {
	case e.Value != nil:
		return value.Equals(*e.Value, item)
	case e.Key == nil || !item.IsMap():
		return false
	}
	for _, key := range *e.Key {
		if have, ok := item.AsMap().Get(key.Name); !ok || !value.Equals(have, key.Value) {
			return false
		}
	}
	return true
}
