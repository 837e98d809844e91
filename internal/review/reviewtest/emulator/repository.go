// SPDX-License-Identifier: Apache-2.0

package emulator

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/review/reviewtest"
)

// Epoch is the time at which a repository begins.
var Epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// User is an account.
type User struct {
	ID    int
	Login string
	Bot   bool
}

// The accounts.
var (
	Self  = User{ID: 11, Login: "syncer"}
	App   = User{ID: 12, Login: "syncer-app[bot]", Bot: true}
	Other = User{ID: 13, Login: "mallory"}
)

// Pull is a pull request.
type Pull struct {
	Number   int
	Title    string
	Head     string
	Source   string // branch
	Target   string
	Fork     bool
	Gone     bool // the fork was deleted
	Draft    bool
	Open     bool
	Merged   string // commit on the target
	How      string // merge, squash, rebase or fast-forward
	Changes  int    // counts what changes the time of the last update
	Comments []Comment
}

// Comment is a comment on a pull request.
type Comment struct {
	ID     int
	Author User
	Body   string
}

// Status is a status of a commit, in the words of the forge.
type Status struct{ Context, State, Description, URL, Ref string }

// Deployment is a deployment with its statuses.
type Deployment struct {
	ID          int
	Environment string
	Commit      string
	Ref, Task   string
	Creator     User
	States      []DeploymentState
}

// DeploymentState is the status of a deployment, in the words of the forge.
type DeploymentState struct {
	ID                      int
	State, Description, URL string
}

// Last returns the last status.
func (d *Deployment) Last() DeploymentState {
	if len(d.States) == 0 {
		return DeploymentState{}
	}
	return d.States[len(d.States)-1]
}

// Repository is the state of an emulator. The methods of a reviewtest.Harness that do not speak of the forge are here.
// It is safe for concurrent use through its methods; handlers of requests hold its lock.
type Repository struct {
	T    testing.TB
	User User // of the token

	mu          sync.Mutex
	Pulls       []*Pull
	Status      map[string][]Status // by commit, the oldest first
	Deployments []*Deployment
	next        int
	knobs
	counts
}

// knobs are what goes wrong.
type knobs struct {
	limit  time.Time
	refuse func() (status int, header map[string]string, body string)
	lose   int
	noTags bool
}

// counts are what was asked.
type counts struct {
	writes, reads, unchanged int
	log                      []string
}

// NewRepository returns an empty repository. Requests that the forge does not describe fail the test.
func NewRepository(t testing.TB) *Repository {
	return &Repository{T: t, User: Self, Status: map[string][]Status{}, next: 100}
}

// Do calls f with the lock held.
func (r *Repository) Do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// ID returns a new number. The caller holds the lock.
func (r *Repository) ID() int {
	r.next++
	return r.next
}

func (r *Repository) commit() string {
	sum := sha1.Sum(fmt.Append(nil, "commit ", r.ID()))
	return hex.EncodeToString(sum[:])
}

// Commit returns the hash of a commit of the main branch.
func (r *Repository) Commit() (commit string) {
	r.Do(func() { commit = r.commit() })
	return commit
}

// Find returns a pull request, nil if there is none. The caller holds the lock.
func (r *Repository) Find(number int) *Pull {
	if number < 1 || number > len(r.Pulls) {
		return nil
	}
	return r.Pulls[number-1]
}

// Change calls f with a pull request.
func (r *Repository) Change(number int, f func(p *Pull)) {
	r.T.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.Find(number)
	if p == nil {
		r.T.Fatalf("there is no pull request %d", number)
	}
	p.Changes++
	f(p)
}

// Open implements reviewtest.Harness.
func (r *Repository) Open(target string) int { return r.Propose(Pull{Target: target}) }

// OpenFork implements reviewtest.Forker.
func (r *Repository) OpenFork() int { return r.Propose(Pull{Target: "main", Fork: true}) }

// Propose opens a pull request.
func (r *Repository) Propose(p Pull) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Number, p.Open, p.Head = len(r.Pulls)+1, true, r.commit()
	p.Source = fmt.Sprintf("change-%d", p.Number)
	if p.Title == "" {
		p.Title = fmt.Sprintf("change %d", p.Number)
	}
	r.Pulls = append(r.Pulls, &p)
	return p.Number
}

// Push implements reviewtest.Harness.
func (r *Repository) Push(number int) (head string) {
	r.Change(number, func(p *Pull) { p.Head = r.commit(); head = p.Head })
	return head
}

// Close implements reviewtest.Harness.
func (r *Repository) Close(number int) { r.Change(number, func(p *Pull) { p.Open = false }) }

// Merge implements reviewtest.Harness.
func (r *Repository) Merge(number int) (commit string) { return r.MergeBy(number, "merge") }

// MergeBy merges by merge, squash, rebase or fast-forward.
func (r *Repository) MergeBy(number int, how string) (commit string) {
	r.Change(number, func(p *Pull) {
		commit = p.Head
		if how != "fast-forward" {
			commit = r.commit()
		}
		p.Open, p.Merged, p.How = false, commit, how
	})
	return commit
}

// CommentAs implements reviewtest.Harness.
func (r *Repository) CommentAs(number int, body string) { r.CommentBy(number, Other, body) }

// CommentBy adds a comment of a user.
func (r *Repository) CommentBy(number int, author User, body string) {
	r.Change(number, func(p *Pull) { p.Comments = append(p.Comments, Comment{r.ID(), author, body}) })
}

// DeleteComments implements reviewtest.Harness.
func (r *Repository) DeleteComments(number int) {
	r.Change(number, func(p *Pull) {
		p.Comments = slices.DeleteFunc(p.Comments, func(c Comment) bool { return c.Author == r.User })
	})
}

// Comments implements reviewtest.Harness.
func (r *Repository) Comments(number int) (out []reviewtest.Comment) {
	r.Do(func() {
		for _, c := range r.Find(number).Comments {
			out = append(out, reviewtest.Comment{Own: c.Author == r.User, Body: c.Body})
		}
	})
	return out
}

// Latest returns the last status of a commit for each context, which is compared without regard to case. The caller
// holds the lock.
func (r *Repository) Latest(commit string) []Status {
	var out []Status
	for _, s := range slices.Backward(r.Status[commit]) {
		same := func(o Status) bool { return strings.EqualFold(o.Context, s.Context) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, s)
		}
	}
	return out
}

// Writes implements reviewtest.Harness.
func (r *Repository) Writes() (n int) {
	r.Do(func() { n = r.writes })
	return n
}

// Reads returns how many requests were answered that read, and how many of these with "not modified".
func (r *Repository) Reads() (all, unchanged int) {
	r.Do(func() { all, unchanged = r.reads, r.unchanged })
	return all, unchanged
}

// Log returns the operations that were asked for since the last call.
func (r *Repository) Log() (log []string) {
	r.Do(func() { log, r.log = r.log, nil })
	return log
}

// Limit implements reviewtest.Limiter.
func (r *Repository) Limit(until time.Time) { r.Do(func() { r.limit = until }) }

// LoseAnswers implements reviewtest.Loser.
func (r *Repository) LoseAnswers(n int) { r.Do(func() { r.lose = n }) }

// Refuse answers every request with a status, headers and a body; nil ends that.
func (r *Repository) Refuse(answer func() (status int, header map[string]string, body string)) {
	r.Do(func() { r.refuse = answer })
}

// WithoutTags ends the entity tags, as a proxy does that changes answers.
func (r *Repository) WithoutTags() { r.Do(func() { r.noTags = true }) }
