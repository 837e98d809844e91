// SPDX-License-Identifier: Apache-2.0

// Package holding compares the files that a folder is to hold with those that it holds, which it knows by digests
// alone. Pure.
package holding

import (
	"crypto/sha256"
	"maps"
	"slices"
)

// Digest identifies the content of a file: half of its SHA-256.
type Digest [sha256.Size / 2]byte

// DigestOf returns the digest of a content.
func DigestOf(data []byte) Digest {
	sum := sha256.Sum256(data)
	return Digest(sum[:len(Digest{})])
}

// Holding is what a folder holds, as far as its writer knows, and what it is to hold instead. The zero value knows
// nothing.
type Holding struct {
	// Owns reports whether a file is this writer's; nil: each is. A change of it counts from the next call of Begin on.
	Owns func(name string) bool

	files map[string]Digest // by path; nil: unknown
	// differ are the files that the folder is to hold and does not, by path; nil: it holds one that it is not to hold.
	differ map[string][]byte
}

// Known reports whether it is known what the folder holds.
func (h *Holding) Known() bool { return h.files != nil }

// Forget forgets what the folder holds.
func (h *Holding) Forget() { h.files = nil }

// Begin takes over what the folder holds. What it is to hold has to be said again, and then that it is Only that.
func (h *Holding) Begin(files map[string][]byte) {
	h.files, h.differ = make(map[string]Digest, len(files)), map[string][]byte{}
	for name, data := range files {
		if h.Mine(name) {
			h.files[name] = DigestOf(data)
		}
	}
}

// Only says that the folder is to hold no other files.
func (h *Holding) Only(wanted map[string]bool) {
	for name := range h.files {
		if !wanted[name] {
			h.Drops(name)
		}
	}
}

// Mine reports whether a file is this writer's.
func (h *Holding) Mine(name string) bool { return h.Owns == nil || h.Owns(name) }

// Has reports whether the folder holds a content under a name.
func (h *Holding) Has(name string, content Digest) bool {
	was, held := h.files[name]
	return held && was == content
}

// Others lists the paths of the files that are not what the folder is known to hold.
func (h *Holding) Others(files map[string][]byte) []string {
	var out []string
	for name, data := range files {
		if h.Mine(name) && !h.Has(name, DigestOf(data)) {
			out = append(out, name)
		}
	}
	for name := range h.files {
		if _, exists := files[name]; !exists {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Differ returns the files that the folder is to hold and does not, by path; nil for each that it is not to hold.
func (h *Holding) Differ() map[string][]byte { return h.differ }

// Changed lists the paths of the files that differ.
func (h *Holding) Changed() []string { return slices.Sorted(maps.Keys(h.differ)) }

// Recorded says that the folder holds now what it is to hold.
func (h *Holding) Recorded() {
	for name, data := range h.differ {
		if data == nil {
			delete(h.files, name)
		} else {
			h.files[name] = DigestOf(data)
		}
	}
	h.differ = map[string][]byte{}
}

// Wants says that the folder is to hold a file.
func (h *Holding) Wants(name string, data []byte) {
	if !h.Mine(name) {
		return
	}
	if h.Keeps(name, DigestOf(data)) {
		return
	}
	if h.differ == nil {
		h.differ = map[string][]byte{}
	}
	h.differ[name] = data
}

// Keeps says that the folder is to hold a file with a content that it may hold already. If it does not, it returns
// false, and Wants has to say what the content is.
func (h *Holding) Keeps(name string, content Digest) bool {
	if !h.Has(name, content) {
		return false
	}
	delete(h.differ, name)
	return true
}

// Drops says that the folder is not to hold a file.
func (h *Holding) Drops(name string) {
	delete(h.differ, name)
	if _, held := h.files[name]; held {
		h.differ[name] = nil
	}
}
