// SPDX-License-Identifier: Apache-2.0

// Package recent keeps the values that were used most recently, and makes each of them once.
package recent

import (
	"context"
	"errors"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// NewLRU returns an empty cache that evicts the least recently used value.
func NewLRU[V any](size int) *lru.Cache[string, V] {
	c, err := lru.New[string, V](size)
	if err != nil {
		panic(err) // only a size below 1 makes it fail
	}
	return c
}

// Values keeps the most recently used values and makes each of them once. It is safe for concurrent use.
type Values[V any] struct {
	values *lru.Cache[string, V]
	making singleflight.Group
}

// New returns an empty cache of at most size values.
func New[V any](size int) *Values[V] { return &Values[V]{values: NewLRU[V](size)} }

// All returns the values that are kept, the least recently used first.
func (r *Values[V]) All() []V { return r.values.Values() }

// Resize sets how many values are kept, at least 1.
func (r *Values[V]) Resize(size int) { r.values.Resize(size) }

// Get returns the value of a key and makes it if it is missing. Of several concurrent callers one makes it and the
// others wait. All of them get its error, or its panic as an error; errors are not cached.
func (r *Values[V]) Get(ctx context.Context, key string, create func() (V, error)) (V, error) {
	for {
		if v, ok := r.values.Get(key); ok {
			return v, nil
		}
		maker := false
		done := r.making.DoChan(key, func() (any, error) {
			maker = true
			if v, ok := r.values.Get(key); ok { // another caller has made it since
				return v, nil
			}
			v, err := recovered(create)
			if err == nil {
				r.values.Add(key, v)
			}
			return v, err
		})
		select {
		case made := <-done:
			// When only the maker ran out of time, another caller makes the value.
			outOfTime := errors.Is(made.Err, context.Canceled) || errors.Is(made.Err, context.DeadlineExceeded)
			if maker || !outOfTime {
				return made.Val.(V), made.Err
			}
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
}

// recovered calls create and returns a panic as an error. No caller owns the goroutine, so a panic would end the
// process.
func recovered[V any](create func() (V, error)) (v V, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("rendering panicked: %v", cause)
		}
	}()
	return create()
}
