// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"bytes"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// mergeKey is the only key that does not stand for itself.
const mergeKey = "<<"

const writeKey = "write the key itself, without alias, anchor or tag"

// plain returns the first thing in a document that two YAML decoders may read differently, or nil.
//
// Such a document shows one kind or namespace to a check and another to the decoder behind it. Keys must be written out
// as plain or quoted text, a merge key must be a bare << of mappings, and a tag must say what the value is anyway.
func plain(n *yaml.Node, source func() [][]byte) *diag.Diagnostic {
	if e := plainTag(n); e != nil {
		return e
	}
	if n.Kind == yaml.MappingNode {
		merges := 0
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if e := plainKey(n, key, source); e != nil {
				return e
			}
			if !isMerge(key) {
				continue
			}
			if merges++; merges > 1 {
				return errorAt(key, "write one: <<: [*a, *b]", "the merge key << is given twice")
			}
			if e := mergeable(value); e != nil {
				return e
			}
		}
	}
	for _, child := range n.Content {
		if e := plain(child, source); e != nil {
			return e
		}
	}
	return nil
}

func errorAt(n *yaml.Node, hint, format string, args ...any) *diag.Diagnostic {
	d := diag.Errorf(diag.AmbiguousYAML, format, args...).At(n.Line, n.Column).Suggest(hint)
	return &d
}

// isMerge reports whether a key of a document that is plain merges mappings.
func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// plainKey returns why a key could be read in more than one way, or nil.
func plainKey(parent, key *yaml.Node, source func() [][]byte) *diag.Diagnostic {
	switch {
	case key.Kind == yaml.AliasNode:
		return errorAt(key, writeKey, "a key must not be an alias")
	case key.Kind != yaml.ScalarNode:
		return errorAt(key, templateHint(parent), "a key must be text, not %s", describe(key))
	case key.Anchor != "":
		return errorAt(key, writeKey, "a key must not have an anchor")
	case key.Style&yaml.TaggedStyle != 0:
		return errorAt(key, writeKey, "a key must not have a tag")
	case key.Value == mergeKey && !(isMerge(key) && bytes.HasPrefix(at(source(), key), []byte(mergeKey))):
		return errorAt(key, "write <<: *name to merge a mapping", "the merge key must be written as a bare <<")
	case isNull(key):
		return errorAt(key, "write the key, or quote it", "a key must not be null")
	case !canonical(key):
		return errorAt(key, fmt.Sprintf("quote it: %q", shorten(key.Value)), "a key must be text, not %s", describe(key))
	}
	return nil
}

// at returns the text from a node to the end of its line. It returns nil for a node outside of the text.
func at(lines [][]byte, n *yaml.Node) []byte {
	if n.Line < 1 || n.Line > len(lines) || n.Column < 1 {
		return nil
	}
	line := []rune(string(lines[n.Line-1]))
	if n.Column > len(line) {
		return nil
	}
	return []byte(string(line[n.Column-1:]))
}

// canonical reports whether every decoder makes the same text of a key: some turn 0x10 into 16, 1.0 into 1 and True
// into true.
func canonical(key *yaml.Node) bool {
	switch key.ShortTag() {
	case "!!bool":
		return key.Value == "true" || key.Value == "false"
	case "!!int":
		i, err := strconv.ParseInt(key.Value, 10, 64)
		return err == nil && strconv.FormatInt(i, 10) == key.Value
	case "!!float":
		f, err := strconv.ParseFloat(key.Value, 64)
		return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && strconv.FormatFloat(f, 'g', -1, 64) == key.Value
	}
	return true
}

// mergeable returns why a value cannot be merged into a mapping, or nil.
func mergeable(value *yaml.Node) *diag.Diagnostic {
	items := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		items = value.Content
	}
	for _, item := range items {
		if r := resolve(item); r.Kind != yaml.MappingNode {
			return errorAt(
				item,
				"write <<: *name or <<: [*a, *b], with names of mappings",
				"only mappings can be merged (<<), not %s",
				describe(r),
			)
		}
	}
	return nil
}

// plainTag returns why the tag that is written before a value could be read in more than one way, or nil.
func plainTag(n *yaml.Node) *diag.Diagnostic {
	if n.Style&yaml.TaggedStyle == 0 || n.Kind == yaml.AliasNode {
		return nil
	}
	tag := n.ShortTag()
	fits := false
	switch n.Kind {
	case yaml.MappingNode:
		fits = tag == "!!map"
	case yaml.SequenceNode:
		fits = tag == "!!seq"
	case yaml.ScalarNode:
		implied := (&yaml.Node{Kind: yaml.ScalarNode, Value: n.Value}).ShortTag()
		numbers := []string{"!!int", "!!float"}
		fits = tag == "!!str" || tag == implied && slices.Contains([]string{"!!int", "!!float", "!!bool", "!!null"}, tag) ||
			tag == "!!float" && slices.Contains(numbers, implied)
	}
	if fits {
		return nil
	}
	return errorAt(n, "remove the tag, and write the value itself", "the tag %s is not supported", shorten(tag))
}

// Pairs yields the keys and values of a mapping as Decode sees them: merge keys expanded, aliases replaced by what they
// stand for, each key once. It yields nothing for other nodes, and for nil.
func Pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		if n == nil {
			return
		}
		d := &decoder{positions: Positions{}}
		for key, value := range d.entries(resolve(n), "", 0) {
			if !yield(key, resolve(value)) {
				return
			}
		}
	}
}

// Field returns the value of a field of a mapping as Decode sees it, or nil; also for nil.
func Field(n *yaml.Node, name string) *yaml.Node {
	for key, value := range Pairs(n) {
		if key.Value == name {
			return value
		}
	}
	return nil
}

// Items returns the items of a list, with aliases replaced by what they stand for; none of other nodes, and of nil.
func Items(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		out[i] = resolve(item)
	}
	return out
}

// Text returns the text of a scalar, or "".
func Text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n = resolve(n); n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}

// Value decodes a free-form value.
func Value(n *yaml.Node) (any, []diag.Diagnostic) {
	var v any
	_, errs := Decode(n, &v)
	return v, errs
}

// Expand returns a copy of a document in which aliases are replaced by what they stand for and merge keys by what they
// merge. It has no anchors, aliases, tags and comments; every value keeps its position. Text that Decode would not read
// is an error.
func Expand(n *yaml.Node) (*yaml.Node, []diag.Diagnostic) {
	d := &decoder{positions: Positions{}}
	out := d.expand(n, "", 0)
	return out, d.errs
}

func (d *decoder) expand(n *yaml.Node, field string, depth int) *yaml.Node {
	r := resolve(n)
	out := &yaml.Node{
		Kind:   r.Kind,
		Tag:    r.Tag,
		Value:  r.Value,
		Style:  r.Style &^ yaml.TaggedStyle,
		Line:   n.Line,
		Column: n.Column,
	}
	if !d.enter(n, field, depth) {
		return out
	}
	switch r.Kind {
	case yaml.MappingNode:
		for key, value := range d.entries(r, field, depth) {
			if d.full {
				break
			}
			k := *key
			k.HeadComment, k.LineComment, k.FootComment = "", "", ""
			out.Content = append(out.Content, &k, d.expand(value, join(field, key.Value), depth+1))
		}
	case yaml.SequenceNode:
		for i, child := range r.Content {
			if d.full {
				break
			}
			out.Content = append(out.Content, d.expand(child, item(field, i), depth+1))
		}
	default:
		if r.Value == mergeKey { // a value: only text
			out.Tag, out.Style = "!!str", yaml.DoubleQuotedStyle
		} else if r.Style&yaml.TaggedStyle != 0 && r.ShortTag() != "!!str" {
			out.Tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: r.Value}).ShortTag()
			out.Style = 0
		}
	}
	return out
}

// IsPlain reports whether documents have no anchors, aliases, merge keys and tags.
func IsPlain(docs ...*yaml.Node) bool {
	for _, n := range docs {
		if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge" ||
			!IsPlain(n.Content...) {
			return false
		}
	}
	return true
}
