// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// PullRequest is a pull request as the server shows it.
type PullRequest struct {
	Number int
	Title  string
	State  string // open or closed
	Merged bool
	Commit string `json:"merge_commit_sha"` // on the target
	URL    string `json:"html_url"`
	Head   struct {
		Ref string
		SHA string
	}
}

// Comment is a comment on a pull request.
type Comment struct {
	ID      int64
	Body    string
	URL     string    `json:"html_url"`
	Created time.Time `json:"created_at"`
	Updated time.Time `json:"updated_at"`
	User    struct{ Login string }
}

// Open opens a pull request of a branch into another one, and returns its number when the server knows its head. For a
// branch of a fork, head is OWNER:BRANCH.
func (r *Repository) Open(by *User, head, base, title string) int {
	r.owner.server.t.Helper()
	var pr PullRequest
	by.Call(http.MethodPost, r.api("/pulls"), object{"head": head, "base": base, "title": title}, &pr)
	return pr.Number
}

// PullRequest returns a pull request.
func (r *Repository) PullRequest(number int) PullRequest {
	r.owner.server.t.Helper()
	var pr PullRequest
	r.owner.Call(http.MethodGet, r.api("/pulls/%d", number), nil, &pr)
	return pr
}

// AwaitHead waits until the server shows a commit as the head of a pull request: it follows a push in the background.
func (r *Repository) AwaitHead(number int, commit string) {
	r.owner.server.t.Helper()
	r.eventually(fmt.Sprintf("pull request %d", number), func() string {
		if head := r.PullRequest(number).Head.SHA; head != commit {
			return fmt.Sprintf("its head is %s, not %s", head, commit)
		}
		return ""
	})
}

// Merge merges a pull request, and returns the commit on its target. The style is "merge", "squash" or "rebase". The
// server first finds out in the background whether it can be merged, and refuses until then.
func (r *Repository) Merge(number int, style string) (commit string) {
	s := r.owner.server
	s.t.Helper()
	r.eventually(fmt.Sprintf("merge of pull request %d", number), func() string {
		ctx, cancel := s.context()
		defer cancel()
		err := r.owner.call(ctx, http.MethodPost, r.api("/pulls/%d/merge", number), object{"Do": style}, nil)
		if no, ok := errors.AsType[*refused](err); ok && no.code == http.StatusMethodNotAllowed {
			return no.Error()
		}
		if err != nil {
			s.t.Fatalf("%v", err)
		}
		return ""
	})
	r.eventually(fmt.Sprintf("merged pull request %d", number), func() string {
		pr := r.PullRequest(number)
		if commit = pr.Commit; !pr.Merged || commit == "" {
			return fmt.Sprintf("%+v", pr)
		}
		return ""
	})
	return commit
}

// Close closes a pull request without merging it.
func (r *Repository) Close(number int) {
	r.owner.server.t.Helper()
	r.owner.Call(http.MethodPatch, r.api("/pulls/%d", number), object{"state": "closed"}, nil)
}

// Comment comments on a pull request.
func (r *Repository) Comment(by *User, number int, body string) (id int64) {
	r.owner.server.t.Helper()
	var c Comment
	by.Call(http.MethodPost, r.api("/issues/%d/comments", number), object{"body": body}, &c)
	return c.ID
}

// Comments returns all comments on a pull request, oldest first.
func (r *Repository) Comments(number int) []Comment {
	r.owner.server.t.Helper()
	var out []Comment
	r.owner.Call(http.MethodGet, r.api("/issues/%d/comments", number), nil, &out)
	return out
}

// DeleteComment deletes a comment.
func (r *Repository) DeleteComment(id int64) {
	r.owner.server.t.Helper()
	r.owner.Call(http.MethodDelete, r.api("/issues/comments/%d", id), nil, nil)
}
