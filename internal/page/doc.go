// SPDX-License-Identifier: Apache-2.0

// Package page serves the page of syncer: the fleet, each Workspace, what waits, capacity and cost, as HTML that needs
// no JavaScript and updates itself with it. It is read-only: no request to it changes anything but a session.
//
// After each pass the daemon calls Publish with what the pass has found out. Requests are answered from memory, but for
// events of Kubernetes and the history of the status branch, which Cluster reads when a Workspace is looked at.
//
//	p := page.New(log)
//	p.Use(page.Options{Clusters: clusters, Access: page.Loopback})
//	p.Publish(facts)
//	http.Handle("/", p)
package page
