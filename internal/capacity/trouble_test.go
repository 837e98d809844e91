package capacity

import "testing"

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		code, message string
		want          Class
	}{
		{"OperationNotAllowed", "Another agentpool operation (a - Creating) is in progress", ClassBusy},
		{"OperationNotAllowed", "Operation could not be completed as it results in exceeding approved standardNCADSA100v4Family Cores quota. Current Limit: 0, Current Usage: 0, Additional Required: 24", ClassQuota},
		{"OperationNotAllowed", "exceeding approved LowPriorityCores quota", ClassQuota},
		{"OperationNotAllowed", "not allowed since deletion was issued on the pool", ClassConflict},
		{"ErrCode_InsufficientVCPUQuota", "Insufficient vcpu quota requested 24, remaining 0", ClassQuota},
		{"BadRequest", "The VM size of Standard_NC6s_v3 is not supported for subscription x", ClassUnavailable},
		{"BadRequest", "no", ClassInvalid},
		{"AllocationFailed", "", ClassCapacity},
		{"CreateVMSSAgentPoolFailed", "inner: ZonalAllocationFailed", ClassCapacity},
		{"CreateVMSSAgentPoolFailed", "inner: VMExtensionProvisioningError", ClassTransient},
		{"PreconditionFailed", "", ClassConflict},
		{"Throttled", "", ClassThrottled},
		{"AuthorizationFailed", "", ClassPermission},
		{"SomethingNew", "", ClassTransient},
		{"SomethingNew", "The operation was overriden and canceled by a later operation", ClassConflict},
	} {
		if got := Classify(tt.code, tt.message); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.code, tt.message, got, tt.want)
		}
	}
}
