// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomText is one with characters that JSON has escapes for, and with broken ones.
func randomText(rng *rand.Rand) string {
	odd := []string{
		"\"", "\\", "/", "<", ">", "&", "\x00", "\x1f", "\x7f", "\b", "\f", "\n", "\r", "\t", "\xff", "\xc3", "\xe2\x80",
		"\u2027", "\u2028", "\u2029", "\u202a", "\ufffd", "ä", "😀", "\xed\xa0\x80", "a", "some text",
	}
	out := ""
	for range rng.IntN(6) {
		out += odd[rng.IntN(len(odd))]
	}
	return out
}

// randomValue is a value as an object may have it.
func randomValue(rng *rand.Rand, depth int) any {
	switch n := rng.IntN(12); {
	case n < 3 && depth > 0:
		out := map[string]any{}
		for range rng.IntN(5) {
			out[randomText(rng)] = randomValue(rng, depth-1)
		}
		return out
	case n < 5 && depth > 0:
		out := []any{}
		for range rng.IntN(4) {
			out = append(out, randomValue(rng, depth-1))
		}
		return out
	case n < 8:
		return randomText(rng)
	default:
		return []any{
			nil, true, false, int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), 0.5, 1e21, 1e-7,
			math.Copysign(0, -1),
			float64(3), int32(7), json.Number("1.50"),
			map[string]string{"b": "<", "a": ""},
			map[string]any(nil), []any(nil),
		}[rng.IntN(17)]
	}
}

// TestAppendJSON compares with the standard library over random values.
func TestAppendJSON(t *testing.T) {
	for seed := range uint64(2000) {
		value := randomValue(rand.New(rand.NewPCG(seed, 2)), 5)
		want, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendJSON(nil, value)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Fatalf("seed %d (-json.Marshal +appendJSON):\n%s", seed, d)
		}
	}
	if _, err := appendJSON(nil, map[string]any{"a": []any{math.NaN()}}); err == nil {
		t.Error("what JSON has no number for is written")
	}
}
