// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/simulate/divided"
)

// shards is their number in a divided world, and that of its processes. A process that is killed leaves its shard to
// the other one, and the next one that starts gets one again. Leases and fences have tests of their own: here a shard
// changes hands between passes.
const shards = divided.Shards

// swap lets the two processes change their shards.
func (w *World) swap() string {
	w.meet("shards change hands")
	w.swapped = !w.swapped
	return "the shards change hands"
}

// shareOfPass returns the function that a process asks for its part; nil for everything.
func (p *process) shareOfPass() func() (shard.Share, func()) {
	if !p.w.profile.divided {
		return nil
	}
	p.share = shard.NewShare(shards)
	return func() (shard.Share, func()) {
		var held []int
		for i := range shards {
			if p.w.holder(i) == p {
				held = append(held, i)
			}
		}
		p.share = shard.NewShare(shards, held...)
		return p.share, func() {}
	}
}

// holder returns the process that may begin a pass with a shard: nil while another one is under way that has it.
func (w *World) holder(i int) *process {
	if w.swapped {
		i = shards - 1 - i
	}
	entitled := w.processes[min(i, len(w.processes)-1)]
	if w.swapped {
		i = shards - 1 - i
	}
	for _, p := range w.processes {
		if p != entitled && p.waits != nil && p.share.Holds(i) {
			return nil
		}
	}
	return entitled
}

// judgeShare: a process writes only what its shards allow.
func (p *process) judgeShare(ctx context.Context, namespace string, ref cluster.Ref) {
	if err := divided.MayWrite(ctx, p.share, namespace); err != nil {
		p.w.violated("%s in %s is written, and the process has %s", ref, namespace, p.share)
	}
}
