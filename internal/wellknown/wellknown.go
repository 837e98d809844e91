// SPDX-License-Identifier: Apache-2.0

// Package wellknown holds the labels, annotations, resources and API versions that users and other programs see and
// that more than one package of syncer reads or writes. What only one package uses stands in that package.
package wellknown

// Of syncer.
const (
	PrefixSyncer       = "syncer.dev/"
	APIVersion         = "syncer.dev/v1"       // of the status files, and of everything that is printed as JSON
	APIVersionV1alpha1 = "syncer.dev/v1alpha1" // of files that users write: the configuration, presets

	LabelCluster = "syncer.dev/cluster" // configuration: cluster

	// AnnotationAdopt is "true" on live objects that were handed over to syncer.
	AnnotationAdopt = "syncer.dev/adopt"
	// AnnotationOwners is on objects that were taken over from KAITO: the owner references that they had, as JSON.
	AnnotationOwners = "syncer.dev/adopted-owners"
	// AnnotationConfig is on pods: a digest of the ConfigMap that they read when they start.
	AnnotationConfig = "syncer.dev/config"
	// AnnotationEncrypted is on Secrets that were encrypted in Git: a digest of the encrypted text.
	AnnotationEncrypted = "syncer.dev/encrypted"
	// AnnotationWantedBy is on a Lease of a shard: the replica that asks for it, and in which term.
	AnnotationWantedBy = "syncer.dev/wanted-by"
	// AnnotationToldBy is on a Lease: the replica that has last heard of a change, and how often it has.
	AnnotationToldBy = "syncer.dev/told-by"
	// AnnotationSecret is on encrypted Secrets in Git: where their author says that they belong.
	AnnotationSecret = "syncer.dev/secret"
	// LabelPreset is on workloads: the name of their preset.
	LabelPreset = "syncer.dev/preset"
)

// Of KAITO.
const (
	PrefixKAITO = "kaito.sh/"

	LabelWorkspace          = "kaito.sh/workspace"
	LabelWorkspaceNamespace = "kaito.sh/workspacenamespace"
	LabelInferenceSet       = "inferenceset.kaito.sh/created-by" // name of the InferenceSet that a replica belongs to

	LabelInferenceRole = "kaito.sh/inference-role"                // prefill or decode
	LabelMultiRole     = "multiroleinference.kaito.sh/created-by" // name of the MultiRoleInference that a set belongs to

	LabelRAGEngine          = "kaito.sh/ragengine"
	LabelRAGEngineNamespace = "kaito.sh/ragenginenamespace"

	LabelKarpenterInferenceSet          = "karpenter.kaito.sh/inferenceset"
	LabelKarpenterInferenceSetNamespace = "karpenter.kaito.sh/inferenceset-namespace"

	LabelKarpenterWorkspace          = "karpenter.kaito.sh/workspace-name" // on NodePools, and the nodes that they make
	LabelKarpenterWorkspaceNamespace = "karpenter.kaito.sh/workspace-namespace"

	AnnotationBypass           = "kaito.sh/bypass-resource-checks" // any value: errors about memory are warnings
	AnnotationRuntime          = "kaito.sh/runtime"                // vllm or transformers
	AnnotationDisableBenchmark = "kaito.sh/disable-benchmark"      // "true": off
	AnnotationImageFamily      = "kaito.sh/node-image-family"      // the operating system of the nodes
	AnnotationLoadBalancer     = "kaito.sh/enablelb"               // "True": reachable from outside of the cluster
	AnnotationLocalWeights     = "kaito.sh/use-local-weights"      // "true": weights are already on the node
	AnnotationNodeClass        = "kaito.sh/node-class-name"        // what Karpenter makes nodes from
	AnnotationPerformance      = "kaito.sh/performance-mode"       // interactivity or throughput; balanced is the default
)

// Of Kubernetes.
const LabelInstanceType = "node.kubernetes.io/instance-type" // the size of a node's machine

// Of AKS.
const (
	PrefixAKS      = "kubernetes.azure.com/"
	LabelAgentPool = "kubernetes.azure.com/agentpool" // AKS sets it on each node
)

// Of Karpenter.
const (
	LabelCapacityType = "karpenter.sh/capacity-type" // spot or on-demand
	LabelNodePool     = "karpenter.sh/nodepool"      // name of the NodePool that a node or a NodeClaim belongs to
)

// Of NVIDIA's device plugin.
const (
	ResourceGPU = "nvidia.com/gpu"
	ResourceMIG = "nvidia.com/mig-" // prefix of the resource of a share of a GPU; the rest is the profile

	// GPU feature discovery sets these on each node.
	LabelGPUProduct = "nvidia.com/gpu.product"
	LabelGPUCount   = "nvidia.com/gpu.count"
	LabelGPUMemory  = "nvidia.com/gpu.memory" // in MiB, of one GPU
)

// IsToken reports whether a Secret of the type is a token: its author gets the rights of a service account, or of a new
// node. No Secret of a repository may be one.
func IsToken(secretType string) bool {
	return secretType == "kubernetes.io/service-account-token" || secretType == "bootstrap.kubernetes.io/token"
}
