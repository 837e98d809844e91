// SPDX-License-Identifier: Apache-2.0

package review

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/redact"
)

// Result is what a review of one pull request came to.
type Result struct {
	PullRequest PullRequest
	State       State  // of the commit status
	Line        string // the answer in one line
	Body        string // of the comment, with its marker
	URL         string // of the comment; "" if none was written
	// Skipped is why the forge shows nothing of it: the pull request is closed, is for another branch, or has another head
	// by now. It is "" otherwise.
	Skipped string
	// Plan is the plan; its Cluster is empty if none could be made.
	Plan plan.Plan
	// Err is why no plan could be made, or why what was shown could not be recorded.
	Err error

	told bool // the status of the head is that of this result
}

// One reviews the pull request with a number, as one step of a pipeline. It says what One has found even if the forge
// refuses to show it: the error is then that of the forge.
func (r *Reviewer) One(ctx context.Context, number int) (Result, error) {
	pr, err := r.options.Forge.PullRequest(ctx, number)
	if err != nil {
		return Result{}, fmt.Errorf("read pull request %d: %w", number, err)
	}
	if why := r.skips(pr); why != "" {
		return Result{PullRequest: pr, Skipped: why}, nil
	}
	return r.review(ctx, pr, true)
}

// Preview makes the plan of a pull request and the text of its comment, and writes nothing.
func (r *Reviewer) Preview(ctx context.Context, number int) (Result, error) {
	pr, err := r.options.Forge.PullRequest(ctx, number)
	if err != nil {
		return Result{}, fmt.Errorf("read pull request %d: %w", number, err)
	}
	if why := r.skips(pr); why != "" {
		return Result{PullRequest: pr, Skipped: why}, nil
	}
	result, _ := r.plan(ctx, pr)
	return result, ctx.Err()
}

// skips returns why a pull request is not reviewed, or "".
func (r *Reviewer) skips(pr PullRequest) string {
	switch {
	case !pr.Open:
		return "it is not open"
	case pr.Target != r.options.Target:
		return fmt.Sprintf("it is for branch %s, and cluster %s follows %s", oneLine(pr.Target), r.options.Cluster,
			r.options.Target)
	}
	return ""
}

// review makes the plan of a pull request, and says it. pending tells the forge first that the plan is being made; it
// is false where the status that stands was true of this head.
//
// The comment comes before the record, because only what was shown is recorded, and the status last, because it must
// not say success before the rest is true.
func (r *Reviewer) review(ctx context.Context, pr PullRequest, pending bool) (Result, error) {
	forge := r.options.Forge
	if pending {
		s := CommitStatus{Context: r.context("plan"), State: Pending, Description: "syncer is making the plan"}
		if err := forge.SetStatus(ctx, pr.Head, s); err != nil {
			return Result{PullRequest: pr}, fmt.Errorf("pull request %d: set the status: %w", pr.Number, err)
		}
	}
	result, moved := r.plan(ctx, pr)
	if ctx.Err() != nil {
		return Result{PullRequest: pr}, ctx.Err()
	}
	now, err := forge.PullRequest(ctx, pr.Number)
	if err != nil {
		return result, fmt.Errorf("read pull request %d again: %w", pr.Number, err)
	}
	result.Skipped = r.skips(now)
	if result.Skipped == "" && (moved || now.Head != pr.Head) {
		result.Skipped = "its head has moved to another commit"
	}
	if result.Skipped != "" {
		result.PullRequest = now
		return result, nil
	}
	failed := r.show(ctx, &result)
	if stops(ctx, failed) {
		return result, failed
	}
	if err := forge.SetStatus(ctx, pr.Head, r.status(result)); err != nil {
		return result, fmt.Errorf("pull request %d: set the status: %w", pr.Number, errors.Join(err, failed))
	}
	result.told = true
	return result, failed
}

// plan makes the plan of a pull request, and the text about it. moved reports that Git has another head than the forge.
//
// What anybody may propose must not end the process that keeps the cluster: a panic is an error of this pull request.
func (r *Reviewer) plan(ctx context.Context, pr PullRequest) (result Result, moved bool) {
	defer func() {
		if p := recover(); p != nil {
			r.options.Log.Error("a mistake in syncer: the plan of a pull request panicked", "number", pr.Number,
				"commit", short(pr.Head), "panic", diag.EscapeText(fmt.Sprint(p)), "stack", string(debug.Stack()))
			result = r.judge(pr, plan.Plan{}, errors.New("a mistake in syncer: the log of syncer says where"))
		}
	}()
	made, err := r.options.Planner.Plan(ctx, pr)
	return r.judge(pr, made, err), errors.Is(err, ErrMoved)
}

// show writes the comment and the record. If either fails, syncer could not tell.
func (r *Reviewer) show(ctx context.Context, result *Result) error {
	pr := result.PullRequest
	var err error
	result.URL, err = r.options.Forge.Comment(ctx, pr.Number, r.marker(), result.Body)
	if err != nil {
		err = fmt.Errorf("pull request %d: comment: %w", pr.Number, err)
		result.State, result.Line, result.Err = Trouble, "syncer cannot write its comment", err
		return err
	}
	if r.options.Recorder == nil || result.Plan.Cluster == "" {
		return nil
	}
	if err := r.options.Recorder.Record(ctx, pr, result.Plan); err != nil {
		err = fmt.Errorf("pull request %d: record what was shown: %w", pr.Number, err)
		result.State, result.Line, result.Err = Trouble, "syncer cannot record what was shown", err
		return err
	}
	return nil
}

// judge turns a plan, or the error instead of it, into the text of the comment and the status.
func (r *Reviewer) judge(pr PullRequest, made plan.Plan, err error) Result {
	out := Result{PullRequest: pr}
	limit := r.options.Forge.Limits().Comment
	if err != nil {
		out.State, out.Err = Trouble, diag.Redacted(err, redact.Text)
		out.Line = "no plan: " + reason(err)
		var input *InputError
		if errors.As(err, &input) {
			out.State = Failure
		}
		out.Body = r.body(r.broken(pr, err), limit)
		return out
	}
	out.Plan = made
	verdict := made.Verdict()
	out.State, out.Line = Success, verdict.Line
	if verdict.Outcome == plan.Blocked {
		out.State = Failure
	}
	text := r.options.Render(made, pr, limit-len(r.marker())-1)
	if len(r.marker())+1+len(text) > limit {
		text = r.tooLong(pr, verdict.Line)
	}
	out.Body = r.body(text, limit)
	return out
}

// status returns the commit status of a result.
func (r *Reviewer) status(result Result) CommitStatus {
	return CommitStatus{
		Context:     r.context("plan"),
		State:       result.State,
		Description: result.Line,
		URL:         result.URL,
	}
}

func (r *Reviewer) context(what string) string { return "syncer/" + r.options.Cluster + "/" + what }
