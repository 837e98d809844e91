// SPDX-License-Identifier: Apache-2.0

// Package presets carries the built-in catalogue of models as files, so that the binary needs nothing beside it.
//
// models/<name>/preset.yaml holds what is known about a model; models/<name>/kustomization.yaml is the model's own
// Kustomize component, for all that it needs beyond flags. base holds the objects of each task, components what a
// Workspace may add to them. Everything is plain Kustomize: the main container is called "model" until a Workspace
// gives it its name.
package presets

import "embed"

// FS is the catalogue, rooted at this folder.
//
//go:embed base components models
var FS embed.FS
