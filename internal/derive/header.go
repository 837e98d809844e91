// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/diag"
)

// MaxHeader is the largest header of a safetensors file, in bytes, according to the format.
const MaxHeader = 100 << 20

// plainTypes are the types of tensors that hold one parameter in each element. Quantized ones hold several, or parts of
// one.
var plainTypes = []string{"F64", "F32", "F16", "BF16"}

// Header counts the parameters of a safetensors file by its header: eight bytes with its length, and JSON with the
// shape of each tensor. It returns 0 if a tensor is quantized. It reads only the header. name is for errors.
func Header(name string, r io.Reader) (int64, error) {
	text, err := readHeader(name, r)
	if err != nil {
		return 0, err
	}
	var tensors map[string]json.RawMessage
	if err := json.Unmarshal(text, &tensors); err != nil {
		return 0, badHeader(name, diag.SyntaxError, "the header of the safetensors file is not valid JSON: %v", err)
	}
	delete(tensors, "__metadata__")
	var total int64
	quantized := false
	for _, tensor := range slices.Sorted(maps.Keys(tensors)) {
		var t struct {
			DType string  `json:"dtype"`
			Shape []int64 `json:"shape"`
		}
		if err := json.Unmarshal(tensors[tensor], &t); err != nil {
			return 0, badHeader(name, diag.WrongType, "tensor %.100q is not described by a type and a shape", tensor)
		}
		quantized = quantized || !slices.Contains(plainTypes, t.DType)
		n := int64(1)
		for _, d := range t.Shape {
			if d < 0 || d > maxBytes || n > 0 && d > maxBytes/n {
				return 0, badHeader(name, diag.OutOfRange, "tensor %.100q has the shape %v", tensor, t.Shape)
			}
			n *= d
		}
		if total += n; total > maxBytes {
			return 0, badHeader(name, diag.OutOfRange, "the tensors have more than %d parameters", int64(maxBytes))
		}
	}
	if quantized {
		return 0, nil
	}
	return total, nil
}

// readHeader returns the JSON in the header of a safetensors file.
func readHeader(name string, r io.Reader) ([]byte, error) {
	var length uint64
	err := binary.Read(r, binary.LittleEndian, &length)
	if err == nil && length > MaxHeader {
		return nil, badHeader(name, diag.TooLarge,
			"the header of the safetensors file takes %d bytes, more than %d", length, MaxHeader)
	}
	var text []byte
	if err == nil {
		if text, err = io.ReadAll(io.LimitReader(r, int64(length))); err == nil && uint64(len(text)) < length {
			err = io.ErrUnexpectedEOF
		}
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, badHeader(name, diag.SyntaxError, "the safetensors file ends within its header")
	case err != nil:
		return nil, fmt.Errorf("read the header of %s: %w", name, err)
	}
	return text, nil
}

// badHeader returns an error about a header. What is wrong is most often the copy.
func badHeader(name string, reason diag.Reason, format string, args ...any) error {
	return diag.Errorf(reason, format, args...).In(name).Suggest("download the file again, in case the copy is incomplete")
}
