// SPDX-License-Identifier: Apache-2.0

// Package hub reads the public facts about a model from Hugging Face. Only "syncer presets add" uses it: rendering and
// planning contact no hub.
package hub
