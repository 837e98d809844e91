// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// slowIntentIn is intentIn in the obvious way: it makes the object of the fields of our manager, and its digest.
func slowIntentIn(u *unstructured.Unstructured) Intent {
	fields, ok := appliedFields(u)
	if !ok || !slowSound(fields) {
		return Intent{}
	}
	part, ok := partsOf(u).value("", u.Object, fields)
	out, isMap := part.(map[string]any)
	if !ok || !isMap {
		return Intent{}
	}
	meta, ok := out["metadata"].(map[string]any)
	if !ok {
		return Intent{} // without our labels
	}
	out["apiVersion"], out["kind"], meta["name"] = u.GetAPIVersion(), u.GetKind(), u.GetName()
	if namespace := u.GetNamespace(); namespace != "" {
		meta["namespace"] = namespace
	}
	return IntentOf(&unstructured.Unstructured{Object: out})
}

// slowSound reports whether a set names only fields that a client desires, and none that the server keeps.
func slowSound(fields map[string]any) bool {
	meta, _ := fields["f:metadata"].(map[string]any)
	return meta != nil && fields["f:status"] == nil && meta["f:name"] == nil && meta["f:namespace"] == nil
}

// parts takes the fields that a set names out of live objects of one kind.
type parts struct{ workload bool }

// partsOf returns those of an object.
func partsOf(u *unstructured.Unstructured) parts {
	return parts{workload: cluster.Rendered(u.GroupVersionKind().Group, u.GetKind())}
}

// value returns the part of the live value of a field that a set names. ok is false if the part is not certain.
func (p parts) value(name string, live any, set map[string]any) (part any, ok bool) {
	if len(set) == 0 { // the field as a whole
		if p.workload {
			live = withoutDefaults(name, live)
		}
		return live, true
	}
	switch live := live.(type) {
	case map[string]any:
		return p.fields(live, set)
	case []any:
		return p.items(live, set)
	}
	return nil, false
}

func (p parts) fields(live, set map[string]any) (part any, ok bool) {
	out := make(map[string]any, len(set)+2)
	for element, below := range set {
		if element == "." {
			continue
		}
		name, isField := strings.CutPrefix(element, "f:")
		value, exists := live[name]
		fields, isSet := below.(map[string]any)
		if !isField || !exists || !isSet {
			return nil, false
		}
		if out[name], ok = p.value(name, value, fields); !ok {
			return nil, false
		}
	}
	return out, len(out) > 0
}

// items returns the items of a list in their order, each without the fields of others. Each must be in the set, and
// nothing else.
func (p parts) items(live []any, set map[string]any) (part any, ok bool) {
	elements := make([]slowElement, 0, len(set))
	for text, below := range set {
		if text == "." {
			continue
		}
		e, ok := slowElementOf(text, below)
		if !ok {
			return nil, false
		}
		elements = append(elements, e)
	}
	if len(elements) != len(live) {
		return nil, false
	}
	out := make([]any, len(live))
	for i, item := range live {
		e := slowOnly(elements, item)
		if e == nil || e.taken {
			return nil, false
		}
		e.taken = true
		if out[i], ok = p.value("", item, e.below); !ok {
			return nil, false
		}
	}
	return out, true
}

// slowOnly returns the one element that selects an item, or nil.
func slowOnly(elements []slowElement, item any) *slowElement {
	var found *slowElement
	for n := range elements {
		if elements[n].selects(item) {
			if found != nil {
				return nil
			}
			found = &elements[n]
		}
	}
	return found
}

// slowElement selects an item of a list, by its keys or by its value.
type slowElement struct {
	key   map[string]any // nil: by value
	value any
	below map[string]any // what of the item belongs to us; empty: all of it
	taken bool
}

// slowElementOf reads an element of a set of fields: k:{"name":"a"} or v:"a". Elements by index are of no use.
func slowElementOf(text string, below any) (e slowElement, ok bool) {
	if e.below, ok = below.(map[string]any); !ok {
		return e, false
	}
	decode := func(text string, into any) bool {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.UseNumber()
		return d.Decode(into) == nil
	}
	if key, isKey := strings.CutPrefix(text, "k:"); isKey {
		return e, decode(key, &e.key) && len(e.key) > 0
	}
	value, isValue := strings.CutPrefix(text, "v:")
	return e, isValue && decode(value, &e.value) && len(e.below) == 0
}

// selects reports whether an item is the one of the element.
func (e *slowElement) selects(item any) bool {
	if e.key == nil {
		return slowSameScalar(item, e.value)
	}
	fields, _ := item.(map[string]any)
	for name, value := range e.key {
		if is, exists := fields[name]; !exists || !slowSameScalar(is, value) {
			return false
		}
	}
	return true
}

// slowSameScalar compares a value of an object with one whose numbers are json.Number.
func slowSameScalar(live, key any) bool {
	switch key := key.(type) {
	case string, bool:
		return live == key
	case json.Number:
		text, err := json.Marshal(live)
		_, isText := live.(string)
		return err == nil && !isText && string(text) == key.String()
	}
	return false
}

// drawn are random live objects with random sets of fields.
type drawn struct{ rng *rand.Rand }

func (d drawn) one(of ...any) any { return of[d.rng.IntN(len(of))] }

func (d drawn) name() string {
	return d.one("a", "b", "name", "namespace", "apiVersion", "kind", "metadata", "status", "fieldRef", "spec", "<", "ä",
		"volumeClaimTemplates").(string)
}

func (d drawn) value(depth int) any {
	switch n := d.rng.IntN(8); {
	case n < 3 && depth > 0:
		out := map[string]any{}
		for range d.rng.IntN(4) {
			out[d.name()] = d.value(depth - 1)
		}
		return out
	case n < 5 && depth > 0:
		out := []any{}
		for range d.rng.IntN(4) {
			out = append(out, d.value(depth-1))
		}
		return out
	}
	return d.one("a", "b", "v1", "80", int64(80), int64(-1), 1.5, true, nil, "<>")
}

// set names fields of a value, most of which are there.
func (d drawn) set(live any) any {
	out := map[string]any{}
	if d.rng.IntN(4) == 0 {
		out["."] = map[string]any{}
	}
	switch live := live.(type) {
	case map[string]any:
		for name, value := range live {
			if d.rng.IntN(4) > 0 {
				out["f:"+name] = d.set(value)
			}
		}
	case []any:
		for _, item := range live {
			fields, isMap := item.(map[string]any)
			text, _ := json.Marshal(item)
			if element := "v:" + string(text); !isMap || d.rng.IntN(8) == 0 {
				out[element] = map[string]any{}
				continue
			}
			key := map[string]any{}
			for name, value := range fields {
				if len(key) < 2 && d.rng.IntN(3) > 0 {
					key[name] = value
				}
			}
			text, _ = json.Marshal(key)
			out["k:"+string(text)] = d.set(item)
		}
	}
	if d.rng.IntN(40) == 0 {
		element, _ := d.one("f:a", "f:gone", "k:{}", `k:{"a":`, `v:"a"`, "v:", "i:0", "").(string)
		out[element] = d.one(map[string]any{}, map[string]any{"f:a": map[string]any{}}, nil, "a")
	}
	return out
}

// object draws an object that our manager has applied.
func (d drawn) object() *unstructured.Unstructured {
	object := map[string]any{"apiVersion": d.one("apps/v1", "v1"), "kind": d.one("StatefulSet", "Service", "Other")}
	for range d.rng.IntN(4) {
		object[d.name()] = d.value(4)
	}
	meta := map[string]any{"labels": map[string]any{"l": "x"}}
	set, _ := d.set(object).(map[string]any)
	set["f:metadata"] = d.set(meta)
	if d.rng.IntN(3) > 0 {
		meta["namespace"] = "n"
	}
	meta["name"] = d.one("a", "b<")
	object["metadata"] = meta
	u := &unstructured.Unstructured{Object: object}
	meta["managedFields"] = []any{map[string]any{
		"manager": cluster.FieldManager, "operation": "Apply",
		"apiVersion": u.GetAPIVersion(), "fieldsV1": set,
	}}
	return u
}

// TestIntentAsInTheSlowWay: the intent of random objects is the digest of the object that is made of their fields.
// Nothing sends the metadata as a whole: then it is not known.
func TestIntentAsInTheSlowWay(t *testing.T) {
	known := 0
	for seed := range uint64(30_000) {
		u := drawn{rand.New(rand.NewPCG(seed, 1))}.object()
		fields, _ := appliedFields(u)
		meta, _ := fields["f:metadata"].(map[string]any)
		before := u.DeepCopy()
		got := intentIn(u)
		if d := cmp.Diff(before.Object, u.Object); d != "" {
			t.Fatalf("seed %d: it changes the object:\n%s", seed, d)
		}
		want := Intent{}
		if len(meta) > 0 {
			want = slowIntentIn(u)
		}
		if got != want {
			t.Fatalf("seed %d: another intent of %v", seed, u.Object)
		}
		if got != (Intent{}) {
			known++
		}
	}
	if known < 1000 {
		t.Errorf("only %d intents are known", known)
	}
}

// TestPreparedSets: sets with other maps are never taken for each other, however many there are.
func TestPreparedSets(t *testing.T) {
	p := &prepared{map[uintptr]preparedSet{}}
	for i := range 3 * maxPrepared {
		set := map[string]any{"f:" + fmt.Sprint(i): map[string]any{}}
		for range 2 {
			if got, exists := p.of(set).below(fmt.Sprint(i)); got != nil || !exists {
				t.Fatalf("set %d is another one", i)
			}
		}
		if len(p.sets) > maxPrepared {
			t.Fatalf("%d sets", len(p.sets))
		}
	}
}
