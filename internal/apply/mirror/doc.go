// SPDX-License-Identifier: Apache-2.0

// Package mirror keeps what is live in a cluster, as events of informers change it. An Object is the small copy of one
// object; a View puts Objects together to a cluster.State, of which it makes only those parts again that have changed.
//
//	v := mirror.NewView()
//	v.Event(nil, mirror.Applied(u, mine, part)) // an object is there
//	state, err := v.State(mirror.Extras{...})
//
// It sends no request.
package mirror
