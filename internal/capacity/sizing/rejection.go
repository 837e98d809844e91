// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
)

// rejection says why a size is no candidate. It keeps the figures, and String formats them: the search for the cheapest
// size reads almost no rejection, and formatting would take most of its time.
type rejection struct {
	cause  cause
	text   string  // causeText: the whole reason
	preset string  // the other causes
	size   string  //
	gpus   int     // of a node
	gpuGiB int     // nominal memory of a GPU
	nodes  int     // the most that sizing tried
	batch  int     // sequences of a tuning step
	tokens int     // of a sequence
	need   float64 // GiB on one GPU
	usable float64 // GiB of one GPU
	fixed  spread  // causeSettings
	fault  string  // causeSettings: why no size at all goes with fixed; "" when some may
}

// cause is the check that a size failed.
type cause int

const (
	causeText         cause = iota // a reason without figures
	causeLayout                    // no layout spreads the model over the GPUs
	causeSettings                  // no layout has the parallel sizes that settings fix
	causeInference                 // too little memory to serve
	causeTuning                    // too little memory to tune, by the estimate
	causeStatedTuning              // too little memory to tune, by the figure of the preset
)

// reject returns a rejection with a fixed text.
func reject(text string) *rejection { return &rejection{text: text} }

// String returns the reason in plain words.
func (r *rejection) String() string {
	switch r.cause {
	case causeLayout:
		return fmt.Sprintf("%s cannot be split over the %d GPUs of %s", r.preset, r.gpus, r.size)
	case causeSettings:
		return r.settings()
	case causeInference:
		text := fmt.Sprintf(
			"%s does not fit on %s: with a context of %d tokens it needs %.1f GiB on each GPU, and %.1f GiB are usable",
			r.preset, r.size, r.tokens, r.need, r.usable,
		)
		if r.nodes > 1 {
			text += fmt.Sprintf(", even on %d nodes", r.nodes)
		}
		return text
	case causeTuning:
		return fmt.Sprintf("tuning %s with a batch of %d x %d tokens needs %.1f GiB on a GPU; %s has %d x %.1f GiB",
			r.preset, r.batch, r.tokens, r.need, r.size, r.gpus, r.usable)
	case causeStatedTuning:
		return fmt.Sprintf("tuning %s needs a GPU with %.0f GiB; %s has %d x %d GiB",
			r.preset, r.need, r.size, r.gpus, r.gpuGiB)
	}
	return r.text
}

// obstacle returns the rejection by an estimate with its figures.
func (r *rejection) obstacle() capacity.Obstacle {
	o := capacity.Obstacle{Check: capacity.CheckMemory, Message: r.String()}
	switch r.cause {
	case causeLayout, causeText:
		o.Check = capacity.CheckLayout
		return o
	case causeStatedTuning:
		o.Have = float64(r.gpuGiB)
	default:
		o.Have = r.usable
	}
	o.Name, o.Need, o.Unit = "memory of a GPU", r.need, "GiB"
	return o
}
