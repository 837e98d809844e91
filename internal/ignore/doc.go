// SPDX-License-Identifier: Apache-2.0

// Package ignore says which fields of an object syncer leaves to others, by JSON pointer or by field manager, and which
// it never does: ignoring must not weaken the policy for pods, nor what makes an object ours. Pure.
//
// An ignored field gets the rendered value when its object is created. After that it is no drift, and is not written.
package ignore
