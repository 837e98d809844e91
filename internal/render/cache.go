// SPDX-License-Identifier: Apache-2.0

package render

import (
	"github.com/hashicorp/golang-lru/v2"

	"syncer.dev/syncer/internal/render/recent"
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
	baseBuilds *recent.Values[[]byte]
	templates  *recent.Values[buildTemplate]
	bundles    *lru.Cache[string, cachedBundle]
	digests    *lru.Cache[string, cachedBundle] // without the objects
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{
		baseBuilds: recent.New[[]byte](maxTemplates),
		templates:  recent.New[buildTemplate](maxTemplates),
		bundles:    recent.NewLRU[cachedBundle](maxBundles),
		digests:    recent.NewLRU[cachedBundle](maxDigests),
	}
}

// cachedBundle is a bundle and the folders of the catalogue that it was built from.
type cachedBundle struct {
	bundle Bundle
	dirs   []string
	digest string // of dirs
}
