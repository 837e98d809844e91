// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Sizes keeps answers of sizing by what was asked: many Workspaces serve one model in one way, and then all share one
// Demand. It is for one list of prices, and safe for concurrent use.
type Sizes struct {
	mu      sync.Mutex
	answers map[string]capacity.Demand
}

// maxSizes bounds the number of answers, of some 15 KiB each. With more, all are forgotten.
const maxSizes = 4096

// NewSizes returns a Sizes without answers.
func NewSizes() *Sizes { return &Sizes{answers: map[string]capacity.Demand{}} }

// Of returns the answers for the presets of one catalogue, which do not change while they are in use.
func (s *Sizes) Of() *Catalogue {
	return &Catalogue{sizes: s, digests: map[string][sha256.Size]byte{}}
}

// Catalogue gives answers for the presets of one catalogue. It is safe for concurrent use. A nil Catalogue keeps
// nothing.
type Catalogue struct {
	sizes   *Sizes
	mu      sync.Mutex
	digests map[string][sha256.Size]byte // of presets, by name
}

// Digest returns the SHA-256 of a preset of the catalogue.
func (c *Catalogue) Digest(p preset.Preset) (sum [sha256.Size]byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum, ok := c.digests[p.Name]
	if !ok {
		var text []byte
		if text, err = json.Marshal(p); err != nil {
			return sum, err
		}
		sum = sha256.Sum256(text)
		c.digests[p.Name] = sum
	}
	return sum, nil
}

// Size answers a request by Azure's sizes. The Demand may be shared, and must not be changed. The error is that of
// sizing.Size, and is not kept.
func (c *Catalogue) Size(r sizing.Request) (capacity.Demand, error) {
	key, ok := c.key(r, nil)
	if !ok {
		return sizing.Size(r)
	}
	return c.answer(key, r, func() (capacity.Demand, error) { return sizing.Size(r) })
}

// SizeOn answers a request by nodes of one description, as sizing.SizeOn does. The Demand may be shared, and must not
// be changed.
func (c *Catalogue) SizeOn(r sizing.Request, s capacity.SKU) (capacity.Demand, error) {
	key, ok := c.key(r, &s)
	if !ok {
		return sizing.SizeOn(r, s)
	}
	return c.answer(key, r, func() (capacity.Demand, error) { return sizing.SizeOn(r, s) })
}

// answer returns what is kept by a key, or what size answers.
func (c *Catalogue) answer(
	key string, r sizing.Request, size func() (capacity.Demand, error),
) (capacity.Demand, error) {
	c.sizes.mu.Lock()
	d, known := c.sizes.answers[key]
	c.sizes.mu.Unlock()
	if !known {
		var err error
		if d, err = size(); err != nil {
			return d, err
		}
		d.Notes = slices.Clip(d.Notes) // callers append to them
		c.sizes.mu.Lock()
		if len(c.sizes.answers) >= maxSizes {
			clear(c.sizes.answers)
		}
		c.sizes.answers[key] = d
		c.sizes.mu.Unlock()
	}
	d.Workspace = r.Workspace
	return d, nil
}

// key returns all that sizing.Size looks at, but for the prices, or sizing.SizeOn with a description of nodes; false
// for a pod template, which asks for more.
func (c *Catalogue) key(r sizing.Request, on *capacity.SKU) (string, bool) {
	if c == nil || r.Preset.Name == "" {
		return "", false
	}
	sum, err := c.Digest(r.Preset)
	if err != nil {
		return "", false
	}
	// The labels of its nodes, and whose it is, make no difference to a size.
	r.Workspace, r.Selector, r.Preset = workspace.Key{}, nil, preset.Preset{}
	text, err := json.Marshal(struct {
		Asked  *sizing.Request
		Preset []byte
		On     *capacity.SKU
	}{&r, sum[:], on})
	return string(text), err == nil
}
