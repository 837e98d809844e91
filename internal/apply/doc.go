// SPDX-License-Identifier: Apache-2.0

// Package apply and the packages below it are the only ones that talk to Kubernetes: it observes, previews, applies and
// prunes objects.
//
// For one changed StatefulSet in a pass, the data flow is:
//
//	Observe   State from the informers' events: no request; only what has changed is put together again
//	Preview   every other object equals its cacheEntry: no request. The StatefulSet: mayTouch, a dry run over the version
//	          that the watch has, the difference; the verdict is kept as a trial
//	Apply     the trials of the Workspace hold: ConfigMaps, then Services, then workloads; mayWrite checks what each
//	          request sends; server-side apply over the same version
//	Prune     check owner and UID in the cache, DELETE of that UID and version
//
// A new object takes one request: a server-side apply whose metadata.resourceVersion no object has. The API server
// creates it where nothing is, and answers 409 where something is, also for another client's object; then, and only
// then, syncer reads it and says to whom it belongs. A 409 to an update means that the watch is behind: syncer reads
// and judges again.
//
// A Workspace that has live objects is changed as a whole or not at all: nothing of it is written unless a dry run of
// each change passes. Workspaces do not wait for each other, but for the plain objects that they name.
//
// Informers (package informers) see only objects with syncer's labels, so observing costs no request. They keep a small
// copy of each object, and a probe beside the passes says whether the server answers. A dry run compares an object with
// the server only after a change of its desired state or its live counterpart, and once in Options.Sweep. Server-side
// apply makes the server merge and validate. syncer deletes an object to change it only where package recreate allows
// it, and never takes over an unmanaged object.
package apply
