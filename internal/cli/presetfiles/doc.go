// SPDX-License-Identifier: Apache-2.0

// Package presetfiles writes presets: a new one for a model, once it is known to be usable, and an existing one as
// plain Kustomize. It never writes outside of the folder that a person names.
package presetfiles
