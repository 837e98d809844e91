// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Reason says of what kind a Diagnostic is, in one word of CamelCase. Reasons are stable: scripts, conditions, metrics
// and the documentation know them. One may be added, none is renamed or given another meaning.
type Reason string

// The reasons. The catalogue below says what each means.
const (
	// YAML and fields.
	SyntaxError        Reason = "SyntaxError"
	AmbiguousYAML      Reason = "AmbiguousYAML"
	WrongDocumentCount Reason = "WrongDocumentCount"
	TooLarge           Reason = "TooLarge"
	WrongEncoding      Reason = "WrongEncoding"
	MergeConflict      Reason = "MergeConflict"
	LFSPointer         Reason = "LFSPointer"
	UnknownField       Reason = "UnknownField"
	DuplicateField     Reason = "DuplicateField"
	WrongType          Reason = "WrongType"
	RequiredField      Reason = "RequiredField"
	InvalidValue       Reason = "InvalidValue"
	InvalidName        Reason = "InvalidName"
	OutOfRange         Reason = "OutOfRange"
	ConflictingFields  Reason = "ConflictingFields"
	UnsupportedField   Reason = "UnsupportedField"
	IgnoredField       Reason = "IgnoredField"

	// Files and documents.
	UnreadableFile      Reason = "UnreadableFile"
	NotRead             Reason = "NotRead"
	UnknownAPIVersion   Reason = "UnknownAPIVersion"
	UnknownKind         Reason = "UnknownKind"
	UnsupportedKind     Reason = "UnsupportedKind"
	IgnoredKind         Reason = "IgnoredKind"
	PlainSecret         Reason = "PlainSecret"
	EncryptedSecret     Reason = "EncryptedSecret"
	InvalidEncryption   Reason = "InvalidEncryption"
	UnsupportedKey      Reason = "UnsupportedKey"
	DecryptionFailed    Reason = "DecryptionFailed"
	SecretChanged       Reason = "SecretChanged"
	SecretNotBound      Reason = "SecretNotBound"
	NamespaceNotAllowed Reason = "NamespaceNotAllowed"
	DuplicateWorkspace  Reason = "DuplicateWorkspace"
	ObjectConflict      Reason = "ObjectConflict"

	// What objects of the repository may ask for.
	PodNotAllowed            Reason = "PodNotAllowed"
	ServiceAccountNotAllowed Reason = "ServiceAccountNotAllowed"
	SecretNotAllowed         Reason = "SecretNotAllowed"
	ServiceNotAllowed        Reason = "ServiceNotAllowed"
	SelectorNotAllowed       Reason = "SelectorNotAllowed"

	// Rules of admission.
	InvalidLabel          Reason = "InvalidLabel"
	ReservedLabel         Reason = "ReservedLabel"
	UnknownAnnotation     Reason = "UnknownAnnotation"
	NodeClassNotAllowed   Reason = "NodeClassNotAllowed"
	InvalidImage          Reason = "InvalidImage"
	InvalidURL            Reason = "InvalidURL"
	WebPage               Reason = "WebPage"
	PullSecretMissing     Reason = "PullSecretMissing"
	InvalidConfig         Reason = "InvalidConfig"
	UnknownFlag           Reason = "UnknownFlag"
	BreaksService         Reason = "BreaksService"
	InvalidPartition      Reason = "InvalidPartition"
	TooManyAdapters       Reason = "TooManyAdapters"
	TokenRequired         Reason = "TokenRequired"
	RuntimeNotSupported   Reason = "RuntimeNotSupported"
	UncountedMemory       Reason = "UncountedMemory"
	NotEnoughMemory       Reason = "NotEnoughMemory"
	ContextTooLong        Reason = "ContextTooLong"
	NodesUnknown          Reason = "NodesUnknown"
	NodeLabelsMissing     Reason = "NodeLabelsMissing"
	NoMatchingNodes       Reason = "NoMatchingNodes"
	NodesDiffer           Reason = "NodesDiffer"
	ReferenceNotFound     Reason = "ReferenceNotFound"
	ReferenceNotChecked   Reason = "ReferenceNotChecked"
	ReferenceUnreadable   Reason = "ReferenceUnreadable"
	UnknownDependency     Reason = "UnknownDependency"
	DependencyCycle       Reason = "DependencyCycle"
	ConfigMapKeyNotFound  Reason = "ConfigMapKeyNotFound"
	SecretKeyNotFound     Reason = "SecretKeyNotFound"
	WorkloadReplaced      Reason = "WorkloadReplaced"
	ReplicasUpdatedAtOnce Reason = "ReplicasUpdatedAtOnce"

	// Presets.
	UnknownPreset     Reason = "UnknownPreset"
	DeprecatedPreset  Reason = "DeprecatedPreset"
	PresetNotTunable  Reason = "PresetNotTunable"
	PresetNameTaken   Reason = "PresetNameTaken"
	PresetOverridden  Reason = "PresetOverridden"
	FlagNotAllowed    Reason = "FlagNotAllowed"
	InconsistentModel Reason = "InconsistentModel"
	UnpinnedRevision  Reason = "UnpinnedRevision"
	HybridCacheOff    Reason = "HybridCacheOff"
	UnsupportedModel  Reason = "UnsupportedModel"

	// Sizing and capacity.
	UnknownSize     Reason = "UnknownSize"
	SizeRequired    Reason = "SizeRequired"
	SizeRetired     Reason = "SizeRetired"
	SizeSubstituted Reason = "SizeSubstituted"
	SizeUnusable    Reason = "SizeUnusable"
	SizeNotAllowed  Reason = "SizeNotAllowed"
	SizeDoesNotFit  Reason = "SizeDoesNotFit"
	NoSizeFits      Reason = "NoSizeFits"
	SpotNotAllowed  Reason = "SpotNotAllowed"

	// Placement: conditions of a Workspace that has to wait for nodes.
	NoSize        Reason = "NoSize"
	OutOfCapacity Reason = "OutOfCapacity"
	QuotaExceeded Reason = "QuotaExceeded"
	LimitReached  Reason = "LimitReached"
	TooManyPools  Reason = "TooManyPools"
	TooManyNodes  Reason = "TooManyNodes"
	NodesMissing  Reason = "NodesMissing"
	GPUsTaken     Reason = "GPUsTaken"
	Moving        Reason = "Moving"
	Preempted     Reason = "Preempted"

	// What runs, compared with what was reviewed.
	AsReviewed        Reason = "AsReviewed"
	PlanAccepted      Reason = "PlanAccepted"
	NotReviewed       Reason = "NotReviewed"
	WorseThanReviewed Reason = "WorseThanReviewed"

	// A change that waits for other Workspaces.
	RolloutWaiting     Reason = "RolloutWaiting"
	RolloutStopped     Reason = "RolloutStopped"
	DependencyNotReady Reason = "DependencyNotReady"

	// A change that section policy of the configuration forbids.
	ChangeNotAllowed Reason = "ChangeNotAllowed"

	// Changes that a switch in the source stops.
	Suspended         Reason = "Suspended"
	SuspendEnded      Reason = "SuspendEnded"
	SuspendUnreadable Reason = "SuspendUnreadable"
	Observed          Reason = "Observed"
	InvalidPointer    Reason = "InvalidPointer"
	MassDeletion      Reason = "MassDeletion"

	// Kustomize.
	KustomizeNotSupported Reason = "KustomizeNotSupported"
	KustomizeFailed       Reason = "KustomizeFailed"
	InvalidKustomization  Reason = "InvalidKustomization"
	KustomizationNotFound Reason = "KustomizationNotFound"
	KustomizationCycle    Reason = "KustomizationCycle"
	FieldNotAllowed       Reason = "FieldNotAllowed"
	RemotePath            Reason = "RemotePath"
	PathOutsideRepository Reason = "PathOutsideRepository"
	InvalidPath           Reason = "InvalidPath"
	FileNotFound          Reason = "FileNotFound"
	PresetOverlayRefused  Reason = "PresetOverlayRefused"
	RenderFailed          Reason = "RenderFailed"
	InvalidPatch          Reason = "InvalidPatch"
	PatchTargetNotFound   Reason = "PatchTargetNotFound"
	PatchFailed           Reason = "PatchFailed"
	PatchNotAllowed       Reason = "PatchNotAllowed"
	PatchWithoutWorkspace Reason = "PatchWithoutWorkspace"
	DuplicatePatch        Reason = "DuplicatePatch"
	FileNotListed         Reason = "FileNotListed"
	NoObjectSelected      Reason = "NoObjectSelected"

	// Configuration.
	SecretInConfig    Reason = "SecretInConfig"
	ConfigNotTrusted  Reason = "ConfigNotTrusted"
	StatusOverSource  Reason = "StatusOverSource"
	NodeClassRequired Reason = "NodeClassRequired"

	// Models that are looked up.
	InconsistentMetadata Reason = "InconsistentMetadata"
)

// Entry is a Reason with its meaning.
type Entry struct {
	Reason  Reason
	Meaning string // one sentence
}

// group is a part of the catalogue.
type group struct {
	title   string
	entries []Entry
}

// catalogue is the one home of what reasons mean.
var catalogue = []group{
	{"YAML and fields", []Entry{
		{SyntaxError, "The file is not valid YAML or JSON."},
		{AmbiguousYAML, "The file uses keys, merges or tags that YAML decoders read in different ways."},
		{WrongDocumentCount, "The file holds more or fewer documents than the one that is expected."},
		{TooLarge, "The file, document, build or repository exceeds a limit on size, depth, or number of values."},
		{WrongEncoding, "The file is not UTF-8."},
		{MergeConflict, "The file holds a merge conflict that is not resolved."},
		{LFSPointer, "The file is a pointer of Git LFS in place of the file itself."},
		{UnknownField, "The document has a field that its kind does not have, most often a misspelling."},
		{DuplicateField, "A mapping has the same key twice."},
		{WrongType, "A value has another type than its field, such as text in place of a number."},
		{RequiredField, "A field that must be given is missing or empty."},
		{InvalidValue, "A value has the right type, but is not one that the field accepts."},
		{InvalidName, "A name does not follow the rules of Kubernetes for names."},
		{OutOfRange, "A number or duration is below or above what the field accepts."},
		{
			ConflictingFields,
			"Fields that exclude or contradict each other are given together, or none of several where one must be.",
		},
		{
			UnsupportedField,
			"The field exists, but cannot be used with the rest of the document or with the configured mode of capacity.",
		},
		{IgnoredField, "The field has no effect."},
	}},
	{"Files and documents", []Entry{
		{UnreadableFile, "The file or folder cannot be read."},
		{NotRead, "A symbolic link, a submodule, or a file that Git ignores lies among the files, and is not read."},
		{UnknownAPIVersion, "The apiVersion is not known for this kind."},
		{UnknownKind, "The kind is not known, most often a misspelling of Workspace."},
		{UnsupportedKind, "The kind exists in KAITO or Kubernetes, but syncer does not act on it."},
		{IgnoredKind, "The object is of a kind that the configuration does not accept, and is left alone."},
		{PlainSecret, "A Secret lies in Git in plain text."},
		{EncryptedSecret, "A Secret is encrypted, and its values are unknown: no configured key opens it."},
		{InvalidEncryption, "A Secret that SOPS has encrypted is damaged, or only a part of it is encrypted."},
		{UnsupportedKey, "A Secret is encrypted for keys of a kind that syncer does not use."},
		{DecryptionFailed, "A key opens a Secret, but a value or the MAC has been changed."},
		{SecretChanged, "A kustomization changes what the MAC of an encrypted Secret covers."},
		{SecretNotBound, "An encrypted Secret does not say where it belongs, or is not there."},
		{NamespaceNotAllowed, "The namespace is not among those of the configuration."},
		{DuplicateWorkspace, "Several documents describe a Workspace or InferenceSet of the same name."},
		{ObjectConflict, "Two Workspaces, or a Workspace and a plain object, would make the same object."},
	}},
	{"What objects may ask for", []Entry{
		{PodNotAllowed, "A pod asks for more than the level policy.pods.level admits."},
		{ServiceAccountNotAllowed, "A pod names a service account that is not among policy.pods.serviceAccounts."},
		{SecretNotAllowed, "A pod names a Secret that is not among policy.pods.secrets."},
		{ServiceNotAllowed, "A Service takes traffic of others, or publishes what must stay inside the cluster."},
		{SelectorNotAllowed, "A NetworkPolicy or PodDisruptionBudget selects pods of others."},
	}},
	{"Rules of admission", []Entry{
		{
			InvalidLabel,
			"A label or annotation does not follow the rules of Kubernetes, " +
				"or a label selector is of a form that cannot be used.",
		},
		{ReservedLabel, "The label is reserved for syncer, KAITO or the cloud."},
		{UnknownAnnotation, "The annotation is not one that KAITO or syncer knows, most often a misspelling."},
		{NodeClassNotAllowed, "The node class is not among those of the configuration."},
		{InvalidImage, "The text is not a reference to a container image."},
		{InvalidURL, "The URL cannot be used as a source of data."},
		{WebPage, "The URL leads to a page for people, where a file is needed."},
		{PullSecretMissing, "An image is in a private registry, and no Secret for it is named."},
		{
			InvalidConfig,
			"The ConfigMap that the Workspace names does not hold valid settings of the runtime or the training.",
		},
		{
			UnknownFlag,
			"A ConfigMap of settings has a flag or key that the server or the tuning program of the image does not take.",
		},
		{
			BreaksService,
			"A flag in a ConfigMap of settings keeps the Service, the probes or the other nodes from reaching the server.",
		},
		{InvalidPartition, "The partition of GPUs is not one that the nodes can have."},
		{TooManyAdapters, "More adapters are given than a Workspace may have."},
		{TokenRequired, "Downloading the model needs a Secret with a token."},
		{RuntimeNotSupported, "The preset cannot be used in this way with the chosen runtime."},
		{UncountedMemory, "A setting changes the memory of the server, and the estimate does not count it."},
		{NotEnoughMemory, "The GPUs of the chosen nodes have less memory than the weights of the model take."},
		{ContextTooLong, "The context is longer than the model supports."},
		{NodesUnknown, "Which nodes match is not known here, so that their GPUs are not checked."},
		{NodeLabelsMissing, "A node lacks the labels that describe its GPUs."},
		{NoMatchingNodes, "No node has the labels that the Workspace selects nodes by."},
		{NodesDiffer, "The nodes that the Workspace selects have different GPUs."},
		{ReferenceNotFound, "An object that the Workspace refers to does not exist."},
		{ReferenceNotChecked, "Whether an object that the Workspace refers to exists could not be checked."},
		{UnknownDependency, "A Workspace depends on one that the source does not have."},
		{DependencyCycle, "Workspaces depend on each other, so that none can go first."},
		{ReferenceUnreadable, "An object that the Workspace needs cannot be read from the cluster at the moment."},
		{ConfigMapKeyNotFound, "The ConfigMap exists, but lacks the key that is needed."},
		{SecretKeyNotFound, "An encrypted Secret lacks the key that a Workspace reads of it."},
		{WorkloadReplaced, "The change replaces what runs, which interrupts it."},
		{
			ReplicasUpdatedAtOnce,
			"The update strategy of an InferenceSet is not followed: the configuration says how many replicas restart at once.",
		},
	}},
	{"Presets", []Entry{
		{UnknownPreset, "No preset has this name, alias or repository."},
		{DeprecatedPreset, "The preset can no longer be used."},
		{PresetNotTunable, "The preset cannot be tuned."},
		{PresetNameTaken, "An alias of the preset is already a name of another one."},
		{PresetOverridden, "A preset or overlay of the repository replaces a built-in one."},
		{
			FlagNotAllowed,
			"The preset or ConfigMap sets a flag of the runtime that is a secret, runs code, replaces the model, " +
				"or is set for each Workspace.",
		},
		{InconsistentModel, "Facts about the model contradict each other."},
		{
			UnpinnedRevision,
			"The commit of the model is not pinned: what runs may change with its repository (policy.unpinnedRevision).",
		},
		{HybridCacheOff, "A setting concerns the cache of a model whose layers have caches of different kinds."},
		{UnsupportedModel, "The model cannot be served as what it is."},
	}},
	{"Sizing and capacity", []Entry{
		{UnknownSize, "The size of the nodes is not known."},
		{SizeRequired, "A size must be named, because what the Workspace needs is not known."},
		{SizeRetired, "Azure has retired the size."},
		{SizeSubstituted, "Azure has retired the size, and the cheapest one that fits takes its place."},
		{SizeUnusable, "No model can run on the size."},
		{SizeNotAllowed, "capacity.limits.allowedSizes does not allow the size."},
		{
			SizeDoesNotFit,
			"The model does not fit, or cannot run, on the size, nodes or share of GPUs that the Workspace asks for.",
		},
		{NoSizeFits, "No size that is offered and allowed fits the Workspace."},
		{SpotNotAllowed, "capacity.limits.spot does not allow spot nodes."},
	}},
	{"Placement", []Entry{
		{NoSize, "No size is left that the Workspace could run on."},
		{OutOfCapacity, "Azure has no nodes of the size at the moment, or does not offer it here."},
		{QuotaExceeded, "The vCPU quota of the subscription has no room for the nodes."},
		{LimitReached, "The nodes would exceed capacity.limits.nodes or capacity.limits.hourlyCost."},
		{TooManyPools, "The cluster has as many agent pools as AKS allows."},
		{TooManyNodes, "The agent pool would have more nodes than AKS allows."},
		{NodesMissing, "Fewer ready nodes match the Workspace than it needs."},
		{GPUsTaken, "Other pods use the GPUs of the nodes that match the Workspace."},
		{Preempted, "The Workspace has given up its nodes for another one of higher priority (policy.preemption: allow)."},
		{Moving, "The Workspace runs on its old nodes until its new ones are ready."},
	}},
	{"Reviews", []Entry{
		{AsReviewed, "What runs is what reviewers of a pull request were shown."},
		{PlanAccepted, "A commit of the followed branch accepts what runs, by the trailer Syncer-Accept-Plan."},
		{NotReviewed, "No reviewer was shown what runs, or would run, within policy.review.maxAge."},
		{
			WorseThanReviewed,
			"What runs, or would run, costs more, runs elsewhere, or replaces, interrupts or deletes more than " +
				"reviewers were shown.",
		},
	}},
	{"Changes", []Entry{
		{RolloutWaiting, "The Workspace restarts once others are healthy again (rollout.maxInterrupted)."},
		{RolloutStopped, "A Workspace failed after it restarted, and others that the same change restarts do not follow."},
		{DependencyNotReady, "A Workspace that this one depends on is not done, or has failed."},
		{ChangeNotAllowed, "policy.deletion, policy.interruption or policy.costDelta is fail, and forbids the change."},
		{Suspended, "A document of kind Suspend stops every change of what it selects."},
		{SuspendEnded, "The time of a Suspend is over: it stops nothing."},
		{SuspendUnreadable, "A file may hold a Suspend that cannot be read, which therefore stops everything."},
		{Observed, "The annotation syncer.dev/mode: observe lets syncer report differences, and write nothing."},
		{InvalidPointer, "A field to ignore is not one that may be ignored, or is not written as a JSON pointer."},
		{
			MassDeletion,
			"A commit removes more Workspaces or plain objects than policy.massDeletion allows without a trailer.",
		},
	}},
	{"Kustomize and patches", []Entry{
		{KustomizeNotSupported, "Kustomization folders cannot be used here."},
		{KustomizeFailed, "Kustomize could not build the folder."},
		{InvalidKustomization, "The kustomization is malformed."},
		{KustomizationNotFound, "The folder holds no kustomization.yaml."},
		{KustomizationCycle, "A kustomization refers to itself, directly or through other folders."},
		{
			FieldNotAllowed,
			"The field of a kustomization could run a program, reach outside of the repository, or is not known to be harmless.",
		},
		{RemotePath, "A path could be taken for a remote one, and nothing is fetched."},
		{PathOutsideRepository, "A path leads out of the repository."},
		{InvalidPath, "A path is empty, malformed, or names something of the wrong sort."},
		{FileNotFound, "A file or folder that a kustomization refers to does not exist in the repository."},
		{PresetOverlayRefused, "The Kustomize files of a preset cannot be used."},
		{RenderFailed, "The objects of the Workspace could not be rendered."},
		{InvalidPatch, "The patch of a Workspace is malformed."},
		{PatchTargetNotFound, "The patch is for an object that the Workspace does not have."},
		{PatchFailed, "The patch does not apply."},
		{PatchNotAllowed, "The patch changes what must stay as it is."},
		{PatchWithoutWorkspace, "No Workspace lies beside the patch."},
		{DuplicatePatch, "A Workspace has more than one file of patches."},
		{FileNotListed, "A file lies beside a kustomization, looks like one for syncer, and no kustomization lists it."},
		{NoObjectSelected, "A patch or replacement of a kustomization selects no object, and so changes nothing."},
	}},
	{"Configuration", []Entry{
		{
			ConfigNotTrusted,
			"A configuration that was found in a checkout, not named, has a value that only a named one may have.",
		},
		{SecretInConfig, "A secret is written into the configuration."},
		{StatusOverSource, "Status would be written over the source."},
		{NodeClassRequired, "Mode karpenter needs a node class."},
	}},
	{"Models that are looked up", []Entry{
		{InconsistentMetadata, "What Hugging Face says about a model is incomplete or makes no sense."},
	}},
}

// Reasons returns the whole catalogue.
func Reasons() []Entry {
	var out []Entry
	for _, g := range catalogue {
		out = append(out, g.entries...)
	}
	return out
}

// Meaning returns what a Reason means, in one sentence; "" for one that is not in the catalogue.
func (r Reason) Meaning() string {
	all := Reasons()
	if i := slices.IndexFunc(all, func(e Entry) bool { return e.Reason == r }); i >= 0 {
		return all[i].Meaning
	}
	return ""
}

// Markdown returns the catalogue as docs/reasons.md has it.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Reasons\n\n<!-- Generated from internal/diag/reason.go by `go test ./internal/diag -update`. -->\n\n")
	b.WriteString(
		"Everything that syncer finds wrong has a reason: one stable word that scripts can rely on. It is the `reason` of\n",
	)
	b.WriteString("each problem in `-o json`, the rule in `validate --format sarif`, and the reason of conditions. ")
	b.WriteString("Each has a page with\nits cause, its cure and an example, which `syncer explain REASON` prints.\n")
	for _, g := range slices.Concat(catalogue, ofConditions) {
		fmt.Fprintf(&b, "\n## %s\n\n| Reason | Meaning |\n|---|---|\n", g.title)
		for _, e := range g.entries {
			fmt.Fprintf(&b, "| [`%[1]s`](reasons/%[1]s.md) | %[2]s |\n", e.Reason, e.Meaning)
		}
	}
	return b.String()
}
