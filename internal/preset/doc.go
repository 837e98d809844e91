// SPDX-License-Identifier: Apache-2.0

// Package preset is the catalogue of models: the facts about each model, and the Kustomize overlay that serves or tunes
// it.
//
// The built-in catalogue is embedded from the top-level presets folder. A presets folder in a user's repository adds to
// it or overrides it. A preset is data: facts about a model (weights, attention, context), from which package sizing
// computes GPUs, and flags, from which package render builds a command line.
package preset
