// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"encoding/binary"
	"strings"
	"testing"
)

// safetensors is a file with the given header.
func safetensors(header string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header
}

func TestHeader(t *testing.T) {
	tests := map[string]struct {
		file string
		want int64
		err  string
	}{
		"plain": {
			safetensors(
				`{"__metadata__": {"format": "pt"}, "a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
		"b": {"dtype": "F32", "shape": [5]}}`,
			) + "data",
			11,
			"",
		},
		"scalar":    {safetensors(`{"a": {"dtype": "F32", "shape": []}}`), 1, ""},
		"empty":     {safetensors(`{"a": {"dtype": "F32", "shape": [0, 1125899906842624]}}`), 0, ""},
		"quantized": {safetensors(`{"a": {"dtype": "U8", "shape": [2, 3]}, "b": {"dtype": "F32", "shape": [5]}}`), 0, ""},
		"quantized and broken": {
			safetensors(`{"a": {"dtype": "U8", "shape": [2]}, "b": {"dtype": "F32", "shape": [-1]}}`),
			0,
			`x: tensor "b" has the shape`,
		},
		"nothing": {"", 0, "x: the safetensors file ends within its header (download the file again"},
		"short":   {safetensors(`{}`)[:9], 0, "x: the safetensors file ends within its header"},
		"long": {
			strings.Repeat("\xff", 8),
			0,
			"x: the header of the safetensors file takes 18446744073709551615 bytes, more than 104857600",
		},
		"not JSON":  {safetensors(`<html>`), 0, "x: the header of the safetensors file is not valid JSON: invalid character"},
		"not shape": {safetensors(`{"a": 1}`), 0, `x: tensor "a" is not described by a type and a shape`},
		"overflow": {
			safetensors(`{"a": {"dtype": "F32", "shape": [4294967296, 4294967296, 4294967296]}}`),
			0,
			`x: tensor "a" has the shape`,
		},
		"negative": {
			safetensors(`{"a": {"dtype": "F32", "shape": [-1]}}`),
			0,
			`x: tensor "a" has the shape`,
		},
	}
	for name, test := range tests {
		n, err := Header("x", strings.NewReader(test.file))
		if n != test.want || (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}
