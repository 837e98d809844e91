// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// Limits of a Cache. A bundle takes some 30 KiB, a template about the same.
const (
	maxBundles   = 16_384
	maxTemplates = 4_096
	maxDigests   = 65_536 // some 300 bytes each
)

// Cache keeps rendered bundles by their inputs, and templates by the files they are built from. It outlives the
// Renderers, since each revision of a repository has its own: a Workspace that a commit did not touch is not rendered
// again. It is safe for concurrent use, has a bounded size and evicts the least recently used values.
type Cache struct {
	baseBuilds *recent[[]byte]
	templates  *recent[buildTemplate]
	bundles    *lru.Cache[string, cachedBundle]
	digests    *lru.Cache[string, cachedBundle] // without the objects
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{
		baseBuilds: newRecent[[]byte](maxTemplates),
		templates:  newRecent[buildTemplate](maxTemplates),
		bundles:    newLRU[cachedBundle](maxBundles),
		digests:    newLRU[cachedBundle](maxDigests),
	}
}

// cachedBundle is a bundle and the folders of the catalogue that it was built from.
type cachedBundle struct {
	bundle Bundle
	dirs   []string
	digest string // of dirs
}

// newLRU returns an empty cache that evicts the least recently used value.
func newLRU[V any](size int) *lru.Cache[string, V] {
	c, err := lru.New[string, V](size)
	if err != nil {
		panic(err) // only a size below 1 makes it fail
	}
	return c
}

// recent keeps the most recently used values and makes each of them once.
type recent[V any] struct {
	values *lru.Cache[string, V]
	making singleflight.Group
}

func newRecent[V any](size int) *recent[V] { return &recent[V]{values: newLRU[V](size)} }

// get returns the value of a key and makes it if it is missing. Of several concurrent callers one makes it and the
// others wait. All of them get its error, or its panic as an error; errors are not cached.
func (r *recent[V]) get(ctx context.Context, key string, create func() (V, error)) (V, error) {
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
