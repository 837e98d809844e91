// Package status says what is true about each Workspace, in KAITO's words, and writes it as files for a Git branch.
//
// Observe draws the conclusions, Files turns them into bytes that depend on nothing but the values, Message into the words
// of the commit. No clock is read and nothing is counted: when nothing has changed, the bytes are the same.
package status

import (
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// State is the state of a Workspace, in KAITO's words.
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

// Report is what is true now about one Workspace.
type Report struct {
	workspace.Key
	State           State
	ObservedCommit  string // last commit that changed the Workspace's inputs
	Inputs          string // workspace.Workspace.Digest at that commit
	Source          string // file in the repository
	InstanceType    string
	TargetNodeCount int
	WorkerNodes     []string
	Conditions      []Condition
	Pools           []Pool
	Endpoint        string
	HourlyCost      string
	Objects         []string // "Kind/name"
}

// Condition is a metav1.Condition without the generation.
type Condition struct {
	Type               string
	Status             string // True, False or Unknown
	Reason             string
	Message            string
	LastTransitionTime time.Time // changes only when Status does
}

// Pool is an agent pool as a status file shows it. The fields below Nodes are shown in capacity.yaml only.
type Pool struct {
	Name         string
	State        string
	Nodes        int
	Shared       bool // by Workspaces that named no size
	InstanceType string
	Workspace    string // namespace/name
	Error        string
}

// Moving is the reason of ResourceReady while a Workspace still runs on the nodes that it is to leave.
const Moving = "Moving"

// ReferenceMissing is the reason of InferenceReady and JobStarted while the pods wait for a Secret or a volume claim that the
// Workspace names and that nobody has made.
const ReferenceMissing = "ReferenceMissing"

// The condition types, which are KAITO's.
const (
	ResourceReady      = "ResourceReady"
	InferenceReady     = "InferenceReady"
	JobStarted         = "JobStarted"
	WorkspaceSucceeded = "WorkspaceSucceeded"
)
