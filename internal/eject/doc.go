// SPDX-License-Identifier: Apache-2.0

// Package eject writes a preset as a folder of plain Kustomize: its facts, all its Kustomize files, and one
// kustomization for each task of the model. Stock "kustomize build" accepts them, and builds the objects that syncer
// renders.
//
// There is no second renderer for the patches of these kustomizations: a patch is the difference between the objects of
// the base with its components and those that package render makes of a small Workspace, so that the two stay equal.
package eject
