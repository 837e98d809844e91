// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// LabelInferenceSet marks the nodes of an InferenceSet, instead of the label of one Workspace. KAITO uses the same
// label.
const LabelInferenceSet = wellknown.LabelInferenceSet

// anyReplica replaces the number of a replica in the key of a set. No name of a Workspace can end with it.
const anyReplica = "-*"

// SetKey returns the owner of the pool that all replicas of an InferenceSet share.
func SetKey(namespace, set string) workspace.Key {
	return workspace.Key{Namespace: namespace, Name: set + anyReplica}
}

// SetOf returns the name of the InferenceSet of a key that SetKey returned. ok is false for other keys.
func SetOf(owner workspace.Key) (set string, ok bool) {
	return strings.CutSuffix(owner.Name, anyReplica)
}

// InSet reports whether the name of a Workspace is that of a replica of the owner's InferenceSet.
func InSet(k, owner workspace.Key) bool {
	set, ok := SetOf(owner)
	number, replica := strings.CutPrefix(k.Name, set+"-")
	_, err := strconv.Atoi(number)
	return ok && replica && err == nil && k.Namespace == owner.Namespace
}
