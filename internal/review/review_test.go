// SPDX-License-Identifier: Apache-2.0

package review_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/review"
)

// TestReview: pending comes first, and the comment and the record before the status.
func TestReview(t *testing.T) {
	o := newOffice(t)
	good, bad := o.forge.Open("main"), o.forge.Open("main")
	o.refused[bad] = true
	o.onPlan = func(pr review.PullRequest) {
		if s := o.planStatus(pr.Head); s.State != review.Pending {
			t.Errorf("while the plan of #%d is made, the status is %+v", pr.Number, s)
		}
	}
	r := o.reviewer()
	o.pass(r)
	if s := o.planStatus(o.head(good)); s.State != review.Success || s.Description != "no changes" ||
		!strings.Contains(s.URL, "#comment-") {
		t.Errorf("%+v", s)
	}
	if s := o.planStatus(o.head(bad)); s.State != review.Failure || !strings.HasSuffix(s.Description, "blocked") {
		t.Errorf("%+v", s)
	}
	if got := o.comment(good); !strings.HasPrefix(got, "<!-- syncer: demo -->\n### no changes of #1 at "+o.head(good)) {
		t.Errorf("%q", got)
	}
	want := []string{"1 " + o.head(good), "2 " + o.head(bad)}
	if diff := cmp.Diff(want, o.recorded); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[review.State]int{review.Success: 1, review.Failure: 1}, reviews(r)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestWithoutChange: a thousand passes without a change write nothing and make one conditional request each.
func TestWithoutChange(t *testing.T) {
	o := newOffice(t)
	for range 20 {
		o.forge.Open("main")
	}
	o.observe("tip1", report("phi-4", "Ready", "c1"), report("llama", "Ready", "c2"))
	r := o.reviewer()
	o.pass(r)
	writes, reads := o.forge.Writes(), o.forge.Reads()
	_, whole := o.forge.Lists()
	o.planned()
	const passes = 1000
	for range passes {
		o.pass(r)
	}
	if got := o.forge.Writes() - writes; got != 0 {
		t.Errorf("%d writes", got)
	}
	if got := o.forge.Reads() - reads; got != passes {
		t.Errorf("%d requests in %d passes", got, passes)
	}
	if _, now := o.forge.Lists(); now != whole {
		t.Errorf("%d lists were answered in full", now-whole)
	}
	if got := o.planned(); len(got) != 0 {
		t.Errorf("%d plans", len(got))
	}
}

// TestRestart: another process says the same, in the same comment.
func TestRestart(t *testing.T) {
	o := newOffice(t)
	number := o.forge.Open("main")
	o.observe("tip1", report("phi-4", "Ready", "c1"))
	o.pass(o.reviewer())
	before := o.comment(number)
	if writes := o.pass(o.reviewer()); writes != 2 { // pending, and the status again
		t.Errorf("%d writes", writes)
	}
	if after := o.comment(number); after != before {
		t.Errorf("%q became %q", before, after)
	}
	if s := o.planStatus(o.head(number)); s.State != review.Success {
		t.Errorf("%+v", s)
	}
}

// TestDue: what makes a new plan, and what does not.
func TestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		first, second := o.forge.Open("main"), o.forge.Open("main")
		r := o.reviewer()
		expect := func(what string, want ...int) {
			t.Helper()
			o.pass(r)
			if diff := cmp.Diff(want, o.planned()); diff != "" {
				t.Errorf("%s: planned (-want +got):\n%s", what, diff)
			}
		}
		expect("at first", first, second)
		expect("again")
		o.forge.Push(second)
		expect("a new head", second)
		o.basis.Tip = "tip2"
		expect("a new tip of the target", first, second)
		o.basis.Facts = "facts2"
		expect("new facts, soon after the last plan")
		after(6 * time.Minute)
		expect("new facts", first, second)
		o.forge.CommentAs(first, "a remark")
		expect("a remark")
		o.basisErr = errors.New("git is away")
		o.forge.Push(first)
		if _, err := r.Pass(t.Context()); err == nil || !strings.Contains(err.Error(), "git is away") {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]int{first}, o.planned()); diff != "" {
			t.Errorf("without the target: planned (-want +got):\n%s", diff)
		}
	})
}

// TestFactsOnly: while only facts differ, the status that stands is not taken back to pending.
func TestFactsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		number := o.forge.Open("main")
		r := o.reviewer()
		o.pass(r)
		o.onPlan = func(pr review.PullRequest) {
			if s := o.planStatus(pr.Head); s.State != review.Success {
				t.Errorf("%+v", s)
			}
		}
		after(time.Hour)
		o.basis.Facts = "facts2"
		if writes := o.pass(r); writes != 0 {
			t.Errorf("%d writes for the same plan", writes)
		}
		after(time.Hour)
		o.basis.Facts, o.refused[number] = "facts3", true
		if writes := o.pass(r); writes != 2 {
			t.Errorf("%d writes for a comment and a status", writes)
		}
		if s := o.planStatus(o.head(number)); s.State != review.Failure {
			t.Errorf("%+v", s)
		}
	})
}

// TestMovedHead: the Reviewer drops a plan whose head is no longer the head, and plans the new one at once.
func TestMovedHead(t *testing.T) {
	o := newOffice(t)
	number := o.forge.Open("main")
	old := o.head(number)
	pushed := false
	o.onPlan = func(review.PullRequest) {
		if !pushed {
			pushed = true
			o.forge.Push(number)
		}
	}
	r := o.reviewer()
	more, err := r.Pass(t.Context())
	if err != nil || !more {
		t.Fatalf("more %v, error %v", more, err)
	}
	if s := o.planStatus(old); s.State != review.Pending {
		t.Errorf("the old head: %+v", s)
	}
	if got := o.forge.Comments(number); len(got) != 0 || len(o.recorded) != 0 {
		t.Errorf("comments %+v, records %q", got, o.recorded)
	}
	o.pass(r)
	head := o.head(number)
	if s := o.planStatus(head); s.State != review.Success || !strings.Contains(o.comment(number), head) {
		t.Errorf("the new head: %+v, comment %q", s, o.comment(number))
	}
}

// TestClosedMeanwhile: a pull request that was closed while its plan was made gets no comment.
func TestClosedMeanwhile(t *testing.T) {
	o := newOffice(t)
	number := o.forge.Open("main")
	o.onPlan = func(review.PullRequest) { o.forge.Close(number) }
	r := o.reviewer()
	for range 3 {
		if _, err := r.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.forge.Comments(number); len(got) != 0 || len(o.planned()) != 1 {
		t.Errorf("comments %+v", got)
	}
}

// TestBroken: the comment on a pull request without a plan says why, and where.
func TestBroken(t *testing.T) {
	at := diag.Errorf(diag.InvalidValue, "%s", "@all | <b>no</b>").In("workspaces/phi.yaml").At(3, 7).On("resource").
		Suggest("write a name")
	for name, tt := range map[string]struct {
		err   error
		state review.State
		want  []string
	}{
		"the pull request": {
			&review.InputError{Problems: []diag.Diagnostic{at}, Err: errors.New("the tree is invalid")},
			review.Failure,
			[]string{
				"### demo: no plan can be made of this pull request",
				"workspaces/phi.yaml:3:7: error: resource: @all", "hint: write a name",
				"What merging it would change is unknown.",
			},
		},
		"the folder": {
			&review.InputError{Err: errors.New("the commit has no folder \"x\"")},
			review.Failure,
			[]string{"the commit has no folder"},
		},
		"syncer": {
			errors.New("fetch https://git.example: password=hunter2hunter2 \n::error::refused"),
			review.Trouble,
			[]string{"### demo: syncer could not make the plan, and tries again", "fetch https"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			number := o.forge.Open("main")
			o.planErr = tt.err
			o.pass(o.reviewer())
			if s := o.planStatus(o.head(number)); s.State != tt.state || !strings.HasPrefix(s.Description, "no plan: ") {
				t.Errorf("%+v", s)
			}
			got := o.comment(number)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%s\nhas no %q", got, want)
				}
			}
			for _, bad := range []string{"hunter2", "\n::error"} {
				if strings.Contains(got+o.planStatus(o.head(number)).Description, bad) {
					t.Errorf("%s\nhas %q", got, bad)
				}
			}
			if len(o.recorded) != 0 {
				t.Errorf("records %q of no plan", o.recorded)
			}
		})
	}
}

// TestNotRecorded: what was shown and not recorded has no success.
func TestNotRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		number := o.forge.Open("main")
		o.recErr = errors.New("the branch is protected")
		r := o.reviewer()
		if _, err := r.Pass(t.Context()); err == nil || !strings.Contains(err.Error(), "the branch is protected") {
			t.Errorf("error %v", err)
		}
		s := o.planStatus(o.head(number))
		if s.State != review.Trouble || s.Description != "syncer cannot record what was shown" {
			t.Errorf("%+v", s)
		}
		o.recErr = nil
		after(2 * interval)
		o.pass(r)
		if s := o.planStatus(o.head(number)); s.State != review.Success {
			t.Errorf("%+v", s)
		}
	})
}

// TestMarkers: a text that quotes the marker of another cluster is not taken for its comment, and a comment of another
// user with the marker is left alone.
func TestMarkers(t *testing.T) {
	o := newOffice(t)
	number := o.forge.Open("main")
	o.forge.CommentAs(number, review.Marker("demo")+"\n### all is well")
	quoting := func(x *review.Options) {
		x.Render = func(plan.Plan, review.PullRequest, int) string {
			return "```\n# " + review.Marker("other") + "\n# " + review.Marker("demo") + "\n```\n"
		}
	}
	o.pass(o.reviewer(quoting))
	if got := o.comment(number); strings.Count(got, "<!-- syncer:") != 1 || !strings.Contains(got, "<! -- syncer: other") {
		t.Errorf("%q", got)
	}
	o.pass(o.reviewer(func(x *review.Options) { x.Cluster = "other" }))
	if all := o.forge.Comments(number); len(all) != 3 || !strings.HasPrefix(all[2].Body, review.Marker("other")) {
		t.Errorf("%+v", all)
	}
}

// TestLimits: a text that the forge would refuse is replaced by a short one.
func TestLimits(t *testing.T) {
	o := newOffice(t)
	number := o.forge.Open("main")
	o.forge.SetLimits(review.Limits{Comment: 500, Description: 20})
	for _, text := range []string{
		strings.Repeat("x", 490),
		strings.Repeat("<!-- syncer: a -->\n", 25), // grows by what is made harmless
	} {
		o.pass(o.reviewer(func(x *review.Options) {
			x.Render = func(plan.Plan, review.PullRequest, int) string { return text }
		}))
		if got := o.comment(number); len(got) > 500 || strings.Count(got, "<!-- syncer:") != 1 {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
	if n := len(o.planStatus(o.head(number)).Description); n > 20 {
		t.Errorf("a description of %d characters", n)
	}
}

// TestOne: one step of a pipeline says the same as the daemon, and a closed pull request gets no comment.
func TestOne(t *testing.T) {
	o := newOffice(t)
	number, closed := o.forge.Open("main"), o.forge.Open("main")
	o.forge.Close(closed)
	r := o.reviewer()
	preview, err := r.Preview(t.Context(), number)
	if err != nil || o.forge.Writes() != 0 || len(o.recorded) != 0 {
		t.Fatalf("a preview makes %d writes and records %q, error %v", o.forge.Writes(), o.recorded, err)
	}
	result, err := r.One(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	if result.State != review.Success || result.Body != preview.Body || result.URL == "" ||
		result.Body != o.comment(number) {
		t.Errorf("%+v", result)
	}
	if result, err := r.One(t.Context(), closed); err != nil || result.Skipped != "it is not open" {
		t.Errorf("%+v, error %v", result, err)
	}
	other := o.forge.Open("release")
	if result, err := r.One(t.Context(), other); err != nil || !strings.Contains(result.Skipped, "branch release") {
		t.Errorf("%+v, error %v", result, err)
	}
	if _, err := r.One(t.Context(), 99); !errors.Is(err, review.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
