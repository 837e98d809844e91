// SPDX-License-Identifier: Apache-2.0

package desired

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

// digests are those of the presets of one catalogue, by name. They are safe for concurrent use.
type digests struct {
	mu sync.Mutex
	of map[string][sha256.Size]byte
}

// get returns the SHA-256 of a preset.
func (d *digests) get(p preset.Preset) (sum [sha256.Size]byte, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sum, ok := d.of[p.Name]
	if !ok {
		var text []byte
		if text, err = json.Marshal(p); err != nil {
			return sum, err
		}
		sum = sha256.Sum256(text)
		d.of[p.Name] = sum
	}
	return sum, nil
}

// remembering returns the policy for one call of Desire, whose Workspaces share answers of sizing.
func (p Policy) remembering() Policy {
	if p.Sizes == nil {
		p.Sizes = NewSizes()
	}
	p.digests = &digests{of: map[string][sha256.Size]byte{}}
	return p
}

// size answers a request by Azure's sizes. The Demand may be shared, and must not be changed.
func (p Policy) size(r sizing.Request) (capacity.Demand, error) {
	key, ok := p.sizeKey(r)
	if !ok {
		return sizing.Size(r)
	}
	p.Sizes.mu.Lock()
	d, known := p.Sizes.answers[key]
	p.Sizes.mu.Unlock()
	if !known {
		var err error
		if d, err = sizing.Size(r); err != nil {
			return d, err
		}
		d.Notes = slices.Clip(d.Notes) // callers append to them
		p.Sizes.mu.Lock()
		if len(p.Sizes.answers) >= maxSizes {
			clear(p.Sizes.answers)
		}
		p.Sizes.answers[key] = d
		p.Sizes.mu.Unlock()
	}
	d.Workspace = r.Workspace
	return d, nil
}

// sizeKey returns all that sizing.Size looks at, but for the prices; false for a pod template, which asks for more.
func (p Policy) sizeKey(r sizing.Request) (string, bool) {
	if p.Sizes == nil || p.digests == nil || r.Preset.Name == "" {
		return "", false
	}
	sum, err := p.digests.get(r.Preset)
	if err != nil {
		return "", false
	}
	// The labels of its nodes, and whose it is, make no difference to a size.
	r.Workspace, r.Selector, r.Preset = workspace.Key{}, nil, preset.Preset{}
	text, err := json.Marshal(struct {
		Asked  *sizing.Request
		Preset []byte
	}{&r, sum[:]})
	return string(text), err == nil
}
