// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/apply/wire"
)

// wanted are the fields that are read of a kind that syncer only reads: all at which its transformation looks. Of a
// kind that syncer applies they are all. TestWantedFieldsAreAll tells what is missing.
var wanted = map[schema.GroupVersionResource]wire.Fields{
	pods: {
		"metadata": metadataAnd("creationTimestamp", "deletionTimestamp", "finalizers"),
		"spec":     {"nodeName": nil},
		"status": {
			"phase": nil, "reason": nil, "message": nil, "conditions": nil,
			"initContainerStatuses": containerStatus, "containerStatuses": containerStatus,
		},
	},
	nodes: {
		"metadata": metadataAnd("deletionTimestamp", "ownerReferences"),
		"spec":     {"unschedulable": nil},
		"status":   {"allocatable": nil, "conditions": nil},
	},
	endpointSlices: {
		"metadata":  metadataAnd(),
		"endpoints": {"conditions": nil},
	},
}

// wantedOfForeign are those of the pods of others.
var wantedOfForeign = wire.Fields{
	"metadata": metadataAnd("annotations", "ownerReferences"),
	"spec":     {"nodeName": nil, "containers": {"resources": {"limits": nil}}},
}

var containerStatus = wire.Fields{"name": nil, "ready": nil, "restartCount": nil, "state": nil, "lastState": nil}

// metadataAnd is the metadata that all kinds need, and more.
func metadataAnd(fields ...string) wire.Fields {
	out := wire.Fields{"name": nil, "namespace": nil, "uid": nil, "resourceVersion": nil, "labels": nil}
	for _, f := range fields {
		out[f] = nil
	}
	return out
}
