// SPDX-License-Identifier: Apache-2.0

// Package informers watches our objects, and keeps a small copy of each in memory: an informer for each kind and
// namespace, what it keeps of an object, and how long each watch has been up or down.
//
//	w := informers.New(informers.Options{...})
//	w.Start(ctx)
//	err := w.Synced()                 // nil once all objects are listed
//	state, err := w.State(contests)   // no request
//
// Kinds that the cluster may lack come and go: see optionalKind. A probe beside the passes finds out whether the server
// answers.
package informers
