// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/fence"
)

// TestOf: the assignment is fixed for ever, since processes of two versions must agree on it.
func TestOf(t *testing.T) {
	got := map[string]int{}
	for _, namespace := range []string{"", "default", "team-a", "team-b", "team-c", "prod"} {
		got[namespace] = Of(namespace, 4)
	}
	want := map[string]int{"": 0, "default": 2, "team-a": 0, "team-b": 1, "team-c": 1, "prod": 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, n := range []int{0, 1} {
		if Of("default", n) != Fleet {
			t.Errorf("of %d shards, %d has the namespace", n, Of("default", n))
		}
	}
}

// TestBalance: each shard gets about as many namespaces as every other one, also if their names differ little.
func TestBalance(t *testing.T) {
	const namespaces = 10_000
	for _, n := range []int{2, 3, 4, 7, 16, Max} {
		count := make([]int, n)
		for i := range namespaces {
			count[Of(fmt.Sprintf("team-%d", i), n)]++
		}
		for i, got := range count {
			mean := namespaces / n
			if got < mean*3/4 || got > mean*5/4 {
				t.Errorf("shard %d of %d has %d namespaces, where %d are the mean", i, n, got, mean)
			}
		}
	}
}

// TestOneShardMore: only namespaces that move to the new shard move.
func TestOneShardMore(t *testing.T) {
	for n := 1; n < Max; n++ {
		moved := 0
		for i := range 1000 {
			namespace := fmt.Sprintf("team-%d", i)
			switch before, after := Of(namespace, n), Of(namespace, n+1); after {
			case before:
			case n:
				moved++
			default:
				t.Fatalf("%s moves from %d to %d of %d", namespace, before, after, n+1)
			}
		}
		if moved == 0 {
			t.Errorf("shard %d gets nothing", n)
		}
	}
}

// TestOneOwner: however shards are spread, one Share has a namespace, a file, and the fleet.
func TestOneOwner(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		n := 2 + random.IntN(Max-1)
		shares := []Share{NewShare(n), NewShare(n), NewShare(n)}
		for i := range n {
			who := random.IntN(len(shares))
			shares[who] = shares[who].with(i, true)
		}
		owners := func(has func(Share) bool) (count int) {
			for _, s := range shares {
				if has(s) {
					count++
				}
			}
			return count
		}
		names := []string{"README.md", "capacity.yaml", "objects.yaml", "objects-1.yaml", "objects-999.yaml", "by-hand"}
		for i := range 20 {
			namespace := fmt.Sprintf("team-%d", i)
			if got := owners(func(s Share) bool { return s.Has(namespace) }); got != 1 {
				t.Fatalf("seed %d: %s has %d owners", seed, namespace, got)
			}
			names = append(names, namespace+"/phi.yaml", shares[0].ObjectsFile(namespace))
		}
		for _, name := range names {
			if got := owners(func(s Share) bool { return s.Owns(name) }); got != 1 {
				t.Fatalf("seed %d: %s has %d owners", seed, name, got)
			}
		}
		if owners(Share.Fleet) != 1 {
			t.Fatalf("seed %d: the fleet has %d owners", seed, owners(Share.Fleet))
		}
	}
}

// TestShare: the zero value is everything, and a set of shards is only what it lists.
func TestShare(t *testing.T) {
	var all Share
	if !all.Has("a") || !all.Fleet() || !all.Owns("x/y.yaml") || all.Divided() || all.Empty() || all.String() != "all" {
		t.Errorf("%+v", all)
	}
	none, some := NewShare(4), NewShare(4, 1, 3)
	if none.Has("") || none.Fleet() || !none.Empty() || none.String() != "none of 4 shards" {
		t.Errorf("%s", none)
	}
	if some.Fleet() || some.String() != "shards 1, 3 of 4" || !some.Covers(none) || none.Covers(some) {
		t.Errorf("%s", some)
	}
	if got := NewShare(4, 0, 1, 3).Less(some); got != NewShare(4, 0) {
		t.Errorf("left: %s", got)
	}
	if some.ObjectsFile("") != "objects.yaml" || some.ObjectsFile("team-b") != "objects-1.yaml" {
		t.Errorf("%q, %q", some.ObjectsFile(""), some.ObjectsFile("team-b"))
	}
}

// TestHolder: a pass keeps what it has begun with, and a shard is given back only when the pass has ended.
func TestHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHolder(2)
		ctx, lose := context.WithCancel(t.Context())
		given := time.Time{}
		go func() {
			h.Hold(ctx, 1)
			given = time.Now()
		}()
		<-h.Changed()
		share, end := h.Begin()
		if share != NewShare(2, 1) {
			t.Errorf("the pass has %s", share)
		}
		lose()
		synctest.Wait()
		if !h.Share().Empty() || !given.IsZero() {
			t.Errorf("during the pass: %s, given back %s", h.Share(), given)
		}
		time.Sleep(time.Minute)
		lost := time.Now()
		end()
		synctest.Wait()
		if !given.Equal(lost) {
			t.Errorf("given back %s, and the pass ended %s", given, lost)
		}
		<-h.Changed()
		if share, end := h.Begin(); !share.Empty() {
			t.Errorf("the next pass has %s", share)
		} else {
			end()
		}
	})
}

// TestFences: a write needs the lease of its shard, and what is the fleet's that of the fleet.
func TestFences(t *testing.T) {
	f := NewFences(2)
	for i := range 2 {
		f.Of(i).Require(time.Minute)
	}
	one, zero := "team-b", "team-a" // their shards of two
	if Of(one, 2) != 1 || Of(zero, 2) != 0 {
		t.Fatalf("%d, %d", Of(one, 2), Of(zero, 2))
	}
	f.Of(1).Renewed(time.Now())
	ctx, fleet := t.Context(), AsFleet(t.Context())
	for name, tt := range map[string]struct {
		err error
		may bool
	}{
		"in the shard":                {f.MayWrite(ctx, one), true},
		"in another shard":            {f.MayWrite(ctx, zero), false},
		"without a namespace":         {f.MayWrite(ctx, ""), false},
		"as the fleet":                {f.MayWrite(fleet, one), false},
		"the status of the shard":     {f.Writes(NewShare(2, 1))(), true},
		"the status of both":          {f.Writes(NewShare(2, 0, 1))(), false},
		"the status of the whole":     {f.Writes(Share{})(), false},
		"the status of no shard":      {f.Writes(NewShare(2))(), true},
		"no fences, and so no leases": {error(nil), (*Fences)(nil).Writes(Share{}) == nil},
	} {
		if (tt.err == nil) != tt.may || tt.err != nil && !errors.Is(tt.err, fence.ErrNotLeader) {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	f.Of(0).Renewed(time.Now())
	f.Of(1).Close()
	if f.MayWrite(fleet, one) != nil || f.MayWrite(ctx, one) == nil {
		t.Error("the fleet's lease does not count for the fleet alone")
	}
}
