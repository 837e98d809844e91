// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	"syncer.dev/syncer/internal/shelf"
)

// withoutContent are the kinds whose data may be large or secret: it is read again when it is needed.
var withoutContent = map[string]bool{"ConfigMap": true, "Secret": true}

// notContent are the fields of an object that are no part of its content: they are kept apart, or not compared.
var notContent = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "status": true}

// contents has what the specifications of live objects have in common. Those of a fleet with many presets fill it; what
// does not fit is deflated.
var contents = shelf.New(512 << 10)

// How a content is kept, by its first byte.
const (
	onShelf = 's'
	flated  = 'f'
)

// fewBytes is a content that deflating makes little smaller.
const fewBytes = 256

// contentOf returns the content of an object, in little space. The template of a server has some 6 KiB as JSON, and as
// a map it would take 40. Beside those of other servers of its preset it takes some hundred bytes, and alone a quarter.
func contentOf(u *unstructured.Unstructured) string {
	if withoutContent[u.GetKind()] {
		return ""
	}
	room := texts.Get().(*[]byte)
	defer texts.Put(room)
	text, ok := appendContent((*room)[:0], u.Object)
	if !ok {
		return "" // no value of the server; then it is read again when it is needed
	}
	*room = text
	if parts := contents.Put(text); len(parts) < max(len(text)/4, fewBytes) {
		return string(onShelf) + string(parts)
	}
	return deflated(text)
}

// appendContent writes an object without the fields that are no content, as package canonical does.
func appendContent(text []byte, object map[string]any) (out []byte, ok bool) {
	names := make([]string, 0, 8)
	for field := range object {
		if !notContent[field] {
			names = append(names, field)
		}
	}
	slices.Sort(names)
	p := portion{text: append(text, '{')}
	for _, name := range names {
		if p.key(name); !p.canonical(object[name]) {
			return nil, false
		}
	}
	return append(p.text, '}'), true
}

func deflated(text []byte) string {
	var out bytes.Buffer
	out.WriteByte(flated)
	w := writers.Get().(*flate.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	_, err1 := w.Write(text)
	if err2 := w.Close(); err1 != nil || err2 != nil {
		return ""
	}
	return out.String()
}

// texts, writers and readers are used again: a new writer takes a megabyte.
var (
	texts   = sync.Pool{New: func() any { return new([]byte) }}
	writers = sync.Pool{New: func() any {
		w, _ := flate.NewWriter(nil, flate.BestSpeed) // fails only for an unknown level
		return w
	}}
	readers = sync.Pool{New: func() any { return flate.NewReader(nil) }}
)

// contentIn returns what contentOf has kept, with numbers as the API server gives them.
func contentIn(kept string) (map[string]any, error) {
	if kept == "" {
		return nil, errors.New("no content is kept")
	}
	text, err := []byte(nil), error(nil)
	if kept[0] == onShelf {
		text, err = contents.Get(kept[1:])
	} else {
		text, err = inflated(kept[1:])
	}
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(text, &out)
}

func inflated(text string) ([]byte, error) {
	r := readers.Get().(io.ReadCloser)
	defer readers.Put(r)
	if err := r.(flate.Resetter).Reset(strings.NewReader(text), nil); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
