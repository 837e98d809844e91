// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/canonical"
)

// TokenPrefix starts every token. A file that contains it is not built with tokens.
const TokenPrefix = "zz-syncer-hole-"

// PresetToken stands for the name of the preset, the first of the Values.
const PresetToken = TokenPrefix + "preset" + tokenEnd

// tokenEnd ends every token, so that none is the start of another.
const tokenEnd = "-zz"

// Values are the content of the tokens of one overlay, by number.
type Values []any

// Placeholders writes values with tokens for placeholders, and keeps the content of these.
type Placeholders struct {
	words   Words // texts of the files of the build, which tokens must not hide
	values  Values
	names   []numbered
	prefix  string // of the tokens
	nested  bool   // it is for one item of a Repeated
	unclean bool   // a value without placeholder contains TokenPrefix
}

// numbered is a name with the number of its token.
type numbered struct {
	name  string
	token int
}

// NewPlaceholders returns Placeholders for a build of files with these words, for a preset of that name.
func NewPlaceholders(words Words, preset string) *Placeholders {
	values := append(make(Values, 0, 48), preset)
	return &Placeholders{words: words, values: values, prefix: TokenPrefix}
}

// Preset returns the name of the preset.
func (t *Placeholders) Preset() string {
	name, _ := t.values[0].(string)
	return name
}

// Values returns the content of the tokens that were written so far.
func (t *Placeholders) Values() Values { return t.values }

// Names returns the names that have tokens: texts that Kustomize may compare with each other.
func (t *Placeholders) Names() []string {
	out := make([]string, len(t.names))
	for i, n := range t.names {
		out[i] = n.name
	}
	return out
}

// Unclean reports whether a value without placeholder looks like a token. Then no tokens may be used.
func (t *Placeholders) Unclean() bool { return t.unclean }

// add writes a new token for a value.
func (t *Placeholders) add(to []byte, value any) []byte {
	t.values = append(t.values, value)
	return t.token(to, len(t.values)-1)
}

func (t *Placeholders) token(to []byte, number int) []byte {
	to = append(append(to, '"'), t.prefix...)
	return append(strconv.AppendInt(to, int64(number), 10), tokenEnd+`"`...)
}

// name writes the token of a name. Equal names have equal tokens. A name that the files contain stays as it is: they
// may refer to it.
func (t *Placeholders) name(to []byte, s string) []byte {
	if t.words.Has(s) || s == "" {
		return t.keep(to, s)
	}
	for _, known := range t.names {
		if known.name == s {
			return t.token(to, known.token)
		}
	}
	t.names = append(t.names, numbered{s, len(t.values)})
	return t.add(to, s)
}

func (t *Placeholders) keep(to []byte, s string) []byte {
	if strings.Contains(s, TokenPrefix) {
		t.unclean = true
	}
	return canonical.AppendString(to, s)
}

// Append adds the value to a text, as canonical JSON with tokens. Equal values have equal tokens, if what was written
// before is equal.
func (t *Placeholders) Append(to []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case Placeholder:
		return t.add(to, v.Value), nil
	case RefPlaceholder:
		return t.name(to, string(v)), nil
	case ListPlaceholder:
		return t.elements(to, v)
	case string:
		return t.keep(to, v), nil
	case Object:
		return t.object(to, v)
	case List:
		return t.list(to, v)
	}
	return canonical.Append(to, v)
}

func (t *Placeholders) object(to []byte, v Object) (_ []byte, err error) {
	var room [16]string
	to = append(to, '{')
	for i, key := range sortedKeys(room[:0], v) {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(t.keep(to, key), ':')
		if to, err = t.Append(to, v[key]); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

func sortedKeys(room []string, v Object) []string {
	for key := range v {
		room = append(room, key)
	}
	slices.Sort(room)
	return room
}

func (t *Placeholders) list(to []byte, v List) ([]byte, error) {
	to, err := t.items(append(to, '['), v)
	return append(to, ']'), err
}

// items writes the items of a list, each with a comma between it and what is before it in the list.
func (t *Placeholders) items(to []byte, v List) (_ []byte, err error) {
	for _, item := range v {
		if several, ok := item.(Repeated); ok {
			to, err = t.repeated(to, several)
		} else {
			to, err = t.Append(comma(to), item)
		}
		if err != nil {
			return nil, err
		}
	}
	return to, nil
}

// comma separates an item of a list from the one before it, if there is one.
func comma(to []byte) []byte {
	if to[len(to)-1] == '[' {
		return to
	}
	return append(to, ',')
}

// copies is the value of a Repeated: those of each item.
type copies []Values

// repeated writes one item for several, if they differ in nothing but tokens.
func (t *Placeholders) repeated(to []byte, items Repeated) ([]byte, error) {
	var first []byte
	var all copies
	var seen []string
	group := len(t.values)
	for _, item := range items {
		one := &Placeholders{words: t.words, prefix: t.prefix + strconv.Itoa(group) + "-", nested: true}
		text, err := one.Append(nil, item)
		if err != nil {
			return nil, err
		}
		o, _ := item.(Object)
		called, _ := o["name"].(RefPlaceholder)
		name := string(called)
		if t.nested || one.unclean || name == "" || t.words.Has(name) || slices.Contains(seen, name) ||
			first != nil && !bytes.Equal(first, text) {
			return t.items(to, List(items))
		}
		first, seen, all = text, append(seen, name), append(all, one.values)
	}
	if first == nil {
		return to, nil
	}
	t.values = append(t.values, all)
	return append(comma(to), first...), nil
}

// elements replaces each run of items that Kustomize moves as a block by one token: items that the files do not
// mention and that have no directives. The list starts with such a token even for an empty run, so that lists of any
// length give the same template. In other items, the texts become tokens.
func (t *Placeholders) elements(to []byte, e ListPlaceholder) (_ []byte, err error) {
	keys := make([]string, len(e.Items))
	for i, item := range e.Items {
		o, _ := item.(Object)
		keys[i] = keyOf(o, e.Key)
	}
	to = append(to, '[')
	begun, from := false, 0 // from is the first item of the run
	flush := func(end int) {
		if !begun || end > from {
			to = append(canonical.AppendString(append(comma(to), '{'), e.Key), ':')
			to = append(t.add(to, e.Items[from:end]), '}')
		}
		begun = true
	}
	for i, item := range e.Items {
		if t.isFree(e, keys, i) {
			continue
		}
		flush(i)
		from = i + 1
		if inert(item) {
			item = markTexts(item, e.Key)
		}
		if to, err = t.Append(comma(to), item); err != nil {
			return nil, err
		}
	}
	flush(len(e.Items))
	return append(to, ']'), nil
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
	if !ok || keys[i] == "" || t.words.Has(keys[i]) || !inert(item) {
		return false
	}
	for _, part := range item {
		// A nested text may be the name of an object.
		if _, isText := part.(string); !isText && t.mentioned(part) {
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

// mentioned reports whether the files contain a text of a value.
func (t *Placeholders) mentioned(v any) bool {
	switch v := v.(type) {
	case string:
		return t.words.Has(v)
	case Object:
		for _, item := range v {
			if t.mentioned(item) {
				return true
			}
		}
	case List:
		return slices.ContainsFunc(v, t.mentioned)
	case Repeated:
		return t.mentioned(List(v))
	case Placeholder, RefPlaceholder, ListPlaceholder:
		return t.mentioned(Resolve(v))
	}
	return false
}

func keyOf(item Object, key string) string {
	switch s := item[key].(type) {
	case nil:
		return ""
	case string:
		return s
	case RefPlaceholder:
		return string(s)
	default:
		text, _ := Resolve(s).(string)
		return text
	}
}

// inert reports whether a merge only copies a value: it contains no null, no directive, and no image that Kustomize
// renames.
func inert(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case Object:
		for key, item := range v {
			if !isAbsent(item) && (strings.HasPrefix(key, "$") || key == "image" || !inert(item)) {
				return false
			}
		}
	case List:
		for _, item := range v {
			if !inert(item) {
				return false
			}
		}
	case Placeholder:
		return inert(v.Value)
	case ListPlaceholder:
		return inert(v.Items)
	case Repeated:
		return inert(List(v))
	}
	return true
}

// Words are the texts of several folders.
type Words []map[string]bool

// Has reports whether one of the folders has a text.
func (v Words) Has(word string) bool {
	for _, words := range v {
		if words[word] {
			return true
		}
	}
	return false
}
