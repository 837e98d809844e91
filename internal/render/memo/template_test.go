// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"syncer.dev/syncer/internal/canonical"
)

// TestTemplateIsExact: a value that was written with tokens and filled in is the value with the content of its
// placeholders, as an object and as text. So is one that is filled in with the values of another one with the same
// tokens.
func TestTemplateIsExact(t *testing.T) {
	templates := map[string]Template{}
	shared := 0
	for seed := range uint64(5_000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		v := Object{"metadata": anyObject(rng, 0), "spec": anyObject(rng, int(seed%5)), "x": anyObject(rng, 1)}
		v["metadata"].(Object)["name"] = RefPlaceholder("a")
		p := NewPlaceholders(words, "phi")
		text, err := p.Append(nil, v)
		if err != nil || p.Unclean() {
			t.Fatal(err, p.Unclean())
		}
		template, known := templates[string(text)]
		if !known {
			var built Object
			if err := decode(text, &built); err != nil {
				t.Fatal(err)
			}
			if template, err = p.Compile(built, "metadata"); err != nil {
				t.Fatalf("seed %d: %v in %s", seed, err, text)
			}
			templates[string(text)] = template
		} else {
			shared++
		}
		check(t, fmt.Sprintf("seed %d: %s", seed, text), template, p.Values(), v)
	}
	if shared < 50 {
		t.Errorf("%d values have the template of another", shared)
	}
}

func check(t *testing.T, what string, template Template, values Values, v Object) {
	t.Helper()
	want, _ := normal(Resolve(v)).(Object)
	if got := template.Fill(values); !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: filled in\n%v, want\n%v", what, got, want)
	}
	if got := template.Only(values, "metadata", "x"); !reflect.DeepEqual(got["metadata"], want["metadata"]) ||
		!reflect.DeepEqual(got["x"], want["x"]) || got["spec"] != nil {
		t.Fatalf("%s: only\n%v, of\n%v", what, got, want)
	}
	want["metadata"] = Object{"other": "<>"}
	text, err := canonical.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := template.Append([]byte("before"), values, want["metadata"]); string(got) != "before"+string(text) {
		t.Fatalf("%s: text\n%s, want\n%s (%v)", what, got, text, err)
	}
}

// decode reads JSON with whole numbers as int64.
func decode(text []byte, into *Object) error {
	if err := json.Unmarshal(text, into); err != nil {
		return err
	}
	*into, _ = normal(*into).(Object)
	return nil
}

// words are those of the files of the builds.
var words = Words{{"known": true}, {"listed": true}}

// anyValue returns a value with placeholders of all kinds, drawn at random.
func anyValue(rng *rand.Rand, depth int) any {
	leaves := []any{
		"plain", "", "a<b\n", int64(7), true, nil, "known", 12, 1.5,
		RefPlaceholder("a"), RefPlaceholder("b"), RefPlaceholder("known"), RefPlaceholder(""),
		Placeholder{"text"},
		Placeholder{1},
		Placeholder{Omit{}},
		Placeholder{2.0},
		Placeholder{nil},
		Placeholder{List{"x", 1, Placeholder{List{"y"}}, RefPlaceholder("z")}},
		Placeholder{List{}},
		Placeholder{Object{"b": 1, "a": List{RefPlaceholder("q")}, "gone": Placeholder{Omit{}}}},
	}
	switch n := rng.IntN(5); {
	case depth > 0 && n == 0:
		return anyObject(rng, depth-1)
	case depth > 0 && n == 1:
		return anyList(rng, depth-1)
	case depth > 0 && n == 2:
		return anyElements(rng, depth-1)
	}
	return leaves[rng.IntN(len(leaves))]
}

func anyObject(rng *rand.Rand, depth int) Object {
	out := Object{"beside": 1} // an item of a list with nothing but a token would stand for several items
	for range rng.IntN(4) {
		out[[]string{"b", "a", "c", "a<b", "gone"}[rng.IntN(5)]] = anyValue(rng, depth)
	}
	if rng.IntN(3) == 0 {
		out["gone"] = Object{"one": Placeholder{[]any{Omit{}, "there"}[rng.IntN(2)]}, "two": Placeholder{Omit{}}}
	}
	if rng.IntN(3) == 0 {
		out["several"] = Placeholder{[]any{Omit{}, "there", List{}, List{1}}[rng.IntN(4)]}
	}
	return out
}

func anyList(rng *rand.Rand, depth int) List {
	out := List{"first"} // a list of nothing but tokens for empty lists is left out, as an empty ListPlaceholder is
	for range rng.IntN(4) {
		// A list leaves out no item: a token for Omit is for fields.
		if v := anyValue(rng, depth); v != (Placeholder{Omit{}}) {
			out = append(out, v)
		}
	}
	if rng.IntN(3) == 0 {
		var items Repeated
		for i := range 1 + rng.IntN(3) {
			items = append(items, Object{
				"name": RefPlaceholder(fmt.Sprint("item-", i)), "value": Placeholder{i},
				"again": RefPlaceholder(fmt.Sprint("item-", i)),
				"env":   ListPlaceholder{"name", List{Object{"name": "n", "value": fmt.Sprint(i)}}},
			})
		}
		out = append(out, items)
	}
	return out
}

func anyElements(rng *rand.Rand, depth int) ListPlaceholder {
	out := ListPlaceholder{Key: "name"}
	for i := range rng.IntN(4) {
		item := Object{"name": fmt.Sprint("n", i), "value": fmt.Sprint(rng.IntN(3))}
		switch rng.IntN(6) {
		case 0:
			item["name"] = "listed"
		case 1:
			item["from"] = anyObject(rng, min(depth, 1))
		case 2:
			item["$patch"] = "x"
		}
		out.Items = append(out.Items, item)
	}
	return out
}

// TestForeignTokens: a token that is not whole, or not in its place, is an error.
func TestForeignTokens(t *testing.T) {
	p := NewPlaceholders(nil, "phi")
	item := func(i int) Object { return Object{"name": RefPlaceholder(fmt.Sprint(i)), "v": Placeholder{i}} }
	if _, err := p.Append(nil, List{Placeholder{1}, Repeated{item(1), item(2)}}); err != nil {
		t.Fatal(err)
	}
	good := List{
		TokenPrefix + "1-zz", Object{"name": TokenPrefix + "2-0-zz", "v": TokenPrefix + "2-1-zz"}, PresetToken,
	}
	if _, err := p.Compile(Object{"a": good}, ""); err != nil {
		t.Error(err)
	}
	for _, v := range []any{
		"x-" + TokenPrefix + "1-zz", TokenPrefix + "1-zz-x", TokenPrefix + "1", TokenPrefix + "3-zz", TokenPrefix + "9-zz",
		TokenPrefix + "2-zz", TokenPrefix + "2-0-zz", TokenPrefix + "1-0-zz", TokenPrefix + "-1-zz", TokenPrefix + "a-zz",
		Object{TokenPrefix + "1-zz": 1},
		List{Object{"name": TokenPrefix + "2-0-zz", "v": TokenPrefix + "2-2-zz"}},
		List{Object{"name": TokenPrefix + "1-0-zz"}},
		List{Object{"name": TokenPrefix + "7-0-zz"}},
		Object{"name": TokenPrefix + "2-0-zz"},
	} {
		if _, err := p.Compile(Object{"a": v}, ""); err == nil {
			t.Errorf("%v is compiled", v)
		}
	}
	if _, _ = p.Append(nil, Object{"a": TokenPrefix}); !p.Unclean() {
		t.Error("a text that looks like a token is clean")
	}
}
