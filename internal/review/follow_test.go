// SPDX-License-Identifier: Apache-2.0

package review_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status"
)

// merge opens, reviews and merges a pull request.
func (o *office) merge(r *review.Reviewer) (commit string) {
	o.t.Helper()
	number := o.forge.Open("main")
	o.pass(r)
	commit = o.forge.Merge(number)
	o.set(func() {
		o.history = append(o.history, commit)
		o.times[commit] = time.Now()
	})
	o.pass(r)
	return commit
}

func (o *office) expectReady(commit string, state review.State, text string) {
	o.t.Helper()
	if s := o.readyStatus(commit); s.State != state || !strings.Contains(s.Description, text) {
		o.t.Errorf("status of %.7s: %+v, want %s with %q", commit, s, state, text)
	}
}

// TestFollow follows a merged commit until its Workspaces are ready.
func TestFollow(t *testing.T) {
	o := newOffice(t)
	r := o.reviewer()
	o.observe("tip1", report("old", status.Ready, "c1"))
	commit := o.merge(r)
	o.expectReady(commit, review.Pending, "syncer has not carried it out yet")
	for _, step := range []struct {
		state status.State
		want  review.State
		text  string
	}{
		{status.Pending, review.Pending, "1 of 2 Workspaces ready: default/phi-4 Pending"},
		{status.NotReady, review.Pending, "default/phi-4 NotReady"},
		{status.Failed, review.Failure, "1 of 2 Workspaces failed: default/phi-4 Failed"},
		{status.Ready, review.Success, "2 of 2 Workspaces ready"},
		{status.NotReady, review.Pending, "default/phi-4 NotReady"},
	} {
		o.observe(commit, report("old", status.Ready, "c1"),
			report("job", status.Succeeded, commit), report("phi-4", step.state, commit))
		o.pass(r)
		o.expectReady(commit, step.want, step.text)
		if writes := o.pass(r); writes != 0 {
			t.Errorf("%s: %d writes for the same state", step.state, writes)
		}
	}
}

// TestFollowRefused: a commit that is not carried out is not ready, although what ran before runs still.
func TestFollowRefused(t *testing.T) {
	o := newOffice(t)
	r := o.reviewer()
	held := func(reason string) func(*status.Report) {
		return func(x *status.Report) {
			x.DesiredCommit = "c2"
			x.Conditions = append(x.Conditions, status.Condition{Type: status.Applied, Status: "False", Reason: reason})
		}
	}
	o.observe("c2", report("phi-4", status.Ready, "c1", held(status.ApplyHeld)))
	o.pass(r)
	o.expectReady("c2", review.Pending, "default/phi-4 Ready")
	o.observe("c2", report("phi-4", status.Ready, "c1", held(status.ApplyFailed)))
	o.pass(r)
	o.expectReady("c2", review.Failure, "1 of 1 Workspace failed")
	if d, _ := o.forge.Deployment("demo/default/phi-4"); d.State != review.Failed || d.URL != "" || d.Commit != "c2" {
		t.Errorf("%+v", d)
	}
}

// TestFollowOthers: commits that change no Workspace, and commits that others overtake.
func TestFollowOthers(t *testing.T) {
	o := newOffice(t)
	r := o.reviewer()
	o.observe("tip1")
	docs := o.merge(r)
	o.observe(docs)
	o.pass(r)
	o.expectReady(docs, review.Success, "no Workspace waits for it")

	first, second := o.merge(r), o.merge(r) // one pass carries out both
	o.observe(second, report("a", status.Pending, second), report("b", status.Ready, second))
	o.pass(r)
	o.expectReady(first, review.Pending, "carried out with "+second[:12]+": 1 of 2 Workspaces ready")
	o.observe(second, report("a", status.Ready, second), report("b", status.Ready, second))
	o.pass(r)
	o.expectReady(first, review.Success, "carried out with")
	o.expectReady(second, review.Success, "2 of 2 Workspaces ready")

	third := o.merge(r)
	o.observe(third, report("a", status.Pending, third))
	o.pass(r)
	o.expectReady(third, review.Pending, "default/a Pending")
	fourth := o.merge(r)
	o.observe(fourth, report("a", status.Pending, fourth))
	o.pass(r)
	o.expectReady(third, review.Pending, "carried out with "+fourth[:12])
	o.observe(fourth) // the Workspace is gone
	o.pass(r)
	o.expectReady(third, review.Trouble, "later commits replaced it before it was ready")
}

// TestFollowUnreadable: a commit that may have brought a file that syncer cannot read shows no success.
func TestFollowUnreadable(t *testing.T) {
	o := newOffice(t)
	r := o.reviewer()
	o.observe("tip1")
	commit := o.merge(r)
	o.observe(commit)
	unreadable := func(file string) {
		o.set(func() {
			o.observed.Errors = []diag.Diagnostic{diag.Errorf(diag.UnreadableFile, "no YAML").In(file).At(3, 1)}
		})
	}
	unreadable("new.yaml")
	o.pass(r)
	o.expectReady(commit, review.Trouble, "but syncer cannot read all files: new.yaml:3:1: error: no YAML")
	if writes := o.pass(r); writes != 0 {
		t.Errorf("%d writes for the same state", writes)
	}
	both := o.merge(r) // with one Workspace that becomes ready, beside the file
	o.observe(both, report("a", status.Ready, both))
	unreadable("new.yaml")
	o.pass(r)
	o.expectReady(both, review.Trouble, "1 of 1 Workspace ready, but syncer cannot read all files: new.yaml:3:1")
	if writes := o.pass(r); writes != 0 {
		t.Errorf("%d writes for the same state", writes)
	}
	o.set(func() { o.observed.Errors = nil })
	o.pass(r)
	o.expectReady(both, review.Success, "1 of 1 Workspace ready")
	unreadable("later.yaml") // which a later commit brings
	o.pass(r)
	o.expectReady(both, review.Success, "1 of 1 Workspace ready")
}

// TestFollowRestart: another process goes on where the first one stopped, and writes nothing twice.
func TestFollowRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		commit := o.merge(o.reviewer())
		o.observe(commit, report("phi-4", status.Pending, commit))
		r := o.reviewer()
		o.pass(r)
		o.expectReady(commit, review.Pending, "default/phi-4 Pending")
		o.observe(commit, report("phi-4", status.Ready, commit))
		o.pass(o.reviewer())
		o.expectReady(commit, review.Success, "1 of 1 Workspace ready")
		if writes := o.pass(o.reviewer()); writes != 0 {
			t.Errorf("%d writes after one more restart", writes)
		}
		after(48 * time.Hour)
		before := o.forge.Reads()
		o.pass(o.reviewer(func(x *review.Options) { x.Environments = false }))
		if got := o.forge.Reads() - before; got != 1 {
			t.Errorf("%d requests for commits that were ready long ago", got)
		}
	})
}

// TestFollowMergedMeanwhile: what was merged while no process ran, or left pending by one that ended, is followed.
func TestFollowMergedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		before := o.merge(o.reviewer())
		after(48 * time.Hour)
		left := o.merge(o.reviewer())
		o.expectReady(left, review.Pending, "syncer has not carried it out yet")
		meanwhile := o.merge(o.reviewer(func(x *review.Options) { x.Progress = nil }))
		o.observe(meanwhile, report("phi-4", status.Ready, meanwhile))
		r := o.reviewer()
		o.pass(r)
		o.expectReady(meanwhile, review.Success, "1 of 1 Workspace ready")
		o.expectReady(left, review.Success, "carried out with "+meanwhile[:12])
		o.expectReady(before, review.Pending, "syncer has not carried it out yet") // it is too old
		if writes := o.pass(r) + o.pass(o.reviewer()); writes != 0 {
			t.Errorf("%d writes for what was said", writes)
		}
	})
}

// TestFollowNotReviewed: the status of a merged commit says by how much what runs is worse than what was reviewed, and
// what holds back the rest.
func TestFollowNotReviewed(t *testing.T) {
	o := newOffice(t)
	r := o.reviewer()
	commit := o.merge(r)
	const worse = "worse than reviewed: it costs 4.90 USD/h, and was 3.67: 33% more"
	condition := func(kind string) func(*status.Report) {
		return func(x *status.Report) {
			x.Conditions = append(x.Conditions, status.Condition{
				Type: kind, Status: "False", Reason: "WorseThanReviewed", Message: worse,
			})
		}
	}
	o.observe(commit, report("phi-4", status.Ready, commit, condition(status.Reviewed)))
	o.pass(r)
	o.expectReady(commit, review.Success, "1 of 1 Workspace ready; default/phi-4: "+worse)
	hostile := func(x *status.Report) {
		x.Conditions[1].Message = "never\x1b[2J reviewed\nin " + strings.Repeat("x", 999)
	}
	o.observe(commit, report("phi-4", status.Ready, commit, condition(status.Reviewed), hostile))
	o.pass(r)
	text := o.readyStatus(commit).Description
	if strings.ContainsAny(text, "\x1b\n") || len(text) > 300 || !strings.Contains(text, "phi-4: never") {
		t.Errorf("%q", text)
	}
	held := func(x *status.Report) { x.DesiredCommit = commit }
	o.observe(commit, report("phi-4", status.Ready, "c1", held, condition(status.Applied)))
	o.pass(r)
	o.expectReady(commit, review.Failure, "1 of 1 Workspace failed: default/phi-4: "+worse)
}

// TestFollowUnmerged: a pull request that is closed without merging is not followed, and one that cannot be read is
// asked for again.
func TestFollowUnmerged(t *testing.T) {
	o := newOffice(t)
	o.observe("tip1")
	number := o.forge.Open("main")
	r := o.reviewer()
	o.pass(r)
	o.forge.Close(number)
	if writes := o.pass(r); writes != 0 {
		t.Errorf("%d writes", writes)
	}
	before := o.forge.Reads()
	o.pass(r)
	if got := o.forge.Reads() - before; got != 1 {
		t.Errorf("%d requests after a pull request was closed", got)
	}
}

// TestManyCommits: the first look after a start makes a bounded number of requests.
func TestManyCommits(t *testing.T) {
	o := newOffice(t)
	var all []*status.Report
	for i := range 100 {
		all = append(all, report(fmt.Sprintf("w%d", i), status.Pending, fmt.Sprintf("c%d", i)))
	}
	o.observe("tip1", all...)
	r := o.reviewer()
	for range 5 {
		before := o.forge.Reads()
		if o.pass(r); o.forge.Reads()-before > 42 {
			t.Errorf("%d requests in one look", o.forge.Reads()-before)
		}
	}
	if writes := o.pass(r); writes != 0 {
		t.Errorf("%d writes are left", writes)
	}
	for i := range 100 {
		o.expectReady(fmt.Sprintf("c%d", i), review.Pending, "Pending")
	}
}

// TestDeployments shows the state of each Workspace. Only an endpoint that answers has a URL.
func TestDeployments(t *testing.T) {
	o := newOffice(t)
	r := o.reviewer()
	without := func(x *status.Report) { x.Pools = nil }
	for _, step := range []struct {
		report *status.Report
		want   review.DeploymentState
		url    string
	}{
		{report("phi-4", status.Pending, "c1", without), review.Queued, ""},
		{report("phi-4", status.Pending, "c1"), review.InProgress, ""},
		{report("phi-4", status.NotReady, "c1"), review.InProgress, ""},
		{report("phi-4", status.Ready, "c1"), review.Succeeded, "http://phi-4.default.svc:80"},
		{report("phi-4", status.NotReady, "c1"), review.InProgress, ""},
		{report("phi-4", status.Ready, "c1", func(x *status.Report) { x.DesiredCommit = "c2" }), review.InProgress, ""},
		{report("phi-4", status.Failed, "c2"), review.Failed, ""},
		{report("phi-4", status.Running, "c2"), review.InProgress, ""},
		{report("phi-4", status.Succeeded, "c2"), review.Succeeded, ""},
		{
			report("phi-4", status.NotReady, "c2", func(x *status.Report) { x.Conditions[0].Reason = "Suspended" }),
			review.Inactive, "",
		},
		{report("phi-4", status.Ready, "c2"), review.Succeeded, "http://phi-4.default.svc:80"},
	} {
		o.observe("c2", step.report)
		o.pass(r)
		if d, _ := o.forge.Deployment("demo/default/phi-4"); d.State != step.want || d.URL != step.url {
			t.Errorf("%s: %+v, want %s", step.report.State, d, step.want)
		}
	}
	o.observe("c3")
	o.pass(r)
	if d, _ := o.forge.Deployment("demo/default/phi-4"); d.State != review.Inactive || d.URL != "" {
		t.Errorf("a removed Workspace: %+v", d)
	}
	if writes := o.pass(r); writes != 0 {
		t.Errorf("%d writes", writes)
	}
}

// TestRemovedMeanwhile: a Workspace that was removed while no process ran becomes inactive; other clusters stay.
func TestRemovedMeanwhile(t *testing.T) {
	o := newOffice(t)
	o.observe("c1", report("phi-4", status.Ready, "c1"), report("llama", status.Ready, "c1"))
	o.pass(o.reviewer())
	o.pass(o.reviewer(func(x *review.Options) { x.Cluster = "demo-2" }))
	o.observe("c2", report("llama", status.Ready, "c1"))
	o.pass(o.reviewer())
	for name, want := range map[string]review.DeploymentState{
		"demo/default/phi-4":   review.Inactive,
		"demo/default/llama":   review.Succeeded,
		"demo-2/default/phi-4": review.Succeeded,
	} {
		if d, _ := o.forge.Deployment(name); d.State != want {
			t.Errorf("%s: %+v, want %s", name, d, want)
		}
	}
}

// TestNothingKnown: before the first pass of the loop nothing appears about Workspaces.
func TestNothingKnown(t *testing.T) {
	o := newOffice(t)
	o.pass(o.reviewer())
	o.observe("c1", report("phi-4", status.Ready, "c1"))
	o.pass(o.reviewer())
	o.set(func() { o.observed, o.known = review.Observed{}, false })
	if writes := o.pass(o.reviewer()); writes != 0 {
		t.Errorf("%d writes", writes)
	}
	if d, _ := o.forge.Deployment("demo/default/phi-4"); d.State != review.Succeeded {
		t.Errorf("%+v", d)
	}
}
