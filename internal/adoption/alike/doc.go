// SPDX-License-Identifier: Apache-2.0

// Package alike decides whether the pods that KAITO made of a Workspace are what syncer would make of it, so that they
// may run on after syncer has taken them over. The two pod templates are never the same text: syncer passes flags as
// arguments, pins the revision of the model, and sets probes and a security context of its own. Alike are templates
// that run the same image with the same flags, variables, GPUs and volumes, on the same nodes. Pure.
//
//	reasons := alike.Differences(live, want)   // none: the pods may run on
//	kept := alike.Keep(object, live, digest)   // what syncer applies then: no pod restarts
package alike
