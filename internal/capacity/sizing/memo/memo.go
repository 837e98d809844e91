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
)

// Sizes keeps answers of sizing by what was asked: many Workspaces serve one model in one way, and then all share one
// Demand. It is for one list of prices, and safe for concurrent use.
type Sizes struct {
	mu      sync.Mutex
	answers map[key]capacity.Demand
}

// maxSizes bounds the number of answers, of some 15 KiB each. With more, all are forgotten.
const maxSizes = 4096

// NewSizes returns a Sizes without answers.
func NewSizes() *Sizes { return &Sizes{answers: map[key]capacity.Demand{}} }

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
	of, ok := c.key(&r, nil)
	if !ok {
		return sizing.Size(r)
	}
	return c.answer(of, r, func() (capacity.Demand, error) { return sizing.Size(r) })
}

// SizeOn answers a request by nodes of one description, as sizing.SizeOn does. The Demand may be shared, and must not
// be changed.
func (c *Catalogue) SizeOn(r sizing.Request, s capacity.SKU) (capacity.Demand, error) {
	of, ok := c.key(&r, &s)
	if !ok {
		return sizing.SizeOn(r, s)
	}
	return c.answer(of, r, func() (capacity.Demand, error) { return sizing.SizeOn(r, s) })
}

// answer returns what is kept by a key, or what size answers.
func (c *Catalogue) answer(
	of key, r sizing.Request, size func() (capacity.Demand, error),
) (capacity.Demand, error) {
	c.sizes.mu.Lock()
	d, known := c.sizes.answers[of]
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
		c.sizes.answers[of] = d
		c.sizes.mu.Unlock()
	}
	d.Workspace = r.Workspace
	return d, nil
}

// key is the SHA-256 of a question.
type key [sha256.Size]byte

// question is all that sizing.Size looks at, but for the prices, or sizing.SizeOn with a description of nodes. The
// fields of a Request that it has itself take the place of those of the Request.
type question struct {
	sizing.Request
	Preset []byte // a digest
	// The labels of its nodes, and whose it is, make no difference to a size.
	Workspace, Selector *struct{} `json:",omitempty"`
	On                  capacity.SKU
	HasOn               bool
}

// questions are idle ones, which are large.
var questions = sync.Pool{New: func() any { return &question{} }}

// key returns what identifies a question; false for a pod template, which asks for more.
func (c *Catalogue) key(r *sizing.Request, on *capacity.SKU) (_ key, ok bool) {
	if c == nil || r.Preset.Name == "" {
		return key{}, false
	}
	sum, err := c.Digest(r.Preset)
	if err != nil {
		return key{}, false
	}
	q, _ := questions.Get().(*question)
	defer func() {
		*q = question{}
		questions.Put(q)
	}()
	q.Request, q.Preset = *r, sum[:]
	if on != nil {
		q.On, q.HasOn = *on, true
	}
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(q); err != nil {
		return key{}, false
	}
	var out key
	h.Sum(out[:0])
	return out, true
}
