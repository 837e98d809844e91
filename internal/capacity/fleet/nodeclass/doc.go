// SPDX-License-Identifier: Apache-2.0

// Package nodeclass divides nodes into classes, names their pools, and fills these in order.
//
// A Class is a kind of node that Workspaces may share: they need the same size, priority, operating system and disk. It
// has one pool, and a further one for each thousand nodes. The name of a pool derives from the cluster and the Key, so
// that every plan finds the pools of the one before:
//
//	set := nodeclass.NewSet("prod", len(workloads), live)
//	at := set.Of(nodeclass.KeyOf(option, capacity.OnDemand, "Ubuntu", 40), option.SKU)
//	bins := set.Bins(&set.All[at])
//	pool := bins.Choose(set.All[at].Level(option), 1) // "snc24" and a hash
package nodeclass
