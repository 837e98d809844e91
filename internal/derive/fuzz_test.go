// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// count counts parameters without bounds. ok is false for what Header must refuse or not count.
func count(header string) (total *big.Int, ok bool) {
	var tensors map[string]json.RawMessage
	if json.Unmarshal([]byte(header), &tensors) != nil {
		return nil, false
	}
	delete(tensors, "__metadata__")
	total = new(big.Int)
	for _, text := range tensors {
		var t struct {
			DType string  `json:"dtype"`
			Shape []int64 `json:"shape"`
		}
		if json.Unmarshal(text, &t) != nil || !slices.Contains(plainTypes, t.DType) {
			return nil, false
		}
		n := big.NewInt(1)
		for _, d := range t.Shape {
			if d < 0 {
				return nil, false
			}
			n.Mul(n, big.NewInt(d))
		}
		total.Add(total, n)
	}
	return total, true
}

// FuzzHeader: the parameters of a safetensors file are those that its shapes have, counted without limits on numbers,
// and never more than the limit. What follows the header does not matter. Each error names the file.
func FuzzHeader(f *testing.F) {
	for _, header := range []string{
		`{}`, `null`, `[]`, `{"__metadata__": {"format": "pt"}}`,
		`{"a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}, "b": {"dtype": "F32", "shape": [5]}}`,
		`{"a": {"dtype": "U8", "shape": [2]}}`,
		`{"a": {"dtype": "F32", "shape": [0, 1125899906842624]}}`,
		`{"a": {"dtype": "F32", "shape": [1125899906842624, 0, 9223372036854775807]}}`,
		`{"a": {"dtype": "F32", "shape": [4294967296, 4294967296]}}`,
		`{"a": {"dtype": "F32", "shape": [-1]}}`,
		`{"a": {"dtype": "F32", "shape": [1125899906842624]}, "b": {"dtype": "F32", "shape": [1]}}`,
	} {
		f.Add(safetensors(header))
	}
	f.Add("")
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff{}")
	f.Fuzz(func(t *testing.T, file string) {
		n, err := Header("m.safetensors", strings.NewReader(file))
		if more, failed := Header("m.safetensors", strings.NewReader(file+"data")); err == nil &&
			(failed != nil || more != n) {
			t.Fatalf("%q: %d, %v; with data behind it %d, %v", file, n, err, more, failed)
		}
		if err != nil {
			var d diag.Diagnostic
			if !errors.As(err, &d) || d.Path != "m.safetensors" || d.Hint == "" {
				t.Fatalf("%q: %v names no file or no remedy", file, err)
			}
			return
		}
		text, err := readHeader("m.safetensors", strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := count(string(text)); n < 0 || n > maxBytes || ok && want.Cmp(big.NewInt(n)) != 0 || !ok && n != 0 {
			t.Fatalf("%q has %d parameters, want %v", text, n, want)
		}
	})
}

// FuzzIndex: no index of weights makes it panic. What it makes of one is a valid preset, whose weights take what the
// index says and no more than a limit.
func FuzzIndex(f *testing.F) {
	for _, text := range []string{
		`{"metadata": {"total_size": 2147483648}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}`,
		`{"metadata": {"total_size": 1e9, "total_parameters": 500}}`,
		`{"metadata": {"total_size": -1}}`, `{"metadata": {"total_size": "1"}}`, `{"metadata": null}`, `{"weight_map": []}`,
		`{"metadata": {"total_size": 1125899906842625}}`, `{"metadata": {"total_size": NaN}}`,
		`{"metadata": {"total_size": 1}, "weight_map": {"a": "consolidated.safetensors"}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Preset(Input{
			Repo:   "a/b",
			Config: Document{"config.json", []byte(minimal)},
			Index:  Document{"model.safetensors.index.json", []byte(text)},
		})
		if err != nil {
			var d diag.Diagnostic
			if !errors.As(err, &d) || d.Message == "" {
				t.Fatalf("%q: %v is no diagnostic", text, err)
			}
			return
		}
		if size := r.Preset.Model.WeightBytes; size < 1 || size > maxBytes {
			t.Fatalf("%q: weights of %d bytes", text, size)
		}
		if _, problems := preset.Parse("preset.yaml", r.Files["preset.yaml"]); len(problems) > 0 {
			t.Fatal(problems)
		}
	})
}
