// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPartsAsOthers: one parser over random documents with fields that are alike gives the values of the JSON of
// k8s.io/apimachinery, or an error as that does, and what it has given before stays as it was.
func TestPartsAsOthers(t *testing.T) {
	p := &parser{sets: map[string]any{}}
	names := strings.NewReplacer(`"a"`, `"env"`, `"b"`, `"args"`, `"c"`, `"volumes"`)
	kept, wanted := []map[string]any{}, []map[string]any{}
	for seed := range uint64(20_000) {
		w := written{rand.New(rand.NewPCG(seed%15_000, 8))} // the last ones again
		text := names.Replace(w.broken(w.object(5)))
		got, err := p.parse([]byte(text), nil)
		if want := asOthers(t, seed, text, got, err); err == nil {
			kept, wanted = append(kept, got), append(wanted, want)
		}
	}
	if !reflect.DeepEqual(kept, wanted) {
		t.Error("a value has changed that was given before")
	}
}

// TestPartsAreShared: objects share the value of a field that is alike if it is of a sane length, and no other ones.
func TestPartsAreShared(t *testing.T) {
	env := func(length int) string { return fmt.Sprintf(`[{"name":%q}]`, strings.Repeat("x", length)) }
	for _, tt := range []struct {
		name, first, second string
		want                bool
	}{
		{"the same", `{"env":` + env(50) + `}`, `{"a":1,"env":` + env(50) + `}`, true},
		{"deeper", `{"env":` + env(50) + `}`, `{"env":[{"env":1}],"a":{"env":` + env(50) + `}}`, true},
		{"another value", `{"env":` + env(50) + `}`, `{"env":` + env(51) + `}`, false},
		{"other spaces", `{"env":` + env(50) + `}`, `{"env": ` + strings.ReplaceAll(env(50), ":", ": ") + `}`, false},
		{"another field", `{"env":` + env(50) + `}`, `{"other":` + env(50) + `}`, false},
		{"short", `{"env":` + env(1) + `}`, `{"env":` + env(1) + `}`, false},
		{"long", `{"env":` + env(maxPartLen) + `}`, `{"env":` + env(maxPartLen) + `}`, false},
	} {
		p := &parser{sets: map[string]any{}}
		first, err1 := p.parse([]byte(tt.first), nil)
		second, err2 := p.parse([]byte(tt.second), nil)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		in := second
		if below, ok := second["a"].(map[string]any); ok {
			in = below
		}
		other := in["env"]
		if other == nil {
			other = in["other"]
		}
		is := reflect.ValueOf(first["env"]).Pointer() == reflect.ValueOf(other).Pointer()
		if is != tt.want {
			t.Errorf("%s: shared %v", tt.name, is)
		}
	}
	p := &parser{sets: map[string]any{}}
	for range 2 { // what is selected of a field is no part of others
		got, err := p.parse([]byte(`{"env":`+env(50)+`}`), Fields{"env": {"value": nil}})
		if d := cmp.Diff(map[string]any{"env": []any{map[string]any{}}}, got); err != nil || d != "" {
			t.Errorf("%v, %s", err, d)
		}
	}
}
