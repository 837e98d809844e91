// SPDX-License-Identifier: Apache-2.0

package review

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Forge is one repository on a service that hosts pull requests. Implementations are safe for concurrent use, honour
// the rate limits of the service by a *LimitError, and redact credentials from errors.
type Forge interface {
	// OpenPullRequests lists the open pull requests into a branch, by ascending number. The request is conditional: where
	// the service says that nothing has changed since the last call, changed is false and the list empty. A Forge on a
	// service without conditional requests compares the list with the last one.
	OpenPullRequests(ctx context.Context, target string) (list []PullRequest, changed bool, err error)
	// PullRequest returns one pull request, open or not. The error is ErrNotFound if there is none.
	PullRequest(ctx context.Context, number int) (PullRequest, error)
	// Comment makes body the one comment of this user on a pull request that contains the marker, which is part of body.
	// It writes nothing if the comment is already equal, and answers with the address of the comment.
	Comment(ctx context.Context, number int, marker, body string) (url string, err error)
	// SetStatus sets the status of a commit with a context. It writes nothing if the last status that it wrote or read for
	// that commit and context is equal.
	SetStatus(ctx context.Context, commit string, s CommitStatus) error
	// Limits says what the service accepts.
	Limits() Limits
}

// Deployer is a Forge that shows deployments: GitHub Deployments and GitLab environments.
type Deployer interface {
	// Deploy makes d the state of its environment. It writes nothing if the state is already equal.
	Deploy(ctx context.Context, d Deployment) error
}

// EnvironmentLister is a Deployer that lists its environments, so that one whose Workspace was removed while syncer did
// not run becomes inactive.
type EnvironmentLister interface {
	// Environments returns the names, with a prefix, of environments whose state is not Inactive.
	Environments(ctx context.Context, prefix string) ([]string, error)
}

// PullRequest is a proposal to merge a branch.
type PullRequest struct {
	Number int
	Title  string
	URL    string // for people
	// Head is the last commit of the proposal, and HeadRef the name under which the repository of the target has it, such
	// as refs/pull/7/head. A fork's branch is under such a name too.
	Head    string
	HeadRef string
	// Target is the branch that it would be merged into.
	Target string
	Fork   bool // the branch is in another repository
	Draft  bool
	Open   bool
	// Merged is the commit on the target once it has been merged; "" before, and for one that was closed.
	Merged string
}

// State is the state of a commit status.
type State string

// The states of a commit status, in GitHub's words.
const (
	Pending State = "pending"
	Success State = "success"
	Failure State = "failure" // the change is refused, or did not become ready
	Trouble State = "error"   // syncer could not tell
)

// CommitStatus is what stands beside a commit.
type CommitStatus struct {
	Context     string // fixed name, "syncer/CLUSTER/plan" or "syncer/CLUSTER/ready"
	State       State
	Description string // one line; the adapter cuts it to the forge's limit
	URL         string // of the comment or of the status file; may be empty
}

// DeploymentState is the state of a deployment.
type DeploymentState string

// The states of a deployment.
const (
	Queued     DeploymentState = "queued"
	InProgress DeploymentState = "in_progress"
	Succeeded  DeploymentState = "success"
	Failed     DeploymentState = "failure"
	Inactive   DeploymentState = "inactive"
)

// Deployment is the state of one Workspace on one cluster, as a forge shows it.
type Deployment struct {
	Environment string // "CLUSTER/NAMESPACE/NAME"
	Commit      string
	State       DeploymentState
	Description string
	URL         string // endpoint of the model; "" unless the state is Succeeded
}

// Limits are the largest texts that a forge accepts.
type Limits struct {
	Comment     int // bytes of a comment
	Description int // characters of the description of a commit status
}

// ErrNotFound means that the forge has no such pull request, or hides it.
var ErrNotFound = fmt.Errorf("not found")

// ErrMoved means that a pull request has another head by now.
var ErrMoved = errors.New("the head has moved")

// LimitError means that the forge asks for a pause.
type LimitError struct {
	Until time.Time
	Err   error
}

// Error says until when.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the forge asks to wait until %s: %v", e.Until.UTC().Format(time.RFC3339), e.Err)
}

// Unwrap returns the answer of the forge.
func (e *LimitError) Unwrap() error { return e.Err }
