// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Values are what a reviewer compares of a Workspace, before and after a change. The zero value stands for a Workspace
// that does not exist on that side.
type Values struct {
	Preset   string
	Model    string // repository of the weights
	Revision string // commit of the weights, or desired.Unpinned
	Runtime  string
	Image    string // of the main container, with its tag

	InstanceType string
	Pool         string // agent pool; "" for other nodes
	Region       string
	Spot         bool
	Nodes        int
	GPUs         int // of all nodes

	ContextLength    int // tokens; 0 if the server chooses
	TensorParallel   int
	PipelineParallel int

	// Serves reports whether others send requests to it: it is an inference server that is not suspended.
	Serves bool
	// Endpoint is the address of its Service, "http://phi-4.default.svc:80"; "" for none.
	Endpoint string

	HourlyCost capacity.Cost
}

// Finding is something that a reviewer must be told about a change.
type Finding struct {
	Workspace workspace.Key // zero for the plan as a whole
	Kind      FindingKind
	// Verdict is Fail for what blocks the change, Warn for a warning, and Off for a fact that is only told.
	Verdict diag.Verdict
	Text    string // one sentence without a full stop, not escaped
	Hint    string // what to do; "" for nothing
}

// FindingKind is the kind of a Finding, in the form of JSON.
type FindingKind string

// The kinds of findings.
const (
	ModelChanged       FindingKind = "ModelChanged"
	RevisionChanged    FindingKind = "RevisionChanged"
	RevisionUnpinned   FindingKind = "RevisionUnpinned"
	RemoteCode         FindingKind = "RemoteCode"
	ContextChanged     FindingKind = "ContextChanged"
	GPUsChanged        FindingKind = "GPUsChanged"
	ParallelismChanged FindingKind = "ParallelismChanged"
	SizeChanged        FindingKind = "SizeChanged"
	ImageChanged       FindingKind = "ImageChanged"
	Replaced           FindingKind = "Replaced"
	Interrupted        FindingKind = "Interrupted"
	Deleted            FindingKind = "Deleted"
	PoolDeleted        FindingKind = "PoolDeleted"
	SpotNodes          FindingKind = "SpotNodes"
	GatedLicence       FindingKind = "GatedLicence"
	SizeRetired        FindingKind = "SizeRetired"
	SizeScarce         FindingKind = "SizeScarce"
	QuotaShort         FindingKind = "QuotaShort"
	QuotaUnknown       FindingKind = "QuotaUnknown"
	CostRaised         FindingKind = "CostRaised"
	CostUnknown        FindingKind = "CostUnknown"
	LimitExceeded      FindingKind = "LimitExceeded"
	EndpointChanged    FindingKind = "EndpointChanged"
	AdapterNotReady    FindingKind = "AdapterNotReady"
	WaitsForOther      FindingKind = "WaitsForOther"
	PolicyFailed       FindingKind = "PolicyFailed"
	NotReviewed        FindingKind = "NotReviewed"
	WorseThanReviewed  FindingKind = "WorseThanReviewed"
	NotCompared        FindingKind = "NotCompared" // what could not be asked: a cluster, Azure, a dry run
)
