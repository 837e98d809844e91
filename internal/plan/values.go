// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/values"
	"syncer.dev/syncer/internal/workspace"
)

// Values are what a reviewer compares of a Workspace, before and after a change.
type Values = values.Values

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
	DependencyNotReady FindingKind = "DependencyNotReady"
	RolledOut          FindingKind = "RolledOut"
	PolicyFailed       FindingKind = "PolicyFailed"
	NotReviewed        FindingKind = "NotReviewed"
	WorseThanReviewed  FindingKind = "WorseThanReviewed"
	Suspended          FindingKind = "Suspended"
	Observed           FindingKind = "Observed"
	MassDeletion       FindingKind = "MassDeletion"
	ClaimKept          FindingKind = "ClaimKept"
	NotCompared        FindingKind = "NotCompared" // what could not be asked: a cluster, Azure, a dry run
)

// FindingKinds are all kinds of findings, in the order in which they are declared.
func FindingKinds() []FindingKind {
	return []FindingKind{
		ModelChanged, RevisionChanged, RevisionUnpinned, RemoteCode, ContextChanged, GPUsChanged,
		ParallelismChanged, SizeChanged, ImageChanged, Replaced, Interrupted, Deleted,
		PoolDeleted, SpotNodes, GatedLicence, SizeRetired, SizeScarce, QuotaShort,
		QuotaUnknown, CostRaised, CostUnknown, LimitExceeded, EndpointChanged, AdapterNotReady,
		WaitsForOther, DependencyNotReady, RolledOut, PolicyFailed, NotReviewed, WorseThanReviewed, Suspended, Observed,
		MassDeletion, ClaimKept, NotCompared,
	}
}
