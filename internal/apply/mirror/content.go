// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"compress/flate"
	"io"
	"strings"

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
	w, _ := flate.NewWriter(&out, flate.BestSpeed) // fails only for an unknown level
	_, err1 := w.Write(text)
	if err2 := w.Close(); err1 != nil || err2 != nil {
		return ""
	}
	return out.String()
}

// inflated returns what deflated has kept, with numbers as the API server gives them.
func inflated(text string) (map[string]any, error) {
	data, err := io.ReadAll(flate.NewReader(strings.NewReader(text)))
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(data, &out)
}
