// SPDX-License-Identifier: Apache-2.0

package packed

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestAnyText: a text comes back as it was, for any Model.
func TestAnyText(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		first := text(rng)
		for _, of := range [][]byte{first, edited(rng, first), edited(rng, edited(rng, first)), text(rng), nil} {
			kept := Like(first).Pack(of)
			if got := kept.Bytes(); !bytes.Equal(got, of) {
				t.Fatalf("seed %d: %q came back as %q", seed, of, got)
			}
			other := edited(rng, of)
			if got := kept.Pack(other).Bytes(); !bytes.Equal(got, other) {
				t.Fatalf("seed %d: %q came back as %q from the model of another text", seed, other, got)
			}
		}
	}
	if got := (Text{}).Bytes(); len(got) > 0 || !(Text{}).Empty() || Like(nil).Pack(nil).Empty() {
		t.Errorf("no text is %q", got)
	}
}

// TestAlikeIsSmall: a text that differs from its Model in a few names takes the room of these names.
func TestAlikeIsSmall(t *testing.T) {
	var of []string
	for i := range 300 {
		of = append(of, fmt.Sprintf(`{"name":"chat","field-%d":"value-%d"}`, i, i*i))
	}
	first := strings.Join(of, ",")
	second := strings.ReplaceAll(first, "chat", "search")
	one := strings.Replace(first, "chat", "code", 3)
	m := Like([]byte(first))
	for _, tt := range []struct {
		text string
		most int
	}{{first, 16}, {one, 64}, {second, 300 * 16}} {
		if n := m.Pack([]byte(tt.text)).Len(); n > tt.most {
			t.Errorf("a text of %d bytes takes %d, want at most %d", len(tt.text), n, tt.most)
		}
	}
}

// TestTheModelIsItsOwn: a Model does not change with the text that it was made of.
func TestTheModelIsItsOwn(t *testing.T) {
	first := []byte("a text that is long enough for a window")
	m := Like(first)
	kept := m.Pack(bytes.Clone(first))
	clear(first)
	if got := string(kept.Bytes()); got != "a text that is long enough for a window" {
		t.Errorf("it came back as %q", got)
	}
}

// text returns a text drawn at random.
func text(rng *rand.Rand) []byte {
	var out []byte
	for range rng.IntN(60) {
		of := []string{"a", "bc", `"name":`, `"namespace":"default"`, "\x00\xff", "aaaaaaaaaaaa", ",", "é"}
		out = append(out, of[rng.IntN(len(of))]...)
	}
	return out
}

// edited returns a text with a few changes.
func edited(rng *rand.Rand, of []byte) []byte {
	out := string(of)
	for range rng.IntN(4) {
		at := rng.IntN(len(out) + 1)
		end := min(len(out), at+rng.IntN(5))
		out = out[:at] + strings.Repeat("x", rng.IntN(20)) + out[end:]
	}
	return []byte(out)
}

// TestFew: a value is made once, and no more are kept than there should be.
func TestFew(t *testing.T) {
	var f Few[int]
	made := 0
	get := func(key string) int { return f.Get(key, func() int { made++; return made }) }
	if a, b := get("a"), get("b"); get("a") != a || get("b") != b || made != 2 {
		t.Errorf("%d values are made for two keys", made)
	}
	for i := range 3 * most {
		get(fmt.Sprint(i))
	}
	if len(f.values) > most {
		t.Errorf("%d values are kept", len(f.values))
	}
}
