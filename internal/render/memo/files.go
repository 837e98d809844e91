// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// File is a file with its content, a value with placeholders.
type File struct {
	Name  string
	Value any
}

// Files is the text of files with tokens, one after another.
type Files struct {
	names []File
	text  []byte
	ends  []int // of the files in the text
}

// Files writes files with tokens. The text is written to a buffer, which the result uses.
func (t *Placeholders) Files(files []File, buffer []byte) (Files, error) {
	f := Files{names: files, text: buffer[:0], ends: make([]int, 0, len(files))}
	for _, file := range files {
		text, err := t.Append(f.text, file.Value)
		if err != nil {
			return Files{}, fmt.Errorf("encode %s: %w", file.Name, err)
		}
		f.text, f.ends = text, append(f.ends, len(text))
	}
	return f, nil
}

// Buffer returns the buffer that the files use, which may be another than the given one by now.
func (f Files) Buffer() []byte { return f.text }

// Key returns what identifies the names and the content of the files, together with another key.
func (f Files) Key(with string) string {
	text := f.text
	for i, file := range f.names {
		text = append(append(binary.BigEndian.AppendUint64(text, uint64(f.ends[i])), file.Name...), 0)
	}
	sum := sha256.Sum256(append(text, with...))
	return string(sum[:])
}

// Each calls a function with the name and a copy of the content of each file.
func (f Files) Each(do func(name string, data []byte)) {
	from := 0
	for i, file := range f.names {
		do(file.Name, slices.Clone(f.text[from:f.ends[i]]))
		from = f.ends[i]
	}
}
