// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

func recordsOf(t *testing.T, r ...Record) Records {
	t.Helper()
	return Read("demo", add(t, nil, nil, noon, r...), nil, noon)
}

// TestJudge: the words of each result.
func TestJudge(t *testing.T) {
	const in = " in https://git.example.com/team/models/pulls/7"
	shown := record("a").Shown
	with := func(change func(*Shown)) Shown { s := shown; change(&s); return s }
	deletion := record("a")
	deletion.Digest, deletion.Shown = Deletion(hashOf("a")), Shown{Deletes: true}
	free := record("free")
	free.Shown.HourlyCost = usd(0)
	unpriced := record("unpriced")
	unpriced.Shown.HourlyCost = capacity.Cost{}
	records := recordsOf(t, record("a"), deletion, free, unpriced)
	for what, c := range map[string]struct {
		digest string
		now    Shown
		after  time.Duration
		reason diag.Reason
		text   string
	}{
		"as shown":  {now: shown, reason: diag.AsReviewed, text: "as reviewed" + in + " at 2026-08-01T12:00:00Z"},
		"tolerated": {now: with(func(s *Shown) { s.HourlyCost = usd(3.673 * 1.1) }), reason: diag.AsReviewed},
		"cheaper":   {now: with(func(s *Shown) { s.HourlyCost = usd(1) }), reason: diag.AsReviewed},
		"fewer":     {now: with(func(s *Shown) { s.Nodes = 0; s.InstanceType = "" }), reason: diag.AsReviewed},
		"milder":    {now: with(func(s *Shown) { s.Interrupts = false }), reason: diag.AsReviewed},
		"same size": {now: with(func(s *Shown) { s.InstanceType = "standard_nc24ads_a100_v4" }), reason: diag.AsReviewed},
		"dearer": {
			now: with(func(s *Shown) { s.HourlyCost = usd(4.9) }), reason: diag.WorseThanReviewed,
			text: "worse than reviewed: it costs 4.90 USD/h, and was 3.67: 33% more, where policy.review.costTolerance is " +
				"10% (reviewed" + in + ")",
		},
		"price gone": {
			now: with(func(s *Shown) { s.HourlyCost = capacity.Cost{} }), reason: diag.WorseThanReviewed,
			text: "its price is unknown, and was 3.67 USD/h",
		},
		"price found": {
			digest: "unpriced", now: shown, reason: diag.WorseThanReviewed,
			text: "it costs 3.67 USD/h, and its price was unknown",
		},
		"unknown as shown": {
			digest: "unpriced", now: with(func(s *Shown) { s.HourlyCost = capacity.Cost{} }), reason: diag.AsReviewed,
		},
		"no longer free": {digest: "free", now: shown, reason: diag.WorseThanReviewed, text: "and cost nothing"},
		"size": {
			now: with(func(s *Shown) { s.InstanceType = "Standard_B" }), reason: diag.WorseThanReviewed,
			text: "its size is Standard_B, and was Standard_NC24ads_A100_v4",
		},
		"region": {
			now: with(func(s *Shown) { s.Region = "westeurope" }), reason: diag.WorseThanReviewed,
			text: "its region is westeurope, and was eastus",
		},
		"spot": {
			now: with(func(s *Shown) { s.Spot = true }), reason: diag.WorseThanReviewed,
			text: "it runs on spot nodes, and was not to",
		},
		"nodes": {
			now: with(func(s *Shown) { s.Nodes = 2 }), reason: diag.WorseThanReviewed, text: "it takes 2 nodes, and took 1",
		},
		"replaced": {
			now: with(func(s *Shown) { s.Replaces = true }), reason: diag.WorseThanReviewed,
			text: "its workload or its nodes are replaced",
		},
		"deleted": {
			now: Shown{Deletes: true}, reason: diag.WorseThanReviewed, text: "it is deleted",
		},
		"several": {
			now:    with(func(s *Shown) { s.Nodes, s.Spot = 2, true }),
			reason: diag.WorseThanReviewed, text: "it runs on spot nodes, and was not to; it takes 2 nodes, and took 1",
		},
		"expired": {
			now: shown, after: 8 * 24 * time.Hour, reason: diag.NotReviewed,
			text: "it was reviewed 8 days ago" + in + "; reviews count for 7 days",
		},
		"expired yesterday": {
			now: shown, after: week + time.Minute, reason: diag.NotReviewed, text: "it was reviewed 7 days ago",
		},
		"never": {
			digest: "z", now: shown, after: time.Hour, reason: diag.NotReviewed,
			text: "it was never reviewed as it is now; what was, 1 hour ago" + in + ", is another version of it",
		},
		"deletion never shown": {
			digest: "z", now: Shown{Deletes: true}, reason: diag.NotReviewed,
			text: "its deletion was never reviewed; what was, less than a minute ago" + in + ", is another change",
		},
	} {
		if c.digest == "" {
			c.digest = "a"
		}
		p := Policy{Verdict: Warn, CostTolerance: 10, MaxAge: week}
		got := Judge(records, Case{Workspace: phi, Digest: hashOf(c.digest), Now: c.now}, p, noon.Add(c.after))
		if got.Reason != c.reason || !strings.Contains(got.Text, c.text) {
			t.Errorf("%s: %+v, want %s %q", what, got, c.reason, c.text)
		}
	}
	c := Case{Workspace: phi, Digest: Deletion(hashOf("a")), Now: Shown{Deletes: true}}
	if got := Judge(records, c, Policy{MaxAge: week}, noon); got.Reason != diag.AsReviewed {
		t.Errorf("a deletion that was shown: %+v", got)
	}
	for text, records := range map[string]Records{
		"it was never reviewed": {}, "the reviews cannot be read: away": {Unread: "away"},
	} {
		got := Judge(records, Case{Workspace: phi, Digest: hashOf("a"), Now: shown}, Policy{}, noon)
		if got.Reason != diag.NotReviewed || got.Text != text {
			t.Errorf("%+v, want %q", got, text)
		}
	}
}

// TestCarriedOut: the same inputs at the same place need no review again; at another place they do.
func TestCarriedOut(t *testing.T) {
	now := record("a").Shown
	done := Of("d", now)
	dearer := now
	dearer.HourlyCost, dearer.Replaces, dearer.Interrupts = usd(99), true, true
	elsewhere, more, gone, paused := now, now, now, now
	elsewhere.InstanceType, more.Nodes, gone.Deletes, paused.Nodes = "B", 2, true, 0
	told := done
	told.Told = true
	for what, c := range map[string]struct {
		done   CarriedOut
		digest string
		now    Shown
		want   bool
	}{
		"repair": {done, "d", now, true}, "price of the repair": {done, "d", dearer, true},
		"paused":       {done, "d", paused, true},
		"other inputs": {done, "e", now, false}, "other size": {done, "d", elsewhere, false},
		"more":    {done, "d", more, false},
		"deleted": {done, "d", gone, false}, "only told": {told, "d", now, false}, "nothing": {CarriedOut{}, "", now, false},
	} {
		if got := c.done.Covers(c.digest, c.now); got != c.want {
			t.Errorf("%s: covered %t", what, got)
		}
		j := Judge(Records{}, Case{Workspace: phi, Digest: c.digest, Now: c.now, CarriedOut: c.done}, Policy{}, noon)
		if j.OK() != c.want {
			t.Errorf("%s: %+v", what, j)
		}
	}
	if got := done.Merge(Of("d", paused)); got != done {
		t.Errorf("a pause forgets the place: %+v", got)
	}
	if got := told.Merge(Of("d", now)); got.Told {
		t.Error("what the cluster shows is still only told")
	}
	if got := done.Merge(Of("d", elsewhere)); got.InstanceType != "B" {
		t.Errorf("a move is not kept: %+v", got)
	}
}

// TestJudgeOrder: nothing that is better in each value than what was shown is worse, and what is worse stays so when it
// gets worse still.
func TestJudgeOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	values := func() Shown {
		s := Shown{InstanceType: "A", Region: "eastus", Nodes: rng.IntN(4), HourlyCost: usd(float64(rng.IntN(5)))}
		s.Replaces, s.Interrupts, s.Spot = rng.IntN(2) == 0, rng.IntN(2) == 0, rng.IntN(3) == 0
		if rng.IntN(4) == 0 {
			s.HourlyCost = capacity.Cost{}
		}
		return s
	}
	for range 5000 {
		shown, now := values(), values()
		if w := shown.worse(shown, 0); len(w) > 0 {
			t.Fatalf("%+v is worse than itself: %q", shown, w)
		}
		worse := len(shown.worse(now, 10)) > 0
		more := now
		more.Nodes++
		more.HourlyCost.USD *= 2
		more.Replaces = true
		if worse && len(shown.worse(more, 10)) == 0 {
			t.Fatalf("%+v is worse than %+v, and %+v is not", now, shown, more)
		}
		if !worse && len(shown.worse(now, 50)) > 0 {
			t.Fatalf("%+v is worse than %+v only with more tolerance", now, shown)
		}
		if r := (Case{Workspace: phi, Digest: "d", Now: now}); Judge(Records{}, r, Policy{MaxAge: week}, noon).OK() {
			t.Fatalf("%+v needs no review", now)
		}
	}
}
