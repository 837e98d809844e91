// SPDX-License-Identifier: Apache-2.0

// Package capacity holds the types and tables of GPU capacity: sizes, prices, quotas, limits, agent pools and their
// changes, and the classes of Azure's errors. It decides nothing. The packages below it do, one step each:
//
//	capacity/sizing       model, settings          -> Demand: the sizes that fit, cheapest first
//	capacity/fleet        Demands of all Workspaces -> desired pools, and the pool of each Workspace
//	capacity/pools        desired and live pools    -> PoolChanges; pools/executor carries them out
//	capacity/unavailable  errors of Azure           -> blocked offerings, and until when
//	capacity/karpenter    Demand                    -> NodePool, for clusters where Karpenter creates the nodes
//
// For example, phi-4-mini without an instance type: sizing offers one A100 or two A10; fleet puts it on a pool of
// Standard_NC24ads_A100_v4 that has free GPUs, or asks for a new one; pools compares that with what AKS has and says
// "create snc24...". Azure answers AllocationFailed: Classify makes that ClassCapacity, unavailable blocks the size for
// an hour, and the next pass takes another one.
//
// The interface Cloud manages pools. capacity/aks implements it for AKS; capacitytest has an implementation in memory,
// and the conformance test that both pass.
package capacity
