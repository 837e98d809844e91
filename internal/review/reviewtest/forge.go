// SPDX-License-Identifier: Apache-2.0

package reviewtest

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"syncer.dev/syncer/internal/review"
)

// Repository is a repository on a forge in memory. It is a Harness, and safe for concurrent use.
type Repository struct {
	mu          sync.Mutex
	pulls       map[int]*pull
	statuses    map[string]map[string]review.CommitStatus // by commit and context
	deployments map[string]review.Deployment
	commits     int

	writes   int
	reads    int
	lists    int
	whole    int // lists that were answered in full
	limit    time.Time
	lose     int
	down     error
	onRead   func(number int)
	accounts review.Limits
}

// pull is a pull request with its comments.
type pull struct {
	review.PullRequest
	comments []remark
}

// remark is a comment of a user, with its number.
type remark struct {
	id int
	Comment
}

// NewRepository returns a repository without pull requests.
func NewRepository() *Repository {
	return &Repository{
		pulls:       map[int]*pull{},
		statuses:    map[string]map[string]review.CommitStatus{},
		deployments: map[string]review.Deployment{},
		accounts:    review.Limits{Comment: 65536, Description: 140},
	}
}

// Forge returns a Client that has not read anything yet.
func (r *Repository) Forge() review.Forge { return &Client{repository: r} }

// Commit returns the hash of a new commit.
func (r *Repository) Commit() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.commit()
}

func (r *Repository) commit() string {
	r.commits++
	sum := sha1.Sum(fmt.Append(nil, "commit ", r.commits))
	return hex.EncodeToString(sum[:])
}

// Open opens a pull request with a new commit.
func (r *Repository) Open(target string) int {
	return r.Propose(review.PullRequest{Target: target, Head: r.Commit()})
}

// OpenFork opens a pull request from another repository.
func (r *Repository) OpenFork() int {
	return r.Propose(review.PullRequest{Target: "main", Head: r.Commit(), Fork: true})
}

// Propose opens a pull request, and returns its number. Only Head and Target must be set.
func (r *Repository) Propose(pr review.PullRequest) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	pr.Number, pr.Open = len(r.pulls)+1, true
	pr.URL = fmt.Sprintf("https://forge.example/team/models/pulls/%d", pr.Number)
	if pr.HeadRef == "" {
		pr.HeadRef = fmt.Sprintf("refs/pull/%d/head", pr.Number)
	}
	if pr.Title == "" {
		pr.Title = fmt.Sprintf("change %d", pr.Number)
	}
	r.pulls[pr.Number] = &pull{PullRequest: pr}
	return pr.Number
}

// Push moves the head to a new commit.
func (r *Repository) Push(number int) string {
	head := r.Commit()
	r.Move(number, head)
	return head
}

// Move moves the head to a commit.
func (r *Repository) Move(number int, head string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pulls[number].Head = head
}

// Close closes a pull request.
func (r *Repository) Close(number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pulls[number].Open = false
}

// Merge merges a pull request as a new commit.
func (r *Repository) Merge(number int) string {
	commit := r.Commit()
	r.MergeAs(number, commit)
	return commit
}

// MergeAs merges a pull request as a commit.
func (r *Repository) MergeAs(number int, commit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pulls[number].Open, r.pulls[number].Merged = false, commit
}

// CommentAs adds a comment of another user.
func (r *Repository) CommentAs(number int, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(number, Comment{Body: body})
}

func (r *Repository) add(number int, c Comment) int {
	p := r.pulls[number]
	id := 1
	if n := len(p.comments); n > 0 {
		id = p.comments[n-1].id + 1
	}
	p.comments = append(p.comments, remark{id, c})
	return id
}

// DeleteComments deletes the comments of the user of the Clients.
func (r *Repository) DeleteComments(number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pulls[number]
	p.comments = slices.DeleteFunc(p.comments, func(c remark) bool { return c.Own })
}

// Comments returns all comments.
func (r *Repository) Comments(number int) []Comment {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Comment
	for _, c := range r.pulls[number].comments {
		out = append(out, c.Comment)
	}
	return out
}

// Statuses returns the last status for each context.
func (r *Repository) Statuses(commit string) map[string]review.CommitStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.statuses[commit])
}

// Deployment returns the state of an environment.
func (r *Repository) Deployment(environment string) (review.Deployment, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok := r.deployments[environment]
	return d, ok
}

// Writes counts the requests that wrote.
func (r *Repository) Writes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.writes
}

// Reads counts all other requests, lists included. Lists counts the requests for open pull requests, and whole those
// that were answered in full.
func (r *Repository) Reads() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reads
}

// Lists returns how often the open pull requests were asked for, and how often the answer was a list.
func (r *Repository) Lists() (asked, whole int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lists, r.whole
}

// Limit refuses all requests until a time.
func (r *Repository) Limit(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = until
}

// LoseAnswers carries out the next n writes and answers with an error.
func (r *Repository) LoseAnswers(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose = n
}

// Fail answers all requests with an error; nil ends that.
func (r *Repository) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = err
}

// SetLimits sets what the forge accepts.
func (r *Repository) SetLimits(l review.Limits) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accounts = l
}

// OnRead calls f before each request for one pull request, outside of any lock, so that f may change the repository.
func (r *Repository) OnRead(f func(number int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onRead = f
}
