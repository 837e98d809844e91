// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestAsEncodingJSON: the bytes are those of encoding/json, for any value.
func TestAsEncodingJSON(t *testing.T) {
	for seed := range uint64(2000) {
		v := value(rand.New(rand.NewPCG(seed, 1)), 4)
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Append([]byte("before"), v)
		if err != nil || string(got) != "before"+string(want) {
			t.Fatalf("seed %d: %s, %v, want before%s", seed, got, err, want)
		}
	}
}

// TestFrozen: values of which parts are frozen have the same text, also when others have taken their places over.
func TestFrozen(t *testing.T) {
	frozen := 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		v := value(rng, 6)
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		freezeSome(rng, v)
		if textOf(v) != nil {
			frozen++
		}
		for range 2 {
			got, err := Append([]byte("before"), v)
			if err != nil || string(got) != "before"+string(want) {
				t.Fatalf("seed %d: %s, %v, want before%s", seed, got, err, want)
			}
			freezeSome(rng, value(rng, 6))
		}
	}
	if frozen < 100 {
		t.Errorf("only %d values are frozen", frozen)
	}
	whole := []any{"a", "b"}
	Freeze(whole)
	if got, err := Append(nil, whole[:1]); err != nil || string(got) != `["a"]` {
		t.Errorf("a part of a list is %s, %v", got, err)
	}
	Freeze([]any{math.NaN()})
	if got, err := Append(nil, []any{math.NaN()}); err == nil {
		t.Errorf("no number is %s", got)
	}
}

func freezeSome(rng *rand.Rand, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, below := range v {
			freezeSome(rng, below)
		}
	case []any:
		for _, below := range v {
			freezeSome(rng, below)
		}
	}
	if rng.IntN(2) == 0 {
		Freeze(v)
	}
}

func BenchmarkFrozen(b *testing.B) {
	part := map[string]any{"args": []any{"--dtype=bfloat16", "--model=a/b", "--max-model-len=auto"}, "name": "a"}
	for name, freeze := range map[string]func(any){"frozen": Freeze, "other": func(any) {}} {
		b.Run(name, func(b *testing.B) {
			v := map[string]any{"spec": maps.Clone(part)}
			freeze(v["spec"])
			b.ReportAllocs()
			var text []byte
			for b.Loop() {
				text, _ = Append(text[:0], v)
			}
		})
	}
}

// value returns a value of at most that depth, drawn at random.
func value(rng *rand.Rand, depth int) any {
	of := []any{
		nil, true, false, int64(0), int64(math.MinInt64), int64(1) << 60, 7, 1.5, 1e21, -0.000001, float32(2.25), "", "plain",
		"a \"quoted\" \\ text", "<&>", "a\nb\tc\b\f\r\x00\x1f\x7f", "ümläut 漢字", "\u2028\u2029", "broken \xff\xfe utf-8",
		"\u2027\u202a\ufffd", "\xe2\x80", "\xed\xa0\x80", "/", "😀", math.Copysign(0, -1), int32(7), 1e-7,
		json.Number("12"), json.Number("1.50"),
		map[string]string{"b": "<", "a": ""},
		[]string{"typed"},
		map[string]int{"typed": 1},
		map[string]any(nil), []any(nil),
	}
	switch n := rng.IntN(4); {
	case depth > 0 && n == 0:
		out := map[string]any{}
		for range rng.IntN(6) {
			out[[]string{"b", "a", "B", "", "a<b", "ä", "\xff", "aa", "z"}[rng.IntN(9)]] = value(rng, depth-1)
		}
		return out
	case depth > 0 && n == 1:
		out := []any{}
		for range rng.IntN(4) {
			out = append(out, value(rng, depth-1))
		}
		return out
	}
	return of[rng.IntN(len(of))]
}

// TestStrings: any bytes, in any place of a text, are those of encoding/json.
func TestStrings(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for i := range 50_000 {
		s := []byte{byte(i), byte(i >> 8)} // all pairs of bytes, among others
		for range rng.IntN(6) {
			s = append(s, []byte("a\"\x00\x1f\x7f\xe2\x80\xa8<\\\xff\xc3\xa4")[rng.IntN(13)])
		}
		want, err := json.Marshal(string(s))
		if got := AppendString(nil, string(s)); err != nil || string(got) != string(want) {
			t.Fatalf("%q: %s, want %s (%v)", s, got, want, err)
		}
	}
}

// TestErrors: what encoding/json refuses is refused, wherever it is.
func TestErrors(t *testing.T) {
	for _, v := range []any{
		math.NaN(),
		[]any{math.Inf(1)},
		map[string]any{"a": func() {}},
		map[string]any{"a": map[string]any{"b": make(chan int)}},
	} {
		_, want := json.Marshal(v)
		if _, err := Append(nil, v); err == nil || want == nil {
			t.Errorf("%v: error %v, want %v", v, err, want)
		}
	}
}

// BenchmarkAppend writes an object of the size of a pod.
func BenchmarkAppend(b *testing.B) {
	container := map[string]any{
		"name": "model", "image": "example.com/a:1", "args": []any{`--a={"b":true}`, "--c=d", "--e"},
	}
	for i := range 12 {
		container[strconv.Itoa(i)] = map[string]any{"name": "a", "value": "b", "port": int64(80)}
	}
	v := map[string]any{"kind": "Pod", "spec": map[string]any{"containers": []any{container, container}}}
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text, _ = Append(text[:0], v)
	}
}
