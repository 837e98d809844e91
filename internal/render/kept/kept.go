// SPDX-License-Identifier: Apache-2.0

// Package kept keeps rendered objects in little memory: an outline of each, and their text on a shelf.
package kept

import (
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/shelf"
)

// maxShelf is room for what the objects of some hundred presets have in common, in bytes. It is ours.
const maxShelf = 512 << 10

// Keeper keeps objects. The zero value is ready, and safe for concurrent use.
type Keeper struct {
	kinds sync.Map // by version and kind: the map that says so

	mu sync.Mutex
	on *shelf.Shelf
}

// Text is a text on a shelf. The zero value is none.
type Text struct {
	on    *shelf.Shelf
	parts string
}

// Empty reports whether there is no text.
func (t Text) Empty() bool { return t.on == nil }

// Bytes returns the text. It is an error if it is none that Keep wrote.
func (t Text) Bytes() ([]byte, error) { return t.on.Get(t.parts) }

// Another keeps another text on the same shelf.
func (t Text) Another(text []byte) Text { return Text{t.on, string(t.on.Put(text))} }

// Size is the number of bytes that the text takes beside what it has in common with others.
func (t Text) Size() int { return len(t.parts) }

// Keep keeps a text: on another shelf once the last one is full. One that no text is on any more goes.
func (k *Keeper) Keep(text []byte) Text {
	k.mu.Lock()
	if k.on == nil || k.on.Full() {
		k.on = shelf.New(maxShelf)
	}
	on := k.on
	k.mu.Unlock()
	return Text{on: on}.Another(text)
}

// Kind returns the content of an outline: all of one kind share the map that says so.
func (k *Keeper) Kind(version, kind string) map[string]any {
	of, _ := k.kinds.LoadOrStore(version+" "+kind, map[string]any{"apiVersion": version, "kind": kind})
	object, _ := of.(map[string]any)
	return object
}

// Outlines returns n outlines of these contents. Their addresses tell them apart.
func Outlines(n int, content func(i int) map[string]any) []*unstructured.Unstructured {
	out, all := make([]*unstructured.Unstructured, n), make([]unstructured.Unstructured, n)
	for i := range all {
		all[i].Object = content(i)
		out[i] = &all[i]
	}
	return out
}
