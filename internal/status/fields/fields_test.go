// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/status/verbatim"
)

// TestLayouts: a document in which any fields are set is written as the library writes it by the tags, and read as the
// library reads it. A field without a place in the layout would be missing.
func TestLayouts(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var d Document
		fill(rng, reflect.ValueOf(&d).Elem())
		got, written := verbatim.Write(nil, &d, (*Document).layout)
		if diff := cmp.Diff(string(Encode(d)), string(got)); !written || diff != "" {
			t.Fatalf("seed %d: %v (-library +layout):\n%s", seed, written, diff)
		}
		if err := readsAlike(got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// fill sets some fields of a value, or all that it may set.
func fill(rng *rand.Rand, v reflect.Value) {
	switch {
	case v.Kind() != reflect.Struct && rng.IntN(3) == 0:
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("text: %d", rng.IntN(100)))
	case v.Kind() == reflect.Int:
		v.SetInt(rng.Int64N(100))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(rng, v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rng.IntN(3), 3))
		for i := range v.Len() {
			fill(rng, v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(rng, v.Field(i))
		}
	default:
		panic(v.Type())
	}
}

// readsAlike compares what is read of a file with what the strict parser alone reads of it.
func readsAlike(data []byte) error {
	var want Document
	wantErr := Decode(data, &want)
	r := Reader{last: Document{Status: Status{Why: "as before", Objects: []string{"a"}, Output: &Output{Image: "b"}}}}
	got, err := r.Read(data)
	if diff := cmp.Diff(fmt.Sprint(wantErr), fmt.Sprint(err)); diff != "" {
		return fmt.Errorf("%q: the error (-strict +got):\n%s", data, diff)
	}
	if diff := cmp.Diff(want, got); diff != "" && err == nil {
		return fmt.Errorf("%q (-strict +got):\n%s", data, diff)
	}
	return nil
}

// FuzzRead: of any bytes, also of what others put on the status branch, the same is read as by the strict parser alone,
// or the same error.
func FuzzRead(f *testing.F) {
	for seed := range uint64(20) {
		var d Document
		fill(rand.New(rand.NewPCG(seed, 3)), reflect.ValueOf(&d).Elem())
		f.Add(d.Append(nil))
		d.Status.Why, d.Status.WorkerNodes = "a\nb\t\u2028", []string{"yes", "1e3", "a, b", "é"}
		f.Add(d.Append(nil))
	}
	for _, s := range []string{
		"", "null", "[]", "kind: A\nkind: B\n", "kind: A\n---\nkind: B\n", "apiVersion: &a b\nkind: *a\n", "<<<<<<< a\n",
		"\xff", "apiVersion: 1\n",
		"apiVersion: a\nkind: b\nmetadata: {namespace: a, name: b}\nstatus:\n  state: c\n  inputs: \"\\x41\"\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := readsAlike(data); err != nil {
			t.Fatal(err)
		}
	})
}
