package derive

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// MaxHeader is the largest header of a safetensors file, in bytes, as the format has it.
const MaxHeader = 100 << 20

// plainTypes are the types of tensors that hold one parameter in each element. Quantized ones hold several, or parts of one.
var plainTypes = []string{"F64", "F32", "F16", "BF16"}

// Header counts the parameters of a safetensors file by its header: eight bytes with its length, and JSON with the shape of each
// tensor. It returns 0 when some are quantized. No more than the header is read.
func Header(name string, r io.Reader) (int64, error) {
	wrong := func(err error) error { return fmt.Errorf("%s: read the header of safetensors: %w", name, err) }
	var length uint64
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return 0, wrong(err)
	}
	if length > MaxHeader {
		return 0, wrong(fmt.Errorf("%d bytes are more than %d", length, MaxHeader))
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(length)))
	if err == nil && uint64(len(text)) < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, wrong(err)
	}
	var tensors map[string]json.RawMessage
	if err := json.Unmarshal(text, &tensors); err != nil {
		return 0, wrong(err)
	}
	delete(tensors, "__metadata__")
	var total int64
	for tensor, data := range tensors {
		var t struct {
			DType string  `json:"dtype"`
			Shape []int64 `json:"shape"`
		}
		if err := json.Unmarshal(data, &t); err != nil {
			return 0, wrong(fmt.Errorf("%.100q: %w", tensor, err))
		}
		if !slices.Contains(plainTypes, t.DType) {
			return 0, nil
		}
		n := int64(1)
		for _, d := range t.Shape {
			if d < 0 || d > maxBytes || n > 0 && d > maxBytes/n {
				return 0, wrong(fmt.Errorf("%.100q has the shape %v", tensor, t.Shape))
			}
			n *= d
		}
		if total += n; total > maxBytes {
			return 0, wrong(fmt.Errorf("more than %d parameters", int64(maxBytes)))
		}
	}
	return total, nil
}
