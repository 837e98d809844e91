package render

import (
	ordered "container/list"
	"context"
	"errors"
	"sync"
)

// Limits of a Cache. A bundle takes some 30 KiB, a shape about the same.
const (
	maxBundles = 16_384
	maxShapes  = 4_096
)

// Cache keeps what was rendered, by all that it was made from. It outlives the Renderers, of which there is one for each
// revision of a repository: what a commit did not touch is not rendered again. It is safe for concurrent use, and of bounded
// size: what was used last stays.
type Cache struct {
	begun   recent[[]byte]
	shapes  recent[shape]
	bundles recent[kept]
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{begun: recent[[]byte]{max: maxShapes}, shapes: recent[shape]{max: maxShapes}, bundles: recent[kept]{max: maxBundles}}
}

// kept is a bundle, and the folders of the catalogue that it was made from.
type kept struct {
	bundle Bundle
	dirs   []string
	digest string // of dirs
}

// recent keeps the values that were used last.
type recent[V any] struct {
	max int

	mu    sync.Mutex
	byKey map[string]*ordered.Element
	order ordered.List // of *entry[V]; the one that was used last is in front
}

type entry[V any] struct {
	key   string
	ready chan struct{} // closed when value and err are there
	value V
	err   error
}

// get returns the value of a key, and produces it if there is none. Of several callers at the same time one makes it and the
// others wait. An error is returned to all of them, and not kept.
func (r *recent[V]) get(ctx context.Context, key string, produce func() (V, error)) (V, error) {
	for {
		e, mine := r.claim(key)
		if mine {
			r.fulfil(e, produce)
			return e.value, e.err
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
		// That the maker ran out of time says nothing about the others.
		if e.err == nil || !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return e.value, e.err
		}
	}
}

var errPanicked = errors.New("rendering panicked")

// fulfil makes the value of an entry. Whatever happens, those who wait for it are let go.
func (r *recent[V]) fulfil(e *entry[V], produce func() (V, error)) {
	e.err = errPanicked
	defer func() {
		if e.err != nil {
			r.forget(e)
		}
		close(e.ready)
	}()
	e.value, e.err = produce()
}

// claim returns the entry of a key, and whether the caller is to make its value.
func (r *recent[V]) claim(key string) (e *entry[V], mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.byKey[key]; ok {
		r.order.MoveToFront(at)
		return at.Value.(*entry[V]), false
	}
	e = &entry[V]{key: key, ready: make(chan struct{})}
	r.add(e)
	return e, true
}

// find returns the value of a key, if it is there.
func (r *recent[V]) find(key string) (value V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.byKey[key]
	if !ok {
		return value, false
	}
	r.order.MoveToFront(at)
	return at.Value.(*entry[V]).value, true
}

// put keeps a value.
func (r *recent[V]) put(key string, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.byKey[key]; ok {
		r.order.Remove(at)
	}
	r.add(&entry[V]{key: key, value: value})
}

// add is for callers that hold the lock.
func (r *recent[V]) add(e *entry[V]) {
	if r.byKey == nil {
		r.byKey = map[string]*ordered.Element{}
	}
	r.byKey[e.key] = r.order.PushFront(e)
	for r.order.Len() > r.max {
		last := r.order.Back()
		delete(r.byKey, r.order.Remove(last).(*entry[V]).key)
	}
}

func (r *recent[V]) forget(e *entry[V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.byKey[e.key]; ok && at.Value.(*entry[V]) == e {
		r.order.Remove(at)
		delete(r.byKey, e.key)
	}
}
