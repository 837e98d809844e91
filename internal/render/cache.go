// SPDX-License-Identifier: Apache-2.0

package render

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"syncer.dev/syncer/internal/canonical"
	"syncer.dev/syncer/internal/render/kept"
	"syncer.dev/syncer/internal/render/recent"
)

// Limits of a Cache. A template takes some 45 KiB, a bundle in full a third of that, one that is packed 2 KiB, a digest
// 500 bytes, an object without findings 100, and a shape as much as a bundle in full.
const (
	maxBundles   = 16_384
	maxTemplates = 4_096
	maxDigests   = 65_536
	maxClean     = 4_096
	maxShapes    = 512
)

// Cache keeps rendered bundles by their inputs, and templates by the files they are built from. It outlives the
// Renderers, since each revision of a repository has its own: a Workspace that a commit did not touch is not rendered
// again. It is safe for concurrent use, has a bounded size and evicts the least recently used values.
type Cache struct {
	baseBuilds *recent.Values[[]byte]
	templates  *recent.Values[buildTemplate]
	bundles    [forms]*lru.Cache[string, Bundle]
	shapes     [forms]*lru.Cache[string, *alike] // by inputs.Key.Shape; none for inFull
	kept       kept.Keeper
	clean      *lru.Cache[string, struct{}] // see judge.Case

	mu   sync.Mutex
	room map[string]int // see Fit
}

// form is what a Cache keeps of a Bundle.
type form int

const (
	inFull   form = iota
	isPacked      // outlines with their content
	asDigest      // without objects
	forms
)

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{
		baseBuilds: recent.New[[]byte](maxTemplates),
		templates:  recent.New[buildTemplate](maxTemplates),
		bundles: [forms]*lru.Cache[string, Bundle]{
			inFull:   recent.NewLRU[Bundle](maxBundles),
			isPacked: recent.NewLRU[Bundle](maxBundles),
			asDigest: recent.NewLRU[Bundle](maxDigests),
		},
		shapes: [forms]*lru.Cache[string, *alike]{
			isPacked: recent.NewLRU[*alike](maxShapes),
			asDigest: recent.NewLRU[*alike](maxShapes),
		},
		clean: recent.NewLRU[struct{}](maxClean),
	}
}

// in returns a rendered Bundle in a form. Nothing refers to its text any more.
func (c *Cache) in(f form, b written) Bundle {
	defer canonical.Release(b.text)
	switch f {
	case isPacked:
		return packed(&c.kept, b)
	case asDigest:
		return Bundle{Workspace: b.Workspace, Digest: b.Digest, Warnings: b.Warnings, from: b.from}
	}
	return b.Bundle
}

// For each Workspace, a Cache keeps what it renders and what it has rendered before some changes: both sides of a
// comparison, and those of a pull request. What a fleet of any size needs beside that is spare.
const (
	versions = 4
	spare    = 64
)

// Fit makes the Cache no larger than a fleet of so many Workspaces needs: a small fleet that changes for weeks keeps
// little. name is that of the fleet; several ones may share a Cache, which then has room for all.
func (c *Cache) Fit(name string, workspaces int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, known := c.room[name]; known && n == workspaces {
		return
	}
	if c.room == nil {
		c.room = map[string]int{}
	}
	c.room[name] = workspaces
	sum := 0
	for _, n := range c.room {
		sum += n
	}
	most := versions*sum + spare
	c.baseBuilds.Resize(min(most, maxTemplates))
	c.templates.Resize(min(most, maxTemplates))
	c.bundles[inFull].Resize(min(most, maxBundles))
	c.shapes[isPacked].Resize(min(most, maxShapes))
	c.shapes[asDigest].Resize(min(most, maxShapes))
	c.bundles[isPacked].Resize(min(most, maxBundles))
	c.bundles[asDigest].Resize(min(most, maxDigests))
}
