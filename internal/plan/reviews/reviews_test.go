// SPDX-License-Identifier: Apache-2.0

package reviews

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

const week = 7 * 24 * time.Hour

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func named(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

func place(size string) reviewed.Shown {
	return reviewed.Shown{
		InstanceType: size, Region: "eastus", Nodes: 1, HourlyCost: capacity.Cost{USD: 4, Known: true},
	}
}

func digest(letter string) string { return strings.Repeat(letter, 64) }

// shown is a plan with one Workspace for each operation.
func shown() *plan.Plan {
	p := &plan.Plan{Cluster: "demo", Workspaces: []*plan.Workspace{
		{Key: named("created"), Op: plan.Create, Digest: digest("a"), Place: place("A")},
		{Key: named("deleted"), Op: plan.Delete, Digest: digest("b")},
		{Key: named("held"), Op: plan.Hold, Digest: digest("c")},
		{Key: named("lost"), Op: plan.Update, Place: place("A")},
		{Key: named("replaced"), Op: plan.Replace, Interrupted: true, Digest: digest("d"), Place: place("A")},
		{Key: named("same"), Op: plan.NoOp, Place: place("A")},
		{Key: named("updated"), Op: plan.Update, Digest: digest("e"), Place: place("A")},
	}}
	p.Changes = []*plan.Change{
		{Workspace: named("deleted"), Op: plan.Delete, Live: &cluster.Object{Ref: cluster.Ref{Kind: "StatefulSet"}}},
		{Workspace: named("updated"), Op: plan.Create, Pool: &capacity.PoolChange{Desired: &capacity.Pool{}}},
		{Workspace: named("updated"), Op: plan.Delete, Pool: &capacity.PoolChange{Live: &capacity.LivePool{}}},
	}
	return p
}

// TestRecords: each Workspace that changes has a record with the values that the plan shows; the others have none.
func TestRecords(t *testing.T) {
	got := Records(shown(), Showing{PullRequest: "https://a.b/1", Commit: digest("f"), At: noon.Add(time.Millisecond)})
	type row struct {
		digest                        string
		replaces, interrupts, deletes bool
	}
	want := map[string]row{
		"created":  {digest: digest("a")},
		"deleted":  {digest: reviewed.Deletion(digest("b")), deletes: true},
		"replaced": {digest: digest("d"), replaces: true, interrupts: true},
		"updated":  {digest: digest("e"), replaces: true},
	}
	if len(got) != len(want) {
		t.Errorf("%d records", len(got))
	}
	for _, r := range got {
		if have := (row{r.Digest, r.Shown.Replaces, r.Shown.Interrupts, r.Shown.Deletes}); have != want[r.Workspace.Name] {
			t.Errorf("%s: %+v", r.Workspace, have)
		}
		if r.Cluster != "demo" || r.PullRequest != "https://a.b/1" || r.Commit != digest("f") || !r.At.Equal(noon) {
			t.Errorf("%+v", r)
		}
		if _, err := r.Text(); err != nil {
			t.Errorf("%s cannot be written: %v", r.Workspace, err)
		}
	}
}

// judge judges a plan by the records of another one.
func judge(t *testing.T, verdict reviewed.Verdict, now, before *plan.Plan, accepts ...string) map[string]Judged {
	t.Helper()
	keeping := reviewed.Keeping{Cluster: "demo", MaxAge: week, Now: noon}
	files, err := keeping.Add(nil, Records(before, Showing{At: noon})...)
	if err != nil {
		t.Fatal(err)
	}
	judged := Judge(now, Input{
		Policy:  reviewed.Policy{Verdict: verdict, CostTolerance: 10, MaxAge: week},
		Records: reviewed.Read("demo", files, nil, noon),
		CarriedOut: func(_ int, k workspace.Key) reviewed.CarriedOut {
			if k != named("same") {
				return reviewed.CarriedOut{}
			}
			return reviewed.CarriedOut{Digest: digest("0"), InstanceType: "A", Region: "eastus", Nodes: 1}
		},
		Accepts: func(digest string) bool {
			for _, a := range accepts {
				if a == digest {
					return true
				}
			}
			return false
		},
		Now: noon,
	})
	out := map[string]Judged{}
	for _, j := range judged {
		out[j.Workspace.Name] = j
	}
	return out
}

// TestJudge: the plan that was shown is as reviewed, in each Workspace but one without a digest; anything worse is not.
func TestJudge(t *testing.T) {
	got := judge(t, reviewed.Require, shown(), shown())
	if len(got) != 5 || got["lost"].Reason != diag.NotReviewed {
		t.Errorf("%+v", got)
	}
	for name, j := range got {
		if name != "lost" && j.Reason != diag.AsReviewed {
			t.Errorf("%s: %+v", name, j)
		}
	}
	if len(judge(t, reviewed.Off, shown(), shown())) != 0 {
		t.Error("plans are judged while the verdict is off")
	}
	worse := shown()
	worse.Workspaces[0].Place.HourlyCost.USD = 5
	worse.Workspaces[5].Place.InstanceType = "B" // its pool is shared: no step is its own
	worse.Workspaces[6].Digest = digest("9")
	got = judge(t, reviewed.Require, worse, shown())
	for name, reason := range map[string]diag.Reason{
		"created": diag.WorseThanReviewed, "same": diag.NotReviewed, "updated": diag.NotReviewed, "deleted": diag.AsReviewed,
	} {
		if got[name].Reason != reason {
			t.Errorf("%s: %+v, want %s", name, got[name], reason)
		}
	}
	accepted := judge(t, reviewed.Require, worse, shown(), got["created"].Accept, "x")
	if accepted["created"].Reason != diag.PlanAccepted || accepted["updated"].OK() {
		t.Errorf("%+v", accepted)
	}
	if got["created"].Accept == got["updated"].Accept {
		t.Error("two Workspaces are accepted by one digest")
	}
}

// TestLeftovers: nodes that a deleted Workspace leaves need no review of their own, and neither does what is kept.
func TestLeftovers(t *testing.T) {
	p := &plan.Plan{
		Cluster:    "demo",
		Workspaces: []*plan.Workspace{{Key: named("a"), Op: plan.Delete}, {Key: named("b"), Op: plan.Delete}},
		Changes: []*plan.Change{
			{Workspace: named("a"), Op: plan.Delete, Pool: &capacity.PoolChange{Live: &capacity.LivePool{}}},
			{Workspace: named("a"), Op: plan.Delete, Live: &cluster.Object{Ref: cluster.Ref{Kind: "NodePool"}}},
			{Workspace: named("b"), Op: plan.Hold, Live: &cluster.Object{Ref: cluster.Ref{Kind: "StatefulSet"}}},
		},
	}
	if got := judge(t, reviewed.Require, p, &plan.Plan{}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestVerdicts: warn holds nothing and warns; require holds, blocks, and says how to accept.
func TestVerdicts(t *testing.T) {
	judged := []Judged{
		{Judgement: reviewed.Judgement{Reason: diag.AsReviewed}, Workspace: named("a")},
		{
			Judgement: reviewed.Judgement{Reason: diag.WorseThanReviewed, Text: "it is dearer"},
			Workspace: named("b"), Accept: "d1",
		},
		{Judgement: reviewed.Judgement{Reason: diag.NotReviewed, Text: "never"}, Workspace: named("c"), Accept: "d2"},
	}
	for verdict, want := range map[reviewed.Verdict]diag.Verdict{reviewed.Warn: diag.Warn, reviewed.Require: diag.Fail} {
		p := reviewed.Policy{Verdict: verdict}
		held := Held(judged, p)
		if verdict == reviewed.Warn && held != nil || verdict == reviewed.Require && len(held) != 2 {
			t.Errorf("%s holds %v", verdict, held)
		}
		if verdict == reviewed.Require && !strings.Contains(held[named("b")], `it is dearer; review it in a pull request, `+
			`or accept exactly this by a commit on the followed branch with the trailer "Syncer-Accept-Plan: d1"`) {
			t.Errorf("%q", held[named("b")])
		}
		for _, j := range judged {
			accept := strings.Contains(j.Said(p), "accept exactly this")
			if accept != (verdict == reviewed.Require && !j.OK()) {
				t.Errorf("%s: %q", verdict, j.Said(p))
			}
		}
		findings := Findings(judged, p)
		if len(findings) != 2 || findings[0].Kind != plan.WorseThanReviewed || findings[1].Kind != plan.NotReviewed {
			t.Fatalf("%+v", findings)
		}
		for _, f := range findings {
			if f.Verdict != want || f.Text == "" || !strings.Contains(f.Hint, "Syncer-Accept-Plan") {
				t.Errorf("%s: %+v", verdict, f)
			}
			if carried := strings.Contains(f.Text, "it is carried out"); carried != (verdict == reviewed.Warn) {
				t.Errorf("%s: %q", verdict, f.Text)
			}
		}
	}
}
