// SPDX-License-Identifier: Apache-2.0

package reviewtest

import (
	"time"

	"syncer.dev/syncer/internal/review"
)

// Harness is a repository on a forge whose main branch is "main", and ways to change it that the Forge under test does
// not know of. Each method ends the test if the forge refuses, and returns when the forge shows the change to others.
type Harness interface {
	// Forge returns a new Forge on the repository, as a process that has just started.
	Forge() review.Forge
	// Open proposes to merge a new commit into a branch, "main" or "release", and returns the number.
	Open(target string) int
	// Push adds a commit to the branch of an open pull request, and returns its hash.
	Push(number int) (head string)
	// Close closes a pull request without merging it.
	Close(number int)
	// Merge merges a pull request, and returns the commit on its target.
	Merge(number int) (commit string)
	// CommentAs adds a comment of another user than that of the Forge.
	CommentAs(number int, body string)
	// DeleteComments deletes all comments of the user of the Forge.
	DeleteComments(number int)
	// Comments returns all comments on a pull request, oldest first.
	Comments(number int) []Comment
	// Statuses returns the last status of a commit for each context.
	Statuses(commit string) map[string]review.CommitStatus
	// Writes returns how many requests of Forges have changed something, or tried to.
	Writes() int
}

// Comment is a comment on a pull request.
type Comment struct {
	Own  bool // by the user of the Forge
	Body string
}

// Limiter is a Harness that can answer with a rate limit.
type Limiter interface {
	// Limit answers all requests with a rate limit until a time in whole seconds.
	Limit(until time.Time)
}

// Forker is a Harness that can open pull requests from another repository.
type Forker interface {
	// OpenFork proposes to merge a branch of another repository into "main".
	OpenFork() int
}

// Loser is a Harness that can lose answers.
type Loser interface {
	// LoseAnswers carries out the next n requests that write, but answers each with an error of the server.
	LoseAnswers(n int)
}

// Environments is a Harness of a forge with deployments.
type Environments interface {
	// Deployment returns the state that the forge shows of an environment, and false if it shows none.
	Deployment(environment string) (review.Deployment, bool)
	// Commit returns the hash of a commit that a deployment may name.
	Commit() string
}

// Coarse is a Harness of a forge that shows fewer states of deployments than there are.
type Coarse interface {
	// Shows returns the state that stands for another one.
	Shows(review.DeploymentState) review.DeploymentState
}
