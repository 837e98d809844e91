// SPDX-License-Identifier: Apache-2.0

// Package suspension reads documents of kind Suspend, the switch for incidents in Git, and says what they stop at a
// time.
//
//	apiVersion: syncer.dev/v1alpha1
//	kind: Suspend
//	metadata: {name: incident-42}
//	spec:
//	  reason: the registry is down
//	  until: "2026-12-01T08:00:00Z"
//	  selector: {namespaces: [prod], names: ["phi-*"], matchLabels: {team: search}}
//
// A document that cannot be read in full stops more than it says, never less.
package suspension
