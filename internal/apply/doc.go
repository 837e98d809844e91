// SPDX-License-Identifier: Apache-2.0

// Package apply is the only package that talks to Kubernetes: it observes, previews, applies and prunes objects.
//
// For one changed StatefulSet in a pass, the data flow is:
//
//	Observe   State from the informers' events: no request; only what has changed is put together again
//	Preview   every other object equals its cacheEntry: no request. The StatefulSet: GET, mayTouch, dry run, difference
//	Apply     ConfigMaps, then Services, then workloads; mayWrite checks what each request sends; server-side apply
//	Prune     GET, check owner and UID, DELETE
//
// Informers see only objects with syncer's labels, so observing costs no request. They keep a small copy of each
// object, and a probe beside the passes says whether the server answers. A dry run compares an object with the
// server only after a change of its desired state or its live counterpart. Server-side apply makes the server merge and
// validate. syncer never deletes an object to force a change, and never takes over an unmanaged object.
package apply
