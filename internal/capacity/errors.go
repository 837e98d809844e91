// SPDX-License-Identifier: Apache-2.0

package capacity

// Class is the kind of an error that Azure reported. It decides how syncer reacts: see Action.
type Class string

// The classes of errors.
const (
	ClassBusy         Class = "Busy"         // another operation is in flight: retry without a penalty
	ClassConflict     Class = "Conflict"     // the pool changed since the last read: read again
	ClassNetwork      Class = "Network"      // concurrent operations conflict on the virtual network
	ClassDeleting     Class = "Deleting"     // a deletion was issued: no other operation is possible
	ClassQuota        Class = "Quota"        // vCPU quota of the family, the region or spot
	ClassCapacity     Class = "Capacity"     // Azure has none of this size right now
	ClassConstraint   Class = "Constraint"   // Azure has none that also satisfies zone, placement or disk
	ClassRegion       Class = "Region"       // the region takes no new nodes
	ClassUnavailable  Class = "Unavailable"  // the size is not offered to this subscription, region or zone
	ClassDisk         Class = "Disk"         // the host has no room for an ephemeral OS disk
	ClassDrain        Class = "Drain"        // a PodDisruptionBudget blocks the eviction of pods
	ClassNode         Class = "Node"         // a node started without a working extension or driver
	ClassNoGPUs       Class = "NoGPUs"       // the pool exists, its GPUs never appeared
	ClassSpotTaken    Class = "SpotTaken"    // Azure took spot machines back
	ClassStuck        Class = "Stuck"        // an operation does not finish
	ClassThrottled    Class = "Throttled"    // 429
	ClassPermission   Class = "Permission"   // a role is missing, or the sign-in fails
	ClassPolicy       Class = "Policy"       // a policy of the subscription forbids it
	ClassLocked       Class = "Locked"       // a lock on the cluster, its resource group or the subscription
	ClassStopped      Class = "Stopped"      // the cluster is stopped
	ClassSubscription Class = "Subscription" // the subscription is disabled, or lacks a registration
	ClassVersion      Class = "Version"      // the cluster's Kubernetes version allows no new pool
	ClassSubnet       Class = "Subnet"       // no addresses are left for nodes
	ClassInvalid      Class = "Invalid"      // Azure rejects the request itself
	ClassTransient    Class = "Transient"    // network errors, 5xx and other errors that pass
	ClassUnknown      Class = "Unknown"      // a code that syncer does not know
)

// Classes lists all classes.
func Classes() []Class {
	return []Class{
		ClassBusy, ClassConflict, ClassNetwork, ClassDeleting, ClassQuota, ClassCapacity, ClassConstraint, ClassRegion,
		ClassUnavailable, ClassDisk, ClassDrain, ClassNode, ClassNoGPUs, ClassSpotTaken, ClassStuck, ClassThrottled,
		ClassPermission, ClassPolicy, ClassLocked, ClassStopped, ClassSubscription, ClassVersion, ClassSubnet,
		ClassInvalid, ClassTransient, ClassUnknown,
	}
}

// Action is how syncer reacts to an error.
type Action string

// The actions.
const (
	ActWait    Action = "wait"    // read again soon, without a backoff
	ActRetry   Action = "retry"   // retry with exponential backoff
	ActBlock   Action = "block"   // record the offering as unavailable, and plan without it
	ActRelax   Action = "relax"   // drop a constraint; block if none is left
	ActRepair  Action = "repair"  // write the pool unchanged: Azure then repairs it
	ActDelete  Action = "delete"  // delete the pool: nothing else is possible
	ActSurface Action = "surface" // report it, because only a user can fix it, and retry rarely
)

// Action returns the reaction to errors of the class.
func (c Class) Action() Action {
	switch c {
	case ClassBusy, ClassConflict, ClassNetwork:
		return ActWait
	case ClassDeleting:
		return ActDelete
	case ClassQuota, ClassCapacity, ClassRegion, ClassUnavailable, ClassNoGPUs, ClassSpotTaken, ClassStuck:
		return ActBlock
	case ClassConstraint, ClassDisk:
		return ActRelax
	case ClassDrain, ClassNode:
		return ActRepair
	case ClassPermission, ClassPolicy, ClassLocked, ClassStopped, ClassSubscription, ClassVersion, ClassSubnet,
		ClassInvalid:
		return ActSurface
	}
	return ActRetry
}

// Contended reports whether concurrent operations cause the error, so that fewer of them would help.
func (c Class) Contended() bool { return c.Action() == ActWait }

// ClusterWide reports whether errors of the class have a cause outside of the pool, so that writes to the other pools
// of the cluster would fail too.
func (c Class) ClusterWide() bool {
	switch c {
	case ClassPermission, ClassLocked, ClassStopped, ClassSubscription, ClassVersion, ClassSubnet:
		return true
	}
	return false
}

// Passes reports whether errors of the class end without a person.
func (c Class) Passes() bool {
	switch c.Action() {
	case ActWait, ActDelete:
		return true
	case ActRetry:
		return c != ClassUnknown
	}
	return false
}

// Cure returns a hint of one line for errors of the class, or "" if they pass by themselves.
func (c Class) Cure() string {
	return cures[c]
}

// cures has the remedy of each class that does not pass by itself.
var cures = map[Class]string{
	ClassQuota:        "ask Azure for more vCPU quota, or allow another size",
	ClassCapacity:     "Azure is short of it; leave the size to syncer, or use another region",
	ClassConstraint:   "Azure is short of it; leave the size to syncer, or use another region",
	ClassRegion:       "Azure is short of it; leave the size to syncer, or use another region",
	ClassUnavailable:  "ask Azure to offer the size to this subscription, or name another",
	ClassDisk:         cureDisk,
	ClassPermission:   cureRole,
	ClassPolicy:       curePolicy,
	ClassLocked:       cureLocked,
	ClassStopped:      cureStopped,
	ClassSubscription: "enable or register the subscription in the Azure portal",
	ClassVersion:      cureVersion,
	ClassSubnet:       cureSubnet,
	ClassInvalid:      "correct the Workspace or the configuration",
	ClassDrain:        "a PodDisruptionBudget allows no eviction; loosen it, or delete the pods",
	ClassNode: "the node's start failed, often its GPU driver; " +
		"see the extension's status in the node resource group",
	ClassNoGPUs: "check the nodes' GPU driver and that the NVIDIA device plugin runs on them",
	ClassSpotTaken: "syncer asks for another; for machines that stay, remove the annotation syncer.dev/spot, " +
		"or leave the size out",
	ClassStuck: "look at the operation in the Azure portal, or delete the pool there",
	ClassUnknown: "syncer does not know this code and tries another size after a few answers; " +
		"please report the code",
}
