// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// TokenPrefix starts every token. A file that contains it is not built with tokens.
const TokenPrefix = "zz-syncer-hole-"

// Placeholders replaces placeholders by tokens and keeps their values.
type Placeholders struct {
	words   Words          // texts of the files of the build, which tokens must not hide
	Values  map[string]any // by token
	names   map[string]string
	prefix  string
	Unclean bool // a value without placeholder contains TokenPrefix
}

// NewPlaceholders returns an empty Placeholders for a build of files with these words.
func NewPlaceholders(words Words) *Placeholders {
	return &Placeholders{words: words, Values: map[string]any{}, names: map[string]string{}, prefix: TokenPrefix}
}

// add returns a new token for a value.
func (t *Placeholders) add(value any) string {
	token := t.prefix + strconv.Itoa(len(t.Values)) + "-zz"
	t.Values[token] = value
	return token
}

// name returns the token of a name. Equal names have equal tokens. A name that the files contain stays as it is: they
// may refer to it.
func (t *Placeholders) name(s string) string {
	if t.words.has(s) || s == "" {
		return t.keep(s)
	}
	token, ok := t.names[s]
	if !ok {
		token = t.add(s)
		t.names[s] = token
	}
	return token
}

func (t *Placeholders) keep(s string) string {
	if strings.Contains(s, TokenPrefix) {
		t.Unclean = true
	}
	return s
}

// In returns a copy of the value with tokens instead of placeholders.
func (t *Placeholders) In(v any) any {
	switch v := v.(type) {
	case Placeholder:
		return t.add(span{value: Resolve(v.Value)})
	case RefPlaceholder:
		return t.name(string(v))
	case ListPlaceholder:
		return t.elements(v)
	case string:
		return t.keep(v)
	case Object:
		out := make(Object, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) { // sorted: equal overlays number their tokens alike
			out[t.keep(key)] = t.In(v[key])
		}
		return out
	case List:
		out := make(List, 0, len(v))
		for _, item := range v {
			if several, ok := item.(Repeated); ok {
				out = append(out, t.repeated(several)...)
				continue
			}
			out = append(out, t.In(item))
		}
		return out
	}
	return v
}

// copies is the value of the name token of a Repeated: the token values of each item.
type copies struct{ values []map[string]any }

// repeated replaces several items by one, if they differ in nothing but tokens.
func (t *Placeholders) repeated(items Repeated) List {
	var first Object
	var all copies
	seen := map[string]bool{}
	for _, item := range items {
		one := &Placeholders{
			words:  t.words,
			Values: map[string]any{},
			names:  map[string]string{},
			prefix: t.prefix + strconv.Itoa(len(t.Values)) + "-",
		}
		marked, _ := one.In(item).(Object)
		called := keyOf(item.(Object), "name")
		if one.Unclean || t.words.has(called) || seen[called] || first != nil && !reflect.DeepEqual(first, marked) {
			return t.In(List(items)).(List)
		}
		first, seen[called] = marked, true
		all.values = append(all.values, one.Values)
	}
	maps.Copy(t.Values, all.values[0])
	t.Values[first["name"].(string)] = all
	return List{first}
}

// span is the value of a Placeholder. In a list it may stand for several items or none: then value is a list.
type span struct {
	value any
}

// elements replaces each run of items that Kustomize moves as a block by one token: items that the files do not
// mention and that have no directives. The list starts with such a token even for an empty run, so that lists of any
// length give the same template. In other items, the texts become tokens.
func (t *Placeholders) elements(e ListPlaceholder) List {
	keys := make([]string, len(e.Items))
	for i, item := range e.Items {
		o, _ := item.(Object)
		keys[i] = keyOf(o, e.Key)
	}
	out := List{}
	run := List{}
	flush := func() {
		out = append(out, Object{e.Key: t.add(span{value: Resolve(run)})})
		run = List{}
	}
	for i, item := range e.Items {
		if t.isFree(e, keys, i) {
			run = append(run, item)
			continue
		}
		if len(out) == 0 || len(run) > 0 {
			flush()
		}
		if inert(item) {
			item = markTexts(item, e.Key)
		}
		out = append(out, t.In(item))
	}
	if len(out) == 0 || len(run) > 0 {
		flush()
	}
	return out
}

// markTexts makes placeholders of the texts of an item, except of its key. A text may be the name of another object.
func markTexts(v any, merge string) any {
	switch v := v.(type) {
	case string:
		return RefPlaceholder(v)
	case Object:
		out := make(Object, len(v))
		for key, item := range v {
			switch s, isText := item.(string); {
			case key == merge:
				out[key] = item
			case isText && key == "value":
				out[key] = Placeholder{s}
			default:
				out[key] = markTexts(item, "")
			}
		}
		return out
	case List:
		out := make(List, len(v))
		for i, item := range v {
			out[i] = markTexts(item, "")
		}
		return out
	}
	return v
}

// isFree reports whether Kustomize treats an item like any other: the files do not mention it, and its key is unique.
func (t *Placeholders) isFree(e ListPlaceholder, keys []string, i int) bool {
	item, ok := e.Items[i].(Object)
	if !ok || keys[i] == "" || t.words.has(keys[i]) || !inert(item) {
		return false
	}
	for _, part := range item {
		// A nested text may be the name of an object.
		if _, isText := part.(string); !isText && t.mentioned(Resolve(part)) {
			return false
		}
	}
	for j, other := range e.Items {
		if _, ok := other.(Object); !ok || j != i && keys[j] == keys[i] {
			return false
		}
	}
	return true
}

// mentioned reports whether the files contain a text of a resolved value.
func (t *Placeholders) mentioned(v any) bool {
	switch v := v.(type) {
	case string:
		return t.words.has(v)
	case Object:
		for _, item := range v {
			if t.mentioned(item) {
				return true
			}
		}
	case List:
		return slices.ContainsFunc(v, t.mentioned)
	}
	return false
}

func keyOf(item Object, key string) string {
	s, _ := Resolve(item[key]).(string)
	return s
}

// inert reports whether a merge only copies a value: it contains no null, no directive, and no image that Kustomize
// renames.
func inert(v any) bool { return isInert(Resolve(v)) }

// isInert is inert for a resolved value.
func isInert(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case Object:
		for key, item := range v {
			if strings.HasPrefix(key, "$") || key == "image" || !isInert(item) {
				return false
			}
		}
	case List:
		for _, item := range v {
			if !isInert(item) {
				return false
			}
		}
	}
	return true
}

// Words are the texts of several folders.
type Words []map[string]bool

func (v Words) has(word string) bool {
	for _, words := range v {
		if words[word] {
			return true
		}
	}
	return false
}
