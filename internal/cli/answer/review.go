// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status"
)

// reviewDocument is what "review -o json" prints.
type reviewDocument struct {
	APIVersion  string              `json:"apiVersion"`
	Kind        string              `json:"kind"`
	PullRequest pullRequestDocument `json:"pullRequest"`
	State       string              `json:"state,omitempty"` // of the commit status
	Verdict     string              `json:"verdict,omitempty"`
	Comment     string              `json:"comment,omitempty"`
	URL         string              `json:"url,omitempty"` // of the comment
	Skipped     string              `json:"skipped,omitempty"`
	Error       string              `json:"error,omitempty"`
	Plan        any                 `json:"plan,omitempty"`
}

type pullRequestDocument struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
	Head   string `json:"head"`
	Target string `json:"target"`
	Fork   bool   `json:"fork"`
}

// Review returns the document of a review.
func Review(r review.Result) any {
	pr := r.PullRequest
	d := reviewDocument{
		APIVersion:  status.APIVersion,
		Kind:        "Review",
		PullRequest: pullRequestDocument{pr.Number, pr.URL, pr.Head, pr.Target, pr.Fork},
		State:       string(r.State),
		Verdict:     r.Line,
		Comment:     r.Body,
		URL:         r.URL,
		Skipped:     r.Skipped,
	}
	if r.Err != nil {
		d.Error = r.Err.Error()
	}
	if r.Plan.Cluster != "" {
		d.Plan = document.Of(&r.Plan)
	}
	return d
}
