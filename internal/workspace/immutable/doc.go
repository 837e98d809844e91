// SPDX-License-Identifier: Apache-2.0

// Package immutable finds the changes between two versions of a Workspace that KAITO's admission forbids: those of
// fields that are immutable there. syncer carries them out, by replacing objects; it warns about each. Pure.
package immutable
