// SPDX-License-Identifier: Apache-2.0

// Package health judges live objects by the conventions of Kubernetes. Pure.
package health

import (
	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// Of judges a live plain object by the conventions that kstatus knows: conditions such as Ready, Stalled and
// Reconciling, the observed generation, and the rules of built-in kinds. An object that it cannot judge is not healthy,
// but of unknown health.
func Of(u *unstructured.Unstructured) cluster.Health {
	result, err := kstatus.Compute(u)
	if err != nil {
		return cluster.Health{State: cluster.HealthUnknown, Message: err.Error()}
	}
	switch result.Status {
	case kstatus.CurrentStatus:
		return cluster.Health{State: cluster.Healthy}
	case kstatus.FailedStatus:
		return cluster.Health{State: cluster.HealthFailed, Message: result.Message}
	case kstatus.InProgressStatus, kstatus.TerminatingStatus:
		return cluster.Health{State: cluster.HealthInProgress, Message: result.Message}
	}
	return cluster.Health{State: cluster.HealthUnknown, Message: result.Message}
}
