// SPDX-License-Identifier: Apache-2.0

// Package kaitokeys lists the annotations and labels that KAITO's programs read or write, with what syncer does about
// each: none that asks for something is passed over in silence. The list is that of the sources of KAITO v0.12.0, and
// of its autoscaler for annotations of scaledobject.kaito.sh. A test compares both. Pure.
//
//	Lookup("kaito.sh/model-mirror-storage-class")  // Ignored, with the reason and what to write instead
package kaitokeys

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/wellknown"
)

// Effect is what syncer does about a key.
type Effect int

// The effects.
const (
	Followed    Effect = iota // syncer does what it asks for
	Ignored                   // it asks for something that syncer does not do
	Bookkeeping               // KAITO's programs write it, and it asks for nothing
)

// Key is an annotation or a label of KAITO.
type Key struct {
	Name   string // one that ends in a slash stands for all names with this prefix
	Label  bool   // not an annotation
	Effect Effect
	// Why says what syncer does: for Followed and Bookkeeping as a phrase for documents; for Ignored as the end of
	// a message about the field.
	Why string
	// Hint is what to do instead, for Ignored.
	Hint string
	// Harmless is the value of an Ignored key that asks for nothing.
	Harmless string
}

const (
	weights     = "has no effect: the weights come from Hugging Face"
	weightsHint = "remove it; syncer.dev/weights-storage-class and " + wellknown.AnnotationLocalWeights +
		" keep weights near the pods"
	autoscaler   = "has no effect: syncer keeps the number of replicas that the file has"
	replicasHint = "set spec.replicas of the InferenceSet, and remove it"
	bookkeeping  = "written by KAITO's programs; ignored, with a warning"
)

// keys are in the order of their names.
var keys = []Key{
	{Name: "inference.kaito.sh/static-model-mirror", Effect: Ignored, Why: weights, Hint: weightsHint},
	{Name: "inference.kaito.sh/stream-datarefs-url", Effect: Ignored, Why: weights, Hint: weightsHint},
	{Name: "inference.kaito.sh/stream-identity-client-id", Effect: Ignored, Why: weights, Hint: weightsHint},
	{Name: "inference.kaito.sh/stream-source-type", Effect: Ignored, Why: weights, Hint: weightsHint},
	{Name: "inferenceset.kaito.io/hash", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "inferenceset.kaito.io/name", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: "inferenceset.kaito.io/revision", Effect: Bookkeeping, Why: bookkeeping},
	{Name: wellknown.LabelInferenceSet, Label: true, Effect: Followed, Why: "pods have it too"},
	{Name: wellknown.AnnotationBypass, Effect: Followed, Why: "errors about memory become warnings"},
	{Name: wellknown.AnnotationDisableBenchmark, Effect: Followed, Why: "no benchmark at the start"},
	{Name: wellknown.AnnotationLoadBalancer, Effect: Followed, Why: "a load balancer for the API alone"},
	{
		Name: wellknown.LabelInferenceRole, Label: true, Effect: Followed,
		Why: "pods and the server have the role; a warning for `decode`, because KAITO's routing sidecar is not added",
	},
	{Name: "kaito.sh/machine-type", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: "kaito.sh/model-mirror-cleanup", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "kaito.sh/model-mirror-name", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: "kaito.sh/model-mirror-protection", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "kaito.sh/model-mirror-storage-class", Effect: Ignored, Why: weights, Hint: weightsHint},
	{
		Name: "kaito.sh/model-streaming", Effect: Ignored, Harmless: "disabled",
		Why: "has no effect: syncer does not stream weights", Hint: weightsHint,
	},
	{Name: wellknown.AnnotationNodeClass, Effect: Followed, Why: "in mode karpenter; a warning in other modes"},
	{Name: wellknown.AnnotationImageFamily, Effect: Followed, Why: "the operating system of the nodes"},
	{Name: wellknown.AnnotationPerformance, Effect: Followed, Why: "vLLM's performance mode"},
	{Name: wellknown.LabelRAGEngine, Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: wellknown.LabelRAGEngineNamespace, Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: wellknown.AnnotationRuntime, Effect: Followed, Why: "vLLM or transformers"},
	{Name: "kaito.sh/streaming-service-account", Effect: Ignored, Why: weights, Hint: weightsHint},
	{Name: "kaito.sh/upgrade-start-time", Effect: Bookkeeping, Why: bookkeeping},
	{
		Name: "kaito.sh/upgrade-to-version", Label: true, Effect: Ignored,
		Why: "has no effect: the release of syncer sets the image", Hint: "remove it; upgrade syncer to upgrade the image",
	},
	{Name: wellknown.AnnotationLocalWeights, Effect: Followed, Why: "weights are on the node"},
	{Name: wellknown.LabelWorkspace, Label: true, Effect: Bookkeeping, Why: "set by syncer on what it makes"},
	{Name: wellknown.LabelWorkspaceNamespace, Label: true, Effect: Bookkeeping, Why: "set by syncer on nodes"},
	{Name: "karpenter.kaito.sh/default", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: wellknown.LabelKarpenterInferenceSet, Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: wellknown.LabelKarpenterInferenceSetNamespace, Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: "karpenter.kaito.sh/managed-by", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: wellknown.LabelKarpenterWorkspace, Label: true, Effect: Bookkeeping, Why: "set by syncer on NodePools"},
	{
		Name: wellknown.LabelKarpenterWorkspaceNamespace, Label: true, Effect: Bookkeeping,
		Why: "set by syncer on NodePools",
	},
	{Name: wellknown.LabelMultiRole, Label: true, Effect: Followed, Why: "pods have it too"},
	{Name: "multiroleinference.kaito.sh/finalizer", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "ragengine.kaito.io/hash", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "ragengine.kaito.io/name", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: "ragengine.kaito.io/revision", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "scaledobject.kaito.sh/", Effect: Ignored, Why: autoscaler, Hint: replicasHint},
	{Name: "workspace.kaito.io/hash", Effect: Bookkeeping, Why: bookkeeping},
	{Name: "workspace.kaito.io/name", Label: true, Effect: Bookkeeping, Why: bookkeeping},
	{Name: "workspace.kaito.io/revision", Effect: Bookkeeping, Why: bookkeeping},
}

// others are annotations of other autoscalers, by the domain that they belong to.
var others = []string{"keda.sh", "autoscaling.knative.dev"}

// Lookup returns the key of that name, or the one that stands for it. Annotations by which other autoscalers take over
// the number of replicas are known as well.
func Lookup(name string) (Key, bool) {
	i := slices.IndexFunc(keys, func(k Key) bool {
		return k.Name == name || strings.HasSuffix(k.Name, "/") && strings.HasPrefix(name, k.Name)
	})
	if i >= 0 {
		return keys[i], true
	}
	domain, _, qualified := strings.Cut(name, "/")
	within := func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) }
	if qualified && slices.ContainsFunc(others, within) {
		return Key{Name: name, Effect: Ignored, Why: autoscaler, Hint: replicasHint}, true
	}
	return Key{}, false
}

// Names returns the names of annotations that a user may write, for suggestions.
func Names() []string {
	var out []string
	for _, k := range keys {
		if !k.Label && k.Effect != Bookkeeping && !strings.HasSuffix(k.Name, "/") {
			out = append(out, k.Name)
		}
	}
	return out
}
