package capacity

import "strings"

// Classify sorts an error code of Azure, with its words, into a Class. The code alone does not do: OperationNotAllowed stands
// for a lock that passes in a minute, for an exhausted quota, and for a pool that can only be deleted any more.
//
// The codes and texts are those that AKS, the compute provider and Karpenter's provider for Azure document.
func Classify(code, message string) Class {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(strings.ToLower(message), strings.ToLower(p)) {
				return true
			}
		}
		return false
	}
	switch code {
	case "OperationNotAllowed", "QuotaExceeded", "InvalidTemplateDeployment", "ErrCode_InsufficientVCPUQuota":
		switch {
		case code == "ErrCode_InsufficientVCPUQuota", has("cores quota", "lowprioritycores", "total regional cores", "family cores", "vcpu quota"):
			return ClassQuota
		case has("in progress", "another operation", "another agentpool operation"):
			return ClassBusy
		case has("deletion was issued"):
			return ClassConflict
		}
		return ClassInvalid
	case "SkuNotAvailable", "VMSizeNotSupported":
		return ClassUnavailable
	case "BadRequest":
		if has("is not supported for subscription", "is not allowed in your subscription") {
			return ClassUnavailable
		}
		return ClassInvalid
	case "AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest", "OverconstrainedZonalAllocationRequest", "AksCapacityHeavyUsage":
		return ClassCapacity
	case "PreconditionFailed", "AKSOperationPreempted", "AKSOperationPreemptedByDelete", "Conflict", "EtagMismatch":
		return ClassConflict
	case "CreateVMSSAgentPoolFailed", "ReconcileVMSSAgentPoolFailed", "DeleteVMSSAgentPoolFailed":
		return classifyWrapped(message)
	case "Throttled", "SubscriptionRequestsThrottled", "TooManyRequestsReceived", "TooManyRequests":
		return ClassThrottled
	case "AuthorizationFailed", "LinkedAuthorizationFailed", "RequestDisallowedByPolicy", "AuthenticationFailed", "InvalidAuthenticationToken":
		return ClassPermission
	case "InvalidParameter", "ValidationError", "ReservedResourceName", "PropertyChangeNotAllowed", "InvalidRequestContent",
		"SubnetIsFull", "InsufficientSubnetSize":
		return ClassInvalid
	}
	if has("operation was overriden", "canceled by a later operation") {
		return ClassConflict
	}
	return ClassTransient
}

// classifyWrapped looks for the code inside the message of a wrapper.
func classifyWrapped(message string) Class {
	for _, inner := range []string{
		"OverconstrainedZonalAllocationRequest", "OverconstrainedAllocationRequest", "ZonalAllocationFailed", "AllocationFailed",
		"SkuNotAvailable", "QuotaExceeded", "LinkedAuthorizationFailed", "RequestDisallowedByPolicy", "SubnetIsFull",
	} {
		if strings.Contains(message, inner) {
			return Classify(inner, message)
		}
	}
	return ClassTransient
}
