package render

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// tokenPrefix starts every token. A file that holds it is not built with tokens.
const tokenPrefix = "zz-syncer-hole-"

// tokens replaces marks by tokens and keeps what they stand for.
type tokens struct {
	words   vocabulary     // what is written in the files of the build: tokens must not hide it
	values  map[string]any // by token
	names   map[string]string
	prefix  string
	unclean bool // a value that stays looks like a token
}

func newTokens(words vocabulary) *tokens {
	return &tokens{words: words, values: map[string]any{}, names: map[string]string{}, prefix: tokenPrefix}
}

// add returns a new token for a value.
func (t *tokens) add(value any) string {
	token := t.prefix + strconv.Itoa(len(t.values)) + "-zz"
	t.values[token] = value
	return token
}

// name returns the token of a name, the same for the same name, so that what was equal stays equal. A name that the files
// mention stays as it is: they may mean it.
func (t *tokens) name(s string) string {
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

func (t *tokens) keep(s string) string {
	if strings.Contains(s, tokenPrefix) {
		t.unclean = true
	}
	return s
}

// in returns a copy of the value with tokens in the place of marks.
func (t *tokens) in(v any) any {
	switch v := v.(type) {
	case hole:
		return t.add(span{value: unmarked(v.value)})
	case name:
		return t.name(string(v))
	case elements:
		return t.elements(v)
	case string:
		return t.keep(v)
	case object:
		out := make(object, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) { // sorted, so that tokens are numbered in the same way each time
			out[t.keep(key)] = t.in(v[key])
		}
		return out
	case list:
		out := make(list, 0, len(v))
		for _, item := range v {
			if several, ok := item.(alike); ok {
				out = append(out, t.alike(several)...)
				continue
			}
			out = append(out, t.in(item))
		}
		return out
	}
	return v
}

// copies is what the name of an item stands for that is there several times: the values of each.
type copies struct{ values []map[string]any }

// alike puts one item in the place of several, if they really differ in nothing but tokens.
func (t *tokens) alike(items alike) list {
	var first object
	var all copies
	seen := map[string]bool{}
	for _, item := range items {
		one := &tokens{words: t.words, values: map[string]any{}, names: map[string]string{}, prefix: t.prefix + strconv.Itoa(len(t.values)) + "-"}
		marked, _ := one.in(item).(object)
		called := keyOf(item.(object), "name")
		if one.unclean || t.words.has(called) || seen[called] || first != nil && !reflect.DeepEqual(first, marked) {
			return t.in(list(items)).(list)
		}
		first, seen[called] = marked, true
		all.values = append(all.values, one.values)
	}
	maps.Copy(t.values, all.values[0])
	t.values[first["name"].(string)] = all
	return list{first}
}

// span is what a hole stands for. As an item of a list it may be several items, or none: then value is a list.
type span struct {
	value any
}

// elements puts one token in the place of each run of items that Kustomize would only move as a block: those of which nothing
// in the files knows, and that ask for nothing themselves. There may be none of them in front, so that lists of any length
// have the same shape. Of other items, the texts become tokens.
func (t *tokens) elements(e elements) list {
	out := list{}
	run := list{}
	flush := func() {
		out = append(out, object{e.key: t.add(span{value: unmarked(run)})})
		run = list{}
	}
	for i, item := range e.items {
		if t.isFree(e, i) {
			run = append(run, item)
			continue
		}
		if len(out) == 0 || len(run) > 0 {
			flush()
		}
		if inert(item) {
			item = markTexts(item, e.key)
		}
		out = append(out, t.in(item))
	}
	if len(out) == 0 || len(run) > 0 {
		flush()
	}
	return out
}

// markTexts marks the texts of an item, but not what it is known by. Most may name another object.
func markTexts(v any, known string) any {
	switch v := v.(type) {
	case string:
		return name(v)
	case object:
		out := make(object, len(v))
		for key, item := range v {
			switch s, isText := item.(string); {
			case key == known:
				out[key] = item
			case isText && key == "value":
				out[key] = hole{s}
			default:
				out[key] = markTexts(item, "")
			}
		}
		return out
	case list:
		out := make(list, len(v))
		for i, item := range v {
			out[i] = markTexts(item, "")
		}
		return out
	}
	return v
}

// isFree reports whether nothing can tell an item from any other.
func (t *tokens) isFree(e elements, i int) bool {
	item, ok := e.items[i].(object)
	key := keyOf(item, e.key)
	if !ok || key == "" || t.words.has(key) || !inert(item) {
		return false
	}
	for _, part := range item {
		// What is further inside may be the name of an object.
		if _, isText := part.(string); !isText && t.mentioned(part) {
			return false
		}
	}
	for j, other := range e.items {
		if o, ok := other.(object); !ok || j != i && keyOf(o, e.key) == key {
			return false
		}
	}
	return true
}

// mentioned reports whether a text within a value is written in the files.
func (t *tokens) mentioned(v any) bool {
	switch v := unmarked(v).(type) {
	case string:
		return t.words.has(v)
	case object:
		for _, item := range v {
			if t.mentioned(item) {
				return true
			}
		}
	case list:
		return slices.ContainsFunc(v, t.mentioned)
	}
	return false
}

func keyOf(item object, key string) string {
	s, _ := unmarked(item[key]).(string)
	return s
}

// inert reports whether a value means nothing to a merge: it holds no nulls or directives, and no image that has yet to be
// named.
func inert(v any) bool {
	switch v := unmarked(v).(type) {
	case nil:
		return false
	case object:
		for key, item := range v {
			if strings.HasPrefix(key, "$") || key == "image" || !inert(item) {
				return false
			}
		}
	case list:
		for _, item := range v {
			if !inert(item) {
				return false
			}
		}
	}
	return true
}
