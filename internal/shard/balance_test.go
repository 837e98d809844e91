// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestBalanced: however shards are spread, asking and yielding ends, and then no process has two more than another one.
func TestBalanced(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		n, processes := 2+random.IntN(Max-1), 1+random.IntN(8)
		holders := make([]string, n)
		for i := range holders {
			holders[i] = fmt.Sprint(random.IntN(1 + random.IntN(processes))) // often all have one
		}
		name := func(i int) string { return fmt.Sprint(i) }
		moves := 0
		for again := true; again; moves++ {
			again = false
			for _, i := range random.Perm(processes) {
				shard, ok := Wanted(holders, name(i), random.IntN)
				if !ok {
					continue
				}
				if shard == Fleet || !Yields(holders, holders[shard], name(i)) {
					t.Fatalf("seed %d: %s asks for shard %d of %v", seed, name(i), shard, holders)
				}
				holders[shard], again = name(i), true
			}
			if moves > n {
				t.Fatalf("seed %d: asking does not end: %v", seed, holders)
			}
		}
		count := map[string]int{}
		for _, holder := range holders {
			count[holder]++
		}
		for i := range processes {
			for j := range processes {
				if count[name(i)] > count[name(j)]+1 {
					t.Fatalf("seed %d: %v", seed, count)
				}
			}
		}
	}
}

// TestNoQuestion: no process asks while a shard is free, nor for little.
func TestNoQuestion(t *testing.T) {
	first := func(int) int { return 0 }
	for name, holders := range map[string][]string{
		"a free shard":   {"a", "a", "", "a"},
		"one more":       {"a", "b", "a"},
		"one each":       {"a", "b"},
		"all by oneself": {"b", "b", "b"},
	} {
		if shard, ok := Wanted(holders, "b", first); ok {
			t.Errorf("%s: it asks for %d", name, shard)
		}
	}
	if Yields([]string{"a", "b", "a"}, "a", "b") || !Yields([]string{"a", "a"}, "a", "b") {
		t.Error("a yields for one more, or keeps two")
	}
}
