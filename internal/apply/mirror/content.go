// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"compress/flate"
	"io"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

// withoutContent are the kinds whose data may be large or secret: it is read again when it is needed.
var withoutContent = map[string]bool{"ConfigMap": true, "Secret": true}

// notContent are the fields of an object that are no part of its content: they are kept apart, or not compared.
var notContent = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "status": true}

// deflated returns the content of an object. The template of a server has some 6 KiB as JSON, and a quarter of that
// deflated; as a map it would take 40.
func deflated(u *unstructured.Unstructured) string {
	if withoutContent[u.GetKind()] {
		return ""
	}
	content := map[string]any{}
	for field, value := range u.Object {
		if !notContent[field] {
			content[field] = value
		}
	}
	text, err := json.Marshal(content)
	if err != nil {
		return "" // no value of the server; then it is read again when it is needed
	}
	var out strings.Builder
	w := writers.Get().(*flate.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	_, err1 := w.Write(text)
	if err2 := w.Close(); err1 != nil || err2 != nil {
		return ""
	}
	return strings.Clone(out.String()) // without room for more
}

// writers and readers are used again: a new writer takes a megabyte.
var (
	writers = sync.Pool{New: func() any {
		w, _ := flate.NewWriter(nil, flate.BestSpeed) // fails only for an unknown level
		return w
	}}
	readers = sync.Pool{New: func() any { return flate.NewReader(nil) }}
)

// inflated returns what deflated has kept, with numbers as the API server gives them.
func inflated(text string) (map[string]any, error) {
	r := readers.Get().(io.ReadCloser)
	defer readers.Put(r)
	err := r.(flate.Resetter).Reset(strings.NewReader(text), nil)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(data, &out)
}
