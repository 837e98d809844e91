// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/json"
)

// written is JSON as a server could write it, and as none would: with odd escapes, spaces, numbers and names twice.
type written struct{ rng *rand.Rand }

func (w written) of(parts ...string) string { return parts[w.rng.IntN(len(parts))] }

func (w written) space() string { return w.of("", "", "", " ", "\n\t ", "\r\n") }

func (w written) text() string {
	out := ""
	for range w.rng.IntN(5) {
		out += w.of("a", "name", "some longer text of more than eight bytes", `\n`, `\"`, `\\`, `\/`, `\b\f\r\t`, `\u0041`,
			`\u00e4`, `\u003c`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\ud83dx`, `\u0000`, "ä", "😀", "\xff", "\xc3", "\x7f",
			"\u2028", "\xed\xa0\x80", " ")
	}
	return `"` + out + `"`
}

func (w written) name() string {
	if w.rng.IntN(8) == 0 {
		return w.text()
	}
	return w.of(`"a"`, `"b"`, `"c"`, `"metadata"`, `"fieldsV1"`, `"kind"`, `"\u0061"`, `"A"`)
}

func (w written) number() string {
	return w.of("0", "-0", "1", "-17", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1.0",
		"0.1e1", "1e3", "1E+2", "2e-7", "-0.0", "123456789012345678901234567890", "1e400", "01", "1.", ".5", "+1",
		"-", "1e", "0x1")
}

func (w written) value(depth int) string {
	switch n := w.rng.IntN(14); {
	case n < 4 && depth > 0:
		return w.object(depth - 1)
	case n < 6 && depth > 0:
		return w.list("[", "]", func() string { return w.value(depth - 1) })
	case n < 9:
		return w.text()
	case n < 11:
		if w.rng.IntN(10) > 0 {
			return w.of("0", "-17", "1.5")
		}
		return w.number()
	}
	return w.of("true", "false", "null")
}

func (w written) object(depth int) string {
	return w.list("{", "}", func() string { return w.name() + w.space() + ":" + w.space() + w.value(depth) })
}

func (w written) list(open, end string, item func() string) string {
	out := open + w.space()
	for i := range w.rng.IntN(5) {
		if i > 0 {
			out += w.space() + "," + w.space()
		}
		out += item()
	}
	return out + w.space() + end
}

// broken damages JSON now and then.
func (w written) broken(text string) string {
	if w.rng.IntN(2) == 0 || text == "" {
		return text
	}
	i := w.rng.IntN(len(text))
	switch w.rng.IntN(4) {
	case 0:
		return text[:i]
	case 1:
		return text[:i] + text[i+1:]
	case 2:
		return text + w.of("x", "}", "{}", " ", "\x00")
	}
	return text[:i] + w.of("{", "}", "[", "]", ",", ":", `"`, `\`, "\x01", "t", "0", "-", " ") + text[i:]
}

func parsed(text string, wanted Fields) (map[string]any, error) {
	p := parsers.Get().(*parser)
	defer p.done()
	return p.parse([]byte(text), wanted)
}

// TestParse compares with the JSON of k8s.io/apimachinery over random documents: the same values, or an error of both.
func TestParse(t *testing.T) {
	for seed := range uint64(20_000) {
		w := written{rand.New(rand.NewPCG(seed, 5))}
		text := w.broken(w.space() + w.object(5) + w.space())
		got, err := parsed(text, nil)
		asOthers(t, seed, text, got, err)
	}
}

// asOthers compares what came of a document with what the JSON of k8s.io/apimachinery makes of it, and returns that;
// nil if it is an error of both.
func asOthers(t *testing.T, seed uint64, text string, got map[string]any, err error) (want map[string]any) {
	t.Helper()
	wantErr := json.Unmarshal([]byte(text), &want)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("seed %d: %v, not %v, for\n%s", seed, err, wantErr, text)
	}
	if err != nil {
		return nil
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("seed %d (-util/json +wire):\n%s\nof %s", seed, d, text)
	}
	return want
}

// only removes the fields that are not wanted.
func only(value any, wanted Fields) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, below := range v {
			if fields, ok := wanted[key]; ok || wanted == nil {
				out[key] = only(below, fields)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = only(item, wanted)
		}
		return out
	}
	return value
}

// TestWantedFields: what is not wanted is missing, and all else is as without a selection. What is wrong with JSON that
// is not wanted is an error too.
func TestWantedFields(t *testing.T) {
	wanted := Fields{"a": nil, "b": {"a": nil, "c": {"b": nil}}, "metadata": {"fieldsV1": nil}, "kind": {}}
	for seed := range uint64(20_000) {
		w := written{rand.New(rand.NewPCG(seed, 6))}
		text := w.broken(w.object(6))
		want, wantErr := parsed(text, nil)
		got, err := parsed(text, wanted)
		if wantErr != nil && strings.Contains(wantErr.Error(), "too large") {
			continue // a number that is not read
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("seed %d: %v, not %v, for\n%s", seed, err, wantErr, text)
		}
		if d := cmp.Diff(only(want, wanted), any(got)); err == nil && d != "" {
			t.Fatalf("seed %d (-all, without others +wanted):\n%s\nof %s", seed, d, text)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		depth int
		want  bool
	}{{maxDepth - 1, true}, {maxDepth + 1, false}} {
		text := `{"a":` + strings.Repeat("[", tt.depth) + strings.Repeat("]", tt.depth) + "}"
		if _, err := parsed(text, nil); (err == nil) != tt.want {
			t.Errorf("%d levels: %v", tt.depth, err)
		}
		if _, err := parsed(text, Fields{}); (err == nil) != tt.want {
			t.Errorf("%d levels that are not wanted: %v", tt.depth, err)
		}
	}
}

// TestTexts: texts that share a place do not become each other.
func TestTexts(t *testing.T) {
	var all texts
	byPlace := map[uint64][]string{}
	for i := range 20_000 {
		text := fmt.Sprintf("%0*d", i%12, i)
		byPlace[hash([]byte(text))] = append(byPlace[hash([]byte(text))], text)
	}
	shared := 0
	for _, texts := range byPlace {
		shared += len(texts) - 1
		for _, text := range slices.Concat(texts, texts) {
			if got, boxed := all.text([]byte(text)), all.boxed([]byte(text)); got != text || boxed != any(text) {
				t.Fatalf("%q is %q and %q", text, got, boxed)
			}
		}
	}
	if shared == 0 {
		t.Error("no texts share a place")
	}
}

// TestSets: a set of fields that is known is the same value, and no other set is taken for it.
func TestSets(t *testing.T) {
	p := &parser{sets: map[string]any{}}
	for i := range 3 * maxSets {
		text := fmt.Sprintf(`{"a":{"fieldsV1":{"f:a%d":{"b":[%d]}}},"fieldsV1":%d}`, i%(maxSets+10), i%(maxSets+10), i)
		var want map[string]any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		got, err := p.parse([]byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if len(p.sets) > maxSets {
			t.Fatalf("%d sets", len(p.sets))
		}
	}
}

// TestSetsWithinSets: the fields of a set are read once, also if they have the name of a set.
func TestSetsWithinSets(t *testing.T) {
	p := &parser{sets: map[string]any{}}
	const text = `{"fieldsV1":{"fieldsV1":{"fieldsV1":{}}},"a":{"fieldsV1":{"b":1}}}`
	for range 2 {
		if _, err := p.parse([]byte(text), nil); err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(p.sets)); !slices.Equal(got, []string{`{"b":1}`, `{"fieldsV1":{"fieldsV1":{}}}`}) {
			t.Errorf("sets %q", got)
		}
	}
}
