package capacity

import (
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// The replicas of an InferenceSet whose size is named share one pool, which has as many nodes as all of them take: a hundred
// replicas would otherwise be a hundred pools, and AKS allows no more in a cluster. The set is the owner of the pool.

// LabelInferenceSet is on the nodes of a set, in place of the label of one Workspace. It is KAITO's.
const LabelInferenceSet = "inferenceset.kaito.sh/created-by"

// anyReplica stands for the number of a replica in the key of a set. No Workspace can be named so.
const anyReplica = "-*"

// SetKey is the owner of the pool that all replicas of an InferenceSet share.
func SetKey(namespace, set string) workspace.Key {
	return workspace.Key{Namespace: namespace, Name: set + anyReplica}
}

// SetOf returns the InferenceSet that a SetKey is for.
func SetOf(owner workspace.Key) (set string, ok bool) {
	return strings.CutSuffix(owner.Name, anyReplica)
}

// InSet reports whether a Workspace is by its name a replica of the set that owner is for.
func InSet(k, owner workspace.Key) bool {
	set, ok := SetOf(owner)
	number, replica := strings.CutPrefix(k.Name, set+"-")
	_, err := strconv.Atoi(number)
	return ok && replica && err == nil && k.Namespace == owner.Namespace
}

// owner is whose the pool of a Need is that it does not share with strangers.
func (n *Need) owner() workspace.Key {
	if n.Set != "" {
		return SetKey(n.Workspace.Namespace, n.Set)
	}
	return n.Workspace
}
