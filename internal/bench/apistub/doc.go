// SPDX-License-Identifier: Apache-2.0

// Package apistub is an API server in memory, for measurements with more objects than a real one holds in reasonable
// time. It speaks what syncer uses of the protocol: discovery, lists, watches, GET, server-side apply with dry runs,
// and DELETE. It runs each StatefulSet at once: with a pod and an EndpointSlice. It checks nothing and merges as JSON
// does; that syncer is right is tested with a real API server.
//
//	s := apistub.New()
//	s.Nodes(10, "NVIDIA-A100-SXM4-80GB")
//	server := httptest.NewServer(s)
package apistub
