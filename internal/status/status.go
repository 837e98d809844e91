// SPDX-License-Identifier: Apache-2.0

package status

import (
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

// State is the state of a Workspace, with KAITO's names.
type State string

// The states.
const (
	Pending   State = "Pending"
	Ready     State = "Ready"
	NotReady  State = "NotReady"
	Running   State = "Running"
	Succeeded State = "Succeeded"
	Failed    State = "Failed"
)

// Report is the status of one Workspace now.
type Report struct {
	workspace.Key
	State          State
	ObservedCommit string // last commit that was carried out for the Workspace; "" when none was
	Inputs         string // workspace.Workspace.Digest at that commit
	DesiredCommit  string // last commit that changed the inputs; "" when it is ObservedCommit
	DesiredInputs  string // digest at that commit
	// CarriedOut is what reviews are compared with: it is carried out, and needs no review again.
	CarriedOut reviewed.CarriedOut
	Source     string // file in the repository
	Model      string // Hugging Face repository; "" for a pod template
	Revision   string // commit of the model, or "unpinned"; "" if pods do not download it
	Runtime    string // vllm or transformers; "" for a tuning and for a pod template
	Why        string // it has this size: the reason for which it was chosen; "" if it was not
	// FirstSeen is when syncer first reported on the Workspace. Of two with the same priority, the earlier one goes
	// first.
	FirstSeen       time.Time
	InstanceType    string
	TargetNodeCount int
	WorkerNodes     []string
	Conditions      []Condition
	Pools           []Pool
	Endpoint        string
	HourlyCost      string
	MonthlyCost     string   // of capacity.HoursPerMonth
	PricesDate      string   // of both; "" without a price
	Objects         []string // "Kind/name"
	// Output is what a tuning has pushed last; nil for none.
	Output *Output
}

// Condition is a metav1.Condition without the generation.
type Condition struct {
	Type               string
	Status             string // True, False or Unknown
	Reason             string
	Message            string
	LastTransitionTime time.Time // changes only when Status does
}

// Pool is an agent pool as a status file shows it. Only capacity.yaml shows the fields below Shared.
type Pool struct {
	Name         string
	State        string
	Nodes        int
	Shared       bool // by Workspaces without a named size
	InstanceType string
	Workspace    string // namespace/name
	Error        string
	// NotReleased is why a pool that no Workspace needs any more is still there, Since since when, and HourlyCost what it
	// costs; all zero for other pools.
	NotReleased string
	Since       time.Time
	HourlyCost  string
	MonthlyCost string
}

// Moving is the reason of ResourceReady while a moving Workspace still runs on its old nodes.
const Moving = string(diag.Moving)

// Preempted is the reason of ResourceReady while a Workspace has given up its nodes for a higher priority.
const Preempted = string(diag.Preempted)

// ReferenceMissing is the reason of InferenceReady and JobStarted while the pods wait for a Secret or a volume claim
// that the Workspace names and the cluster lacks.
const ReferenceMissing = "ReferenceMissing"

// DeletionPending is the reason of WorkspaceSucceeded while finalizers hold up the deletion of a removed Workspace.
const DeletionPending = "DeletionPending"

// The condition types. All but Applied are KAITO's.
const (
	ResourceReady      = "ResourceReady"
	InferenceReady     = "InferenceReady"
	JobStarted         = "JobStarted"
	WorkspaceSucceeded = "WorkspaceSucceeded"
	// Applied is False while the last commit is not carried out although its file is valid: the API server refuses an
	// object, or the plan holds a change back. It is absent otherwise.
	Applied = "Applied"
	// Reviewed says whether what runs is what reviewers were shown. It is absent while policy.review.verdict is off, and
	// before the first change that syncer compares.
	Reviewed = "Reviewed"
)

// The reasons of Applied.
const (
	ApplyFailed = "ApplyFailed" // the API server, or an admission webhook, refuses an object
	ApplyHeld   = "ApplyHeld"   // the plan holds the change back
	// RolloutWaiting says that it restarts after others, and RolloutStopped that one of these has failed.
	RolloutWaiting = string(diag.RolloutWaiting)
	RolloutStopped = string(diag.RolloutStopped)
	// DependencyNotReady says that a Workspace that it depends on is not done.
	DependencyNotReady = string(diag.DependencyNotReady)
)
