// SPDX-License-Identifier: Apache-2.0

// Package shard divides the work of one cluster among several processes, by namespaces.
//
//	Of(namespace, n)      the shard of a namespace: a pure function, so that no process assigns anything
//	Leases, one a shard   elect the process that writes a shard (internal/apply/lease)
//	Holder                the shards of this process, as its passes see them
//	Share                 what a pass may write; every pass plans the whole cluster
//	Fences                refuse a request for a shard whose lease has run out
//
// What exists once for all namespaces has one writer too: the process that holds shard 0, the fleet's. It writes agent
// pools, objects without a namespace, README.md and capacity.yaml. It also carries out each restart of a server, in
// every namespace, because the bound on servers that restart at once holds for what one process sees, and not for
// the sum of what several see.
package shard
