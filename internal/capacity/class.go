package capacity

// Class says what kind of trouble Azure reported, and so what to do about it.
type Class string

// The classes of trouble.
const (
	ClassBusy        Class = "Busy"        // another operation is in flight: come back, no penalty
	ClassConflict    Class = "Conflict"    // the pool changed under us: read again
	ClassNetwork     Class = "Network"     // operations side by side got in each other's way on the network
	ClassDeleting    Class = "Deleting"    // a deletion was issued: the pool can only be deleted any more
	ClassQuota       Class = "Quota"       // vCPU quota of the family, the region or spot
	ClassCapacity    Class = "Capacity"    // Azure has none of this size right now
	ClassConstraint  Class = "Constraint"  // Azure has none that also satisfies zone, placement or disk
	ClassRegion      Class = "Region"      // the region takes no new nodes
	ClassUnavailable Class = "Unavailable" // the size is not offered to this subscription, region or zone
	ClassDrain       Class = "Drain"       // a disruption budget kept pods on the nodes
	ClassNode        Class = "Node"        // a node came up broken: its extension or driver failed
	ClassNoGPUs      Class = "NoGPUs"      // the pool is there, its GPUs never were
	ClassStuck       Class = "Stuck"       // an operation does not end
	ClassThrottled   Class = "Throttled"   // 429
	ClassPermission  Class = "Permission"  // role or policy
	ClassInvalid     Class = "Invalid"     // the request itself is refused
	ClassTransient   Class = "Transient"   // network, 5xx and all that may pass
)

// Action is what is done about trouble.
type Action string

// The actions.
const (
	ActWait    Action = "wait"    // look again soon; nobody is to blame
	ActRetry   Action = "retry"   // try again, more and more rarely
	ActBlock   Action = "block"   // remember that it is not to be had, and plan without it
	ActRelax   Action = "relax"   // drop a constraint; when none is left, block
	ActRepair  Action = "repair"  // write the pool once more as it is: Azure then mends it
	ActDelete  Action = "delete"  // nothing else is possible
	ActSurface Action = "surface" // only a person can help: say so, and look again rarely
)

// Action returns what is done about trouble of the class.
func (c Class) Action() Action {
	switch c {
	case ClassBusy, ClassConflict, ClassNetwork:
		return ActWait
	case ClassDeleting:
		return ActDelete
	case ClassQuota, ClassCapacity, ClassRegion, ClassUnavailable, ClassNoGPUs, ClassStuck:
		return ActBlock
	case ClassConstraint:
		return ActRelax
	case ClassDrain, ClassNode:
		return ActRepair
	case ClassPermission, ClassInvalid:
		return ActSurface
	}
	return ActRetry
}

// Contended reports whether the trouble comes from operations that were in flight side by side, so that fewer would do better.
func (c Class) Contended() bool { return c.Action() == ActWait }

// Cure says in one line what helps against trouble of the class; "" when it passes by itself.
func (c Class) Cure() string {
	switch c {
	case ClassQuota:
		return "ask Azure for more vCPU quota, or allow another size"
	case ClassCapacity, ClassConstraint, ClassRegion:
		return "Azure is short of it; leave the size to syncer, or use another region"
	case ClassUnavailable:
		return "ask Azure to offer the size to this subscription, or name another"
	case ClassPermission:
		return "check the roles of syncer's identity and the policies of the subscription"
	case ClassInvalid:
		return "correct the Workspace or the configuration"
	case ClassDrain:
		return "a PodDisruptionBudget allows no eviction; loosen it, or delete the pods"
	case ClassNode:
		return "the node's start failed, often its GPU driver; see the extension's status in the node resource group"
	case ClassNoGPUs:
		return "check the nodes' GPU driver and that the NVIDIA device plugin runs on them"
	case ClassStuck:
		return "look at the operation in the Azure portal, or delete the pool there"
	}
	return ""
}
