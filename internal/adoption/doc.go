// SPDX-License-Identifier: Apache-2.0

// Package adoption decides how live objects of KAITO are handed over to syncer, and back. Handing over changes metadata
// alone, so that no pod restarts: the owner references to KAITO's objects go, so that nothing is collected with them,
// and an annotation permits syncer to apply over the object. What syncer then changes is a plan like any other. Pure.
//
//	plan := adoption.Of(live, adoption.Detach)     // live objects with owner references to KAITO's
//	for _, step := range plan.Steps { ... }        // step.Owners are those that go
package adoption
