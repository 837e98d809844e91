// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/bits"
	"path"
	"strconv"
	"strings"
)

// Fleet is the shard whose holder writes what all namespaces have in common.
const Fleet = 0

// Max is the largest number of shards.
const Max = 64

// Of returns the shard of a namespace among n, from 0. It is the one whose hash with the namespace is the highest
// (rendezvous hashing): with one shard more, only those namespaces move that move to it. What has no namespace belongs
// to Fleet.
func Of(namespace string, n int) int {
	if namespace == "" || n <= 1 {
		return Fleet
	}
	best, most := 0, uint64(0)
	for i := range n {
		if weight := weigh(namespace, i); i == 0 || weight > most {
			best, most = i, weight
		}
	}
	return best
}

// weigh hashes a namespace with a shard: FNV-1a, whose high bits depend too little on the last bytes, so that the
// finalizer of MurmurHash3 mixes them. Both are fixed for ever: processes of two versions must agree.
func weigh(namespace string, shard int) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(namespace + "/" + strconv.Itoa(shard)))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return x
}

// Share is a set of shards: the part of a cluster that one pass writes. The zero value is the whole cluster, undivided.
type Share struct {
	shards int
	held   uint64
}

// NewShare returns these shards of n. More than one shard is a part even if it has all of them, since another process
// may have had some before.
func NewShare(n int, held ...int) Share {
	s := Share{shards: n}
	for _, i := range held {
		s.held |= 1 << i
	}
	return s
}

// Divided reports whether the cluster has shards. Otherwise the Share is all of it.
func (s Share) Divided() bool { return s.shards > 1 }

// Holds reports whether a shard is in the Share.
func (s Share) Holds(shard int) bool { return !s.Divided() || s.held&(1<<shard) != 0 }

// Has reports whether the Share has a namespace; "" is what has none.
func (s Share) Has(namespace string) bool { return s.Holds(Of(namespace, s.shards)) }

// Fleet reports whether the Share has what all namespaces have in common.
func (s Share) Fleet() bool { return s.Holds(Fleet) }

// Empty reports whether nothing is in the Share.
func (s Share) Empty() bool { return s.Divided() && s.held == 0 }

// Covers reports whether every shard of o is in s too.
func (s Share) Covers(o Share) bool {
	return s.shards == o.shards && (!s.Divided() || o.held&^s.held == 0)
}

// Less returns the shards of s that o has not.
func (s Share) Less(o Share) Share { return Share{s.shards, s.held &^ o.held} }

// with returns the Share with a shard, or without it.
func (s Share) with(shard int, held bool) Share {
	if held {
		return Share{s.shards, s.held | 1<<shard}
	}
	return Share{s.shards, s.held &^ (1 << shard)}
}

// Count returns the number of shards in the Share.
func (s Share) Count() int { return bits.OnesCount64(s.held) }

// Shards lists them in order.
func (s Share) Shards() []int {
	out := []int{}
	for i := range s.shards {
		if s.Holds(i) {
			out = append(out, i)
		}
	}
	return out
}

// String says in words which shards there are.
func (s Share) String() string {
	switch {
	case !s.Divided():
		return "all"
	case s.Empty():
		return fmt.Sprintf("none of %d shards", s.shards)
	}
	var names []string
	for _, i := range s.Shards() {
		names = append(names, strconv.Itoa(i))
	}
	return fmt.Sprintf("shards %s of %d", strings.Join(names, ", "), s.shards)
}

// Owns reports whether the Share has a file of the status folder, by its path in the folder. Files in the folder of a
// namespace belong to its shard, and those that ObjectsFile names to theirs. All others belong to Fleet.
func (s Share) Owns(name string) bool {
	if dir := path.Dir(name); dir != "." {
		namespace, _, _ := strings.Cut(dir, "/")
		return s.Has(namespace)
	}
	for i := 1; i < s.shards; i++ {
		if name == objectsFile(i) {
			return s.Holds(i)
		}
	}
	return s.Fleet()
}

// Over returns what a status folder holds after the Share has written its files over those that are present.
func (s Share) Over(files, present map[string][]byte) map[string][]byte {
	out := maps.Clone(files)
	for name, data := range present {
		if s.Divided() && !s.Owns(name) {
			out[name] = data
		}
	}
	return out
}

// Edit returns the function that makes the files of the folder from those that are present; nil if files are all.
func (s Share) Edit(files map[string][]byte) func(present map[string][]byte) (map[string][]byte, error) {
	if !s.Divided() {
		return nil
	}
	return func(present map[string][]byte) (map[string][]byte, error) { return s.Over(files, present), nil }
}

// ObjectsFile names the file that lists the objects of a namespace that people should know of: each shard has its own,
// so that each has one writer.
func (s Share) ObjectsFile(namespace string) string { return objectsFile(Of(namespace, s.shards)) }

func objectsFile(shard int) string {
	if shard == Fleet {
		return "objects.yaml"
	}
	return fmt.Sprintf("objects-%d.yaml", shard)
}
