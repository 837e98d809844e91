package capacity

import (
	"regexp"
	"slices"
	"strings"
)

// classes maps Azure's codes that mean one thing only. The codes are those that AKS, the compute provider and Karpenter's
// provider for Azure document.
var classes = map[string]Class{
	"ErrCode_InsufficientVCPUQuota": ClassQuota,

	"SkuNotAvailable":    ClassUnavailable,
	"VMSizeNotSupported": ClassUnavailable,

	"AllocationFailed":                      ClassCapacity,
	"ZonalAllocationFailed":                 ClassCapacity,
	"OverconstrainedAllocationRequest":      ClassConstraint,
	"OverconstrainedZonalAllocationRequest": ClassConstraint,
	"AksCapacityHeavyUsage":                 ClassRegion,

	"PreconditionFailed":            ClassConflict,
	"EtagMismatch":                  ClassConflict,
	"Conflict":                      ClassConflict,
	"AKSOperationPreempted":         ClassConflict,
	"AKSOperationPreemptedByDelete": ClassConflict,

	"VirtualNetworkNotInSucceededState": ClassNetwork,
	"ReferencedResourceNotProvisioned":  ClassNetwork,

	"PodDrainFailure":                ClassDrain,
	"VMExtensionProvisioningError":   ClassNode,
	"VMExtensionProvisioningTimeout": ClassNode,

	"Throttled":                     ClassThrottled,
	"SubscriptionRequestsThrottled": ClassThrottled,
	"TooManyRequestsReceived":       ClassThrottled,
	"TooManyRequests":               ClassThrottled,

	"AuthorizationFailed":        ClassPermission,
	"LinkedAuthorizationFailed":  ClassPermission,
	"RequestDisallowedByPolicy":  ClassPermission,
	"AuthenticationFailed":       ClassPermission,
	"InvalidAuthenticationToken": ClassPermission,

	"InvalidParameter":         ClassInvalid,
	"ValidationError":          ClassInvalid,
	"ReservedResourceName":     ClassInvalid,
	"PropertyChangeNotAllowed": ClassInvalid,
	"InvalidRequestContent":    ClassInvalid,
	"SubnetIsFull":             ClassInvalid,
	"InsufficientSubnetSize":   ClassInvalid,
}

// wrappers are codes that stand for whatever is inside them.
var wrappers = []string{
	"CreateVMSSAgentPoolFailed", "ReconcileVMSSAgentPoolFailed", "DeleteVMSSAgentPoolFailed", "InvalidTemplateDeployment",
	"DeploymentFailed", "ResourceDeploymentFailure",
}

// Classify sorts an error code of Azure, with its words, into a Class. The code alone does not do: OperationNotAllowed stands
// for a lock that passes in a minute, for an exhausted quota, and for a pool that can only be deleted any more.
func Classify(code, message string) Class {
	if class, ok := classes[code]; ok {
		return class
	}
	has := func(parts ...string) bool {
		text := strings.ToLower(message)
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
	}
	switch {
	case code == "OperationNotAllowed", code == "QuotaExceeded":
		switch {
		case code == "QuotaExceeded", has("cores quota", "lowprioritycores", "total regional cores", "family cores", "vcpu quota"):
			return ClassQuota
		case has("deletion was issued on"): // before the lock: the text may name the operation in progress too
			return ClassDeleting
		case has("in progress", "another operation", "another agentpool operation"):
			return ClassBusy
		}
		return ClassInvalid
	case code == "BadRequest":
		if has("is not supported for subscription", "is not allowed in your subscription") {
			return ClassUnavailable
		}
		return ClassInvalid
	case slices.Contains(wrappers, code):
		if inner := innerCode(message); inner != "" {
			return Classify(inner, message)
		}
		if has("cores quota", "lowprioritycores", "vcpu quota") {
			return ClassQuota
		}
		if driverExit.MatchString(message) {
			return ClassNode
		}
	case has("operation was overriden", "canceled by a later operation"):
		return ClassConflict
	}
	return ClassTransient
}

// driverExit finds the exit codes of AKS's node script that mean a failed GPU driver.
var driverExit = regexp.MustCompile(`(?i)\bexit (?:status|code)[ =:]*8[456]\b`)

// inside are the codes that are looked for in the words of a wrapper, the telling ones first: the words may name several.
var inside = []string{
	"OverconstrainedZonalAllocationRequest", "OverconstrainedAllocationRequest", "ZonalAllocationFailed", "AllocationFailed",
	"SkuNotAvailable", "VMSizeNotSupported", "ErrCode_InsufficientVCPUQuota", "QuotaExceeded", "OperationNotAllowed",
	"AksCapacityHeavyUsage", "LinkedAuthorizationFailed", "AuthorizationFailed", "RequestDisallowedByPolicy",
	"VirtualNetworkNotInSucceededState", "ReferencedResourceNotProvisioned", "SubnetIsFull", "InsufficientSubnetSize",
	"PodDrainFailure", "VMExtensionProvisioningError", "VMExtensionProvisioningTimeout",
	"AKSOperationPreemptedByDelete", "AKSOperationPreempted",
}

func innerCode(message string) string {
	for _, code := range inside {
		if i := strings.Index(message, code); i >= 0 && !word(message, i-1) && !word(message, i+len(code)) {
			return code
		}
	}
	return ""
}

// word reports whether the byte at i continues a word.
func word(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i] == '_')
}

// ErrorDetail is an error as Azure nests it.
type ErrorDetail struct {
	Code    string        `json:"code"`
	Message string        `json:"message"`
	Details []ErrorDetail `json:"details"`
}

// Root returns the error that the wrappers around it are about: the first among the details that says more than "failed", or
// the one whose code stands in the words. Its message keeps the words of a wrapper only where it has none of its own.
func (e ErrorDetail) Root() (code, message string) {
	if slices.Contains(wrappers, e.Code) || Classify(e.Code, e.Message) == ClassTransient {
		for _, d := range e.Details {
			code, message := d.Root()
			if Classify(code, message) != ClassTransient {
				if message == "" {
					message = e.Message
				}
				return code, message
			}
		}
	}
	if slices.Contains(wrappers, e.Code) {
		if inner := innerCode(e.Message); inner != "" {
			return inner, e.Message
		}
	}
	return e.Code, e.Message
}
