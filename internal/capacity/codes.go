// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"iter"
	"slices"
	"strings"
)

// Answer is one row of the table of Azure's answers: the meaning of a code, and what a person can do about it.
type Answer struct {
	Code string // "" for words that mean the same under any code that is a wrapper, general, or not known
	// Words lists parts of the message, in lower case; one of them has to be there. Empty: any message.
	Words []string
	Class Class
	// Cure is the remedy, where it is more exact than that of the Class.
	Cure string
	// Source is where the code and the words are documented or reported.
	Source string
}

// The sources of the table.
const (
	fromAKS       = "AKS troubleshooting pages (MicrosoftDocs/SupportArticles-docs, azure-kubernetes/error-codes)"
	fromARM       = "common deployment errors (MicrosoftDocs/azure-docs, azure-resource-manager/troubleshooting)"
	fromKarpenter = "Azure/karpenter-provider-azure, pkg/providers/instance/offerings"
	fromREST      = "REST reference of agent pools, API 2025-10-01"
	fromNodes     = "Azure/AgentBaker, exit codes of the node script"
	fromSyncer    = "syncer itself: Azure has no code for it"
	fromMemory    = "well known; not held against a document"
	fromGuess     = "a guess: seen in reports without the body of the answer"
)

// Cures that several rows share.
const (
	cureStopped = "start the cluster with az aks start; syncer goes on by itself once it runs"
	cureEnabled = "enable the subscription again, or pay what is due, in the Azure portal under Subscriptions"
	cureLocked  = "remove the lock from the cluster, its resource group or the subscription: az lock list, az lock delete"
	cureVersion = "upgrade the cluster to a supported version with az aks upgrade: a new pool takes the cluster's version"
	cureSubnet  = "enlarge the subnet of the cluster, or free addresses in it"
	cureDisk    = "syncer creates the pool again with a managed OS disk"
	cureRole    = "assign the missing role to syncer's identity with az role assignment create; see docs/security.md"
	curePolicy  = "exempt the cluster's resource groups from the policy that the message names, or change the policy"
	cureAddress = "raise the limit of public IP addresses of the subscription, or delete unused ones"
	cureSizes   = "the policy of the subscription allows other sizes only; name one of those, or change the policy"
	cureScript  = "the node's start failed; see the extension's status in the node resource group, and the network's rules"
)

// words is a shorthand for the rows below.
func words(w ...string) []string { return w }

// answers is the table. The first row whose code and words fit counts. Rows with specific codes come first, because a
// message that names several codes is read in this order.
var answers = []Answer{
	// Azure has none right now.
	{"OverconstrainedZonalAllocationRequest", nil, ClassConstraint, "", fromKarpenter},
	{"OverconstrainedAllocationRequest", nil, ClassConstraint, "", fromAKS},
	{"ZonalAllocationFailed", nil, ClassCapacity, "", fromAKS},
	{"AllocationFailed", nil, ClassCapacity, "", fromAKS},
	{"AllocationTimedOut", nil, ClassCapacity, "", fromMemory},
	{"AksCapacityHeavyUsage", nil, ClassRegion, "", fromAKS},
	{"AKSCapacityError", nil, ClassRegion, "", fromAKS},
	{
		"RegionDoesNotAllowProvisioning", nil, ClassRegion,
		"ask Azure for access to the region, or use another", fromARM,
	},

	// The place is refused: this size is unavailable here.
	{"SkuNotAvailable", nil, ClassUnavailable, "", fromKarpenter},
	{"VMSizeNotSupported", nil, ClassUnavailable, "", fromKarpenter},
	{"NotAvailableForSubscription", nil, ClassUnavailable, "", "Azure/ARO-RP, pkg/util/azureerrors"},
	{
		"AvailabilityZoneNotSupported", nil, ClassUnavailable,
		"leave the size out, or take the zone out of capacity.limits.zones", fromAKS,
	},
	{
		"RequestDisallowedByPolicy", words("vm size", "virtual machine size", "vmsize"),
		ClassUnavailable, cureSizes, fromARM,
	},

	// The form is refused: the host has no room for the OS disk.
	{"VMCacheSizeTooSmall", nil, ClassDisk, "", "Azure/AKS#2672, Azure/AKS#2635"},
	{"VMCannotFitEphemeralOSDisk", nil, ClassDisk, "", "jenkins-infra/azure#219"},
	{"NotSupported", words("ephemeral vm", "ephemeral os"), ClassDisk, "", "cloudfoundry/bosh-azure-cpi-release#674"},

	// Quota.
	{"ErrCode_InsufficientVCPUQuota", nil, ClassQuota, "", fromAKS},
	{"InsufficientVCPUQuota", nil, ClassQuota, "", fromMemory},
	{"QuotaExceeded", words("publicip", "public ip"), ClassSubnet, cureAddress, fromAKS},
	{"QuotaExceeded", nil, ClassQuota, "", fromAKS},
	{"ResourceQuotaExceeded", nil, ClassQuota, "", fromARM},
	{"PublicIPCountLimitReached", nil, ClassSubnet, cureAddress, fromAKS},

	// Only a person can help.
	{"ReadOnlyDisabledSubscription", nil, ClassSubscription, cureEnabled, fromARM},
	{"SubscriptionDisabled", nil, ClassSubscription, cureEnabled, fromMemory},
	{"DisabledSubscription", nil, ClassSubscription, cureEnabled, fromMemory},
	{
		"SubscriptionNotFound", nil, ClassSubscription,
		"check capacity.aks.subscriptionID, and that syncer's identity may read it", fromARM,
	},
	{
		"MissingSubscriptionRegistration", nil, ClassSubscription,
		"register the provider that the message names with az provider register", fromAKS,
	},
	{
		"InvalidSubscriptionRegistrationState", nil, ClassSubscription,
		"register the provider that the message names with az provider register", fromARM,
	},
	{
		"MissingRegistrationForLocation", nil, ClassSubscription,
		"register the provider that the message names with az provider register", fromARM,
	},
	{
		"NoRegisteredProviderFound", nil, ClassSubscription,
		"register the provider that the message names with az provider register", fromARM,
	},
	{
		"SubscriptionNotRegistered", nil, ClassSubscription,
		"register Microsoft.ContainerService with az provider register", fromMemory,
	},
	{"ScopeLocked", nil, ClassLocked, "", fromMemory},
	{"K8sVersionNotSupported", nil, ClassVersion, "", fromAKS},
	{"AgentPoolK8sVersionNotSupported", nil, ClassVersion, "", fromMemory},
	{"NodePoolMcVersionIncompatible", nil, ClassVersion, "", fromAKS},
	{"LinkedAuthorizationFailed", nil, ClassPermission, "", fromAKS},
	{"AuthorizationFailed", nil, ClassPermission, "", fromARM},
	{"CustomPrivateDNSZoneMissingPermissionError", nil, ClassPermission, "", fromAKS},
	{
		"InvalidAuthenticationTokenTenant", nil, ClassPermission,
		"sign in to the tenant of the subscription: capacity.aks.tenantID", fromARM,
	},
	{"InvalidAuthenticationToken", nil, ClassPermission, "", fromMemory},
	{"ExpiredAuthenticationToken", nil, ClassPermission, "", fromMemory},
	{"AuthenticationFailed", nil, ClassPermission, "", fromMemory},
	{
		"InvalidClientSecret", nil, ClassPermission,
		"renew the credentials of the cluster with az aks update-credentials", fromAKS,
	},
	{
		"ServicePrincipalValidationClientError", nil, ClassPermission,
		"renew the credentials of the cluster with az aks update-credentials", fromAKS,
	},
	{"RequestDisallowedByPolicy", nil, ClassPolicy, "", fromAKS},
	{"RequestDisallowedByAzure", nil, ClassPolicy, "", fromMemory},
	{"SubnetIsFull", nil, ClassSubnet, "", fromAKS},
	{"InsufficientSubnetSize", nil, ClassSubnet, "", fromAKS},
	{"SubnetIsDelegated", nil, ClassSubnet, "give the cluster a subnet without a delegation", fromAKS},
	{
		"SubnetWithExternalResourcesCannotBeUsedByOtherResources", nil, ClassSubnet,
		"give the cluster a subnet that nothing else uses", fromAKS,
	},
	{"PrivateIPAddressInReservedRange", nil, ClassSubnet, "", fromARM},

	// It ends by itself.
	{"AKSOperationPreemptedByDelete", nil, ClassConflict, "", fromAKS},
	{"AKSOperationPreempted", nil, ClassConflict, "", fromAKS},
	{"PreconditionFailed", nil, ClassConflict, "", fromREST},
	{"EtagMismatch", nil, ClassConflict, "", fromMemory},
	{"AnotherOperationInProgress", nil, ClassBusy, "", fromARM},
	{"DeploymentActiveAndUneditable", nil, ClassBusy, "", fromARM},
	{"OperationPreempted", nil, ClassConflict, "", fromMemory},
	{"VirtualNetworkNotInSucceededState", nil, ClassNetwork, "", fromAKS},
	{"SetVNetOwnershipFailed", nil, ClassNetwork, "", "Azure/AKS#4522"},
	{"ReferencedResourceNotProvisioned", nil, ClassNetwork, "", "hashicorp/terraform-provider-azurerm#29537"},
	{"ResourceGroupBeingDeleted", nil, ClassDeleting, "", fromARM},
	{"SubscriptionRequestsThrottled", nil, ClassThrottled, "", fromAKS},
	{"TooManyRequestsReceived", nil, ClassThrottled, "", fromAKS},
	{"TooManyRequests", nil, ClassThrottled, "", fromAKS},
	{"AKSRequestsThrottled", nil, ClassThrottled, "", fromAKS},
	{"Throttled", nil, ClassThrottled, "", fromAKS},
	{"InternalServerError", nil, ClassTransient, "", fromARM},
	{"InternalOperationError", nil, ClassTransient, "", fromMemory},
	{"InternalExecutionError", nil, ClassTransient, "", fromMemory},
	{"ServiceUnavailable", nil, ClassTransient, "", fromMemory},
	{"ServerTimeout", nil, ClassTransient, "", fromMemory},
	{"GatewayTimeout", nil, ClassTransient, "", fromMemory},
	{"RequestTimeout", nil, ClassTransient, "", fromMemory},
	{"OperationTimedOut", nil, ClassTransient, "", fromMemory},
	{"RetryableError", nil, ClassTransient, "", fromMemory},
	{"KubernetesAPICallFailed", nil, ClassTransient, "", fromAKS},
	{"VMSSNotFound", nil, ClassTransient, "", fromGuess},

	// Nodes that do not leave, or do not start.
	{"PodDrainFailure", nil, ClassDrain, "", fromAKS},
	{"UnsatisfiablePDB", nil, ClassDrain, "", fromAKS},
	{"VMExtensionProvisioningError", nil, ClassNode, "", fromAKS},
	{"VMExtensionProvisioningTimeout", nil, ClassNode, "", fromAKS},
	{"VMExtensionHandlerNonTransientError", nil, ClassNode, "", fromMemory},
	{"OSProvisioningTimedOut", nil, ClassNode, "", fromMemory},
	{"OutboundConnFailVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"K8SAPIServerConnFailVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"K8SAPIServerDNSLookupFailVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"CniDownloadTimeoutVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"K8sDownloadTimeoutVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"OrasPullNetworkTimeoutVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"OrasPullUnauthorizedVMExtensionError", nil, ClassNode, cureScript, fromAKS},
	{"VHDFileNotFoundVMExtensionError", nil, ClassNode, cureScript, fromAKS},

	// Codes with several meanings: the words decide.
	{"OperationNotAllowed", quotaWords, ClassQuota, "", fromKarpenter},
	{"OperationNotAllowed", words("publicipcountlimitreached", "publicipaddress"), ClassSubnet, cureAddress, fromAKS},
	// Before the lock: the text may name the operation in progress too.
	{"OperationNotAllowed", words("deletion was issued on"), ClassDeleting, "", fromAKS},
	{"OperationNotAllowed", stoppedWords, ClassStopped, "", fromGuess},
	{
		"OperationNotAllowed",
		words("in progress", "another operation", "another agentpool operation", "is in provisioning state"),
		ClassBusy, "", fromAKS,
	},
	{"OperationNotAllowed", nil, ClassInvalid, "", fromAKS},
	{"BadRequest", sizeWords, ClassUnavailable, "", fromKarpenter},
	{"BadRequest", diskWords, ClassDisk, "", "Azure/AKS#1988"},
	{"BadRequest", stoppedWords, ClassStopped, "", fromGuess},
	{"BadRequest", quotaWords, ClassQuota, "", fromAKS},
	{"BadRequest", nil, ClassInvalid, "", fromARM},
	{"InvalidParameter", sizeWords, ClassUnavailable, "", fromAKS},
	{"InvalidParameter", words("vmsize", "vm size"), ClassUnavailable, "", fromAKS},
	{"InvalidParameter", diskWords, ClassDisk, "", fromAKS},
	{"InvalidParameter", words("orchestratorversion"), ClassVersion, "", "Azure/AKS#1096"},
	{"InvalidParameter", nil, ClassInvalid, "", fromAKS},
	{"ValidationError", sizeWords, ClassUnavailable, "", fromGuess},
	{"ValidationError", diskWords, ClassDisk, "", fromGuess},
	{"ValidationError", nil, ClassInvalid, "", fromREST},
	{"ReservedResourceName", nil, ClassInvalid, "", fromAKS},
	{"PropertyChangeNotAllowed", nil, ClassInvalid, "", fromARM},
	{"InvalidRequestContent", nil, ClassInvalid, "", fromARM},
	{"InvalidRequestFormat", nil, ClassInvalid, "", fromARM},
	{"InvalidResourceReference", nil, ClassInvalid, "", fromAKS},
	{
		"ResourceGroupNotFound", nil, ClassInvalid,
		"check capacity.aks.resourceGroup", fromARM,
	},
	{
		"ParentResourceNotFound", nil, ClassInvalid,
		"check capacity.aks.cluster and capacity.aks.resourceGroup", fromARM,
	},
	{
		"ResourceNotFound", nil, ClassInvalid,
		"check capacity.aks.cluster and capacity.aks.resourceGroup", fromARM,
	},
	{
		"KubenetNodeCountTotalExceedsLimit", nil, ClassSubnet,
		"a cluster with kubenet has at most 400 nodes; remove some", fromAKS,
	},
	{"Conflict", stoppedWords, ClassStopped, "", fromGuess},
	{"Conflict", nil, ClassConflict, "", fromARM},
	{"NotFound", nil, ClassTransient, "", fromREST},
	{"Canceled", nil, ClassConflict, "", fromAKS},

	// syncer's own.
	{CodeGPUsMissing, nil, ClassNoGPUs, "", fromSyncer},
	{
		CodeNodesMissing, nil, ClassNoGPUs,
		"the machines have not joined the cluster; see the scale set in the node resource group, and the network's rules",
		fromSyncer,
	},
	{CodeSpotTaken, nil, ClassSpotTaken, "", fromSyncer},
	{CodeSpotAwaited, nil, ClassSpotTaken, "", fromSyncer},
	{CodeSpotMissing, nil, ClassSpotTaken, "", fromSyncer},

	// Words that count under any code.
	{"", words("operation was overriden", "canceled by a later operation"), ClassConflict, "", "Azure/AKS#1913"},
	{"", words("cores quota", "lowprioritycores", "vcpu quota"), ClassQuota, "", fromKarpenter},
	{"", sizeWords, ClassUnavailable, "", "Azure/AKS#1444, mspnp/aks-baseline#372"},
	{"", words("the zone(s)"), ClassUnavailable, "", fromAKS},
	{"", diskWords, ClassDisk, "", "Azure/AKS#1988"},
	{"", words("subscription is disabled"), ClassSubscription, cureEnabled, fromARM},
	{"", stoppedWords, ClassStopped, "", fromGuess},
}

// Words that rows share.
var (
	quotaWords = words(
		"cores quota", "lowprioritycores", "total regional cores", "family cores", "vcpu quota",
		"quota limits of core", "submit a request for quota increase",
	)
	sizeWords = words(
		"is not supported for subscription", "is not allowed in your subscription",
		"is currently not available in location", "is not supported in location", "is not available in location",
	)
	diskWords = words(
		"does not support ephemeral os", "but the os disk requires", "os disk of ephemeral vm", "disable ephemeral os",
	)
	stoppedWords = words("is in stopped state", "cluster is stopped", "power state(stopped)", "is not currently running")
)

// Codes of syncer's own, for what Azure has no code for.
const (
	CodeGPUsMissing  = "GPUsMissing"        // nodes are there, their GPUs never appeared
	CodeNodesMissing = "NodesMissing"       // Azure reports success, and the nodes never joined
	CodeSpotTaken    = "SpotMachineTaken"   // Azure took spot machines back: syncer asks for others at once
	CodeSpotAwaited  = "SpotMachineAwaited" // syncer has asked for others
	CodeSpotMissing  = "SpotMachineMissing" // none has come
)

// wrappers are codes that say where something failed, not what: the cause is inside.
var wrappers = []string{
	"CreateVMSSAgentPoolFailed", "ReconcileVMSSAgentPoolFailed", "DeleteVMSSAgentPoolFailed", "ScaleVMSSAgentPoolFailed",
	"UpgradeVMSSAgentPoolFailed", "UpgradeFailed", "InvalidTemplateDeployment", "InvalidTemplate", "DeploymentFailed",
	"ResourceDeploymentFailure", "ResourceOperationFailure", "VMSSProvisioningFailed",
}

// general are codes that many causes share: a cause inside says more.
var general = []string{
	"BadRequest", "Conflict", "Canceled", "NotFound", "OperationNotAllowed", "InvalidParameter", "ValidationError",
	"InternalServerError", "InternalOperationError", "InternalExecutionError", "NotSupported", "Throttled",
}

// Answers yields the table in the order in which it is read.
func Answers() iter.Seq[Answer] { return slices.Values(answers) }

// fits reports whether the row is about the code and the message, which is in lower case.
func (a Answer) fits(code, message string) bool {
	return a.Code == code && (len(a.Words) == 0 ||
		slices.ContainsFunc(a.Words, func(w string) bool { return strings.Contains(message, w) }))
}
