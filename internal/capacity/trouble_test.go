package capacity

import "testing"

// Words as Azure writes them.
const (
	textFamilyQuota = "Operation could not be completed as it results in exceeding approved standardNCADSA100v4Family Cores quota. " +
		"Additional details - Deployment Model: Resource Manager, Location: eastus, Current Limit: 48, Current Usage: 24, Additional Required: 96, (Minimum) New Limit Required: 120."
	textNoQuota   = "Operation could not be completed as it results in exceeding approved standardNCADSA100v4Family Cores quota. Additional details - Current Limit: 0, Current Usage: 0, Additional Required: 24"
	textSpotQuota = "Operation could not be completed as it results in exceeding approved LowPriorityCores quota. Additional details - Current Limit: 0, Current Usage: 0, Additional Required: 24"
	textRegional  = "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Current Limit: 100, Current Usage: 90, Additional Required: 24"
	textPreflight = "Insufficient vcpu quota requested 24, remaining 0 for family standardNCADSA100v4Family for region eastus. Surge nodes would also consume vcpu quota."
	textWrapped   = `AKS encountered an internal error while attempting the requested Creating operation. Details: Code="AllocationFailed" Message="Allocation failed. We do not have sufficient capacity for the requested VM size in this region."`
)

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		code, message string
		class         Class
		action        Action
	}{
		{"OperationNotAllowed", "Operation is not allowed: Another operation (Upgrading) is in progress, please wait for it to finish before starting a new operation.", ClassBusy, ActWait},
		{"OperationNotAllowed", "Another agentpool operation (gpu1 - Creating) is in progress", ClassBusy, ActWait},
		{"OperationNotAllowed", "Managed Cluster operation is not allowed: Another operation PutExtensionAddonHandler on agent pool gpu1 is ongoing", ClassBusy, ActWait},
		{"OperationNotAllowed", "there's an in progress create node pool operation", ClassBusy, ActWait},
		{"OperationNotAllowed", "Operation is not allowed on agent pool gpu1 since deletion was issued on it", ClassDeleting, ActDelete},
		{"OperationNotAllowed", textFamilyQuota, ClassQuota, ActBlock},
		{"QuotaExceeded", textNoQuota, ClassQuota, ActBlock},
		{"InvalidTemplateDeployment", "The template deployment failed: QuotaExceeded: " + textFamilyQuota, ClassQuota, ActBlock},
		{"InvalidTemplateDeployment", textFamilyQuota, ClassQuota, ActBlock},
		{"OperationNotAllowed", textSpotQuota, ClassQuota, ActBlock},
		{"OperationNotAllowed", textRegional, ClassQuota, ActBlock},
		{"ErrCode_InsufficientVCPUQuota", textPreflight, ClassQuota, ActBlock},
		{"OperationNotAllowed", "Changing this is not possible", ClassInvalid, ActSurface},
		{"SkuNotAvailable", "The requested VM size Standard_NC24ads_A100_v4 is currently not available in location eastus", ClassUnavailable, ActBlock},
		{"VMSizeNotSupported", "", ClassUnavailable, ActBlock},
		{"BadRequest", "The VM size of Standard_NC6s_v3 is not supported for subscription x in location eastus.", ClassUnavailable, ActBlock},
		{"BadRequest", "The VM size of Standard_NC6s_v3 is not allowed in your subscription in location eastus.", ClassUnavailable, ActBlock},
		{"BadRequest", "no", ClassInvalid, ActSurface},
		{"ZonalAllocationFailed", "Allocation failed. We do not have sufficient capacity for the requested VM size in this zone.", ClassCapacity, ActBlock},
		{"AllocationFailed", "", ClassCapacity, ActBlock},
		{"OverconstrainedAllocationRequest", "Allocation failed. VM(s) with the following constraints cannot be allocated: Ephemeral Disks, VM Size", ClassConstraint, ActRelax},
		{"OverconstrainedZonalAllocationRequest", "", ClassConstraint, ActRelax},
		{"AksCapacityHeavyUsage", "AKS is experiencing heavy usage in the eastus region", ClassRegion, ActBlock},
		{"AKSOperationPreempted", "", ClassConflict, ActWait},
		{"AKSOperationPreemptedByDelete", "", ClassConflict, ActWait},
		{"Canceled", "The operation was overriden and canceled by a later operation", ClassConflict, ActWait},
		{"CreateVMSSAgentPoolFailed", textWrapped, ClassCapacity, ActBlock},
		{"CreateVMSSAgentPoolFailed", "inner: ZonalAllocationFailed", ClassCapacity, ActBlock},
		{"ReconcileVMSSAgentPoolFailed", `Drain of node failed: Code="PodDrainFailure"`, ClassDrain, ActRepair},
		{"DeleteVMSSAgentPoolFailed", "PodDrainFailure: Cannot evict pod as it would violate the pod's disruption budget", ClassDrain, ActRepair},
		{"CreateVMSSAgentPoolFailed", "VMExtensionProvisioningError: VM has reported a failure when processing extension", ClassNode, ActRepair},
		{"CreateVMSSAgentPoolFailed", "VMExtensionProvisioningTimeout", ClassNode, ActRepair},
		{"CreateVMSSAgentPoolFailed", "vmssCSE failed: exit status=85", ClassNode, ActRepair},
		{"CreateVMSSAgentPoolFailed", "Something else", ClassTransient, ActRetry},
		{"VirtualNetworkNotInSucceededState", "", ClassNetwork, ActWait},
		{"ReferencedResourceNotProvisioned", "", ClassNetwork, ActWait},
		{"SubnetIsFull", "", ClassInvalid, ActSurface},
		{"InsufficientSubnetSize", "", ClassInvalid, ActSurface},
		{"ReservedResourceName", "", ClassInvalid, ActSurface},
		{"InvalidParameter", "", ClassInvalid, ActSurface},
		{"ValidationError", "", ClassInvalid, ActSurface},
		{"LinkedAuthorizationFailed", "", ClassPermission, ActSurface},
		{"RequestDisallowedByPolicy", "", ClassPermission, ActSurface},
		{"AuthorizationFailed", "", ClassPermission, ActSurface},
		{"Throttled", "", ClassThrottled, ActRetry},
		{"SubscriptionRequestsThrottled", "", ClassThrottled, ActRetry},
		{"TooManyRequestsReceived", "", ClassThrottled, ActRetry},
		{"PreconditionFailed", "", ClassConflict, ActWait},
		{"SomethingNew", "", ClassTransient, ActRetry},
	} {
		got := Classify(tt.code, tt.message)
		if got != tt.class || got.Action() != tt.action {
			t.Errorf("%s %q: %s %s, want %s %s", tt.code, tt.message, got, got.Action(), tt.class, tt.action)
		}
	}
}

func TestRootOfNestedErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   ErrorDetail
		code string
	}{
		{"plain", ErrorDetail{Code: "AllocationFailed"}, "AllocationFailed"},
		{"in the words", ErrorDetail{Code: "CreateVMSSAgentPoolFailed", Message: textWrapped}, "AllocationFailed"},
		{"in the details", ErrorDetail{Code: "CreateVMSSAgentPoolFailed", Message: "failed", Details: []ErrorDetail{{Code: "ZonalAllocationFailed"}}}, "ZonalAllocationFailed"},
		{"deep", ErrorDetail{Code: "InvalidTemplateDeployment", Details: []ErrorDetail{{Code: "Other"}, {
			Code: "DeploymentFailed", Details: []ErrorDetail{{Code: "QuotaExceeded", Message: textFamilyQuota}},
		}}}, "QuotaExceeded"},
		{"nothing known", ErrorDetail{Code: "CreateVMSSAgentPoolFailed", Message: "failed", Details: []ErrorDetail{{Code: "Other"}}}, "CreateVMSSAgentPoolFailed"},
		{"details of what is clear", ErrorDetail{Code: "AllocationFailed", Details: []ErrorDetail{{Code: "InvalidParameter"}}}, "AllocationFailed"},
		{"a code that is part of another word", ErrorDetail{Code: "CreateVMSSAgentPoolFailed", Message: "ReallocationFailed"}, "CreateVMSSAgentPoolFailed"},
	} {
		if code, _ := tt.in.Root(); code != tt.code {
			t.Errorf("%s: %s, want %s", tt.name, code, tt.code)
		}
	}
}

func TestParseShortage(t *testing.T) {
	for _, tt := range []struct {
		message string
		want    Shortage
		text    string
	}{
		{textFamilyQuota, Shortage{Family: "standardNCADSA100v4Family", Limit: 48, Usage: 24, Required: 96, Known: true}, "72 vCPU of standardNCADSA100v4Family short: limit 48, used 24, needed 96"},
		{"exceeding approved Standard NCASv3_T4 Family Cores quota. Current Limit: 0, Current Usage: 0, Additional Required: 4", Shortage{Family: "Standard NCASv3_T4 Family", Required: 4, Known: true}, "4 vCPU of Standard NCASv3_T4 Family short: limit 0, used 0, needed 4"},
		{textSpotQuota, Shortage{Family: "lowPriorityCores", Required: 24, Known: true}, "24 vCPU of lowPriorityCores short: limit 0, used 0, needed 24"},
		{textRegional, Shortage{Family: "cores", Limit: 100, Usage: 90, Required: 24, Known: true}, "14 vCPU of cores short: limit 100, used 90, needed 24"},
		{textPreflight, Shortage{Family: "standardNCADSA100v4Family", Required: 24, Known: true, OnlyLeft: true}, "24 vCPU of standardNCADSA100v4Family short: 0 left, 24 needed"},
		{"exceeding approved X Cores quota", Shortage{Family: "X"}, "quota X is exhausted"},
	} {
		got := ParseShortage(tt.message)
		if got != tt.want || got.String() != tt.text {
			t.Errorf("%q: %+v %q, want %+v %q", tt.message, got, got, tt.want, tt.text)
		}
	}
}
