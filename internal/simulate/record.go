// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/simulate/divided"
)

// recorder is the status branch as a process reaches it. Other clusters write to it as well, and so may people: a push
// moves the branch only if it is where its writer has read it.
type recorder struct{ p *process }

// mostPushes is how often a process pushes while others move the branch.
const mostPushes = 3

var errMoved = errors.New("push: given up: the branch has moved")

// Read implements reconcile.Recorder.
func (r recorder) Read(context.Context) (map[string][]byte, error) {
	f := r.p.gate(call{kind: "read status"})
	if f.err != nil {
		return nil, r.p.answer(f)
	}
	return maps.Clone(r.p.w.git.Status), r.p.answer(f)
}

// Record implements reconcile.Recorder.
func (r recorder) Record(_ context.Context, what reconcile.Recording) (string, error) {
	p, git := r.p, r.p.w.git
	for range mostPushes {
		f := p.gate(call{kind: "open status"})
		if f.err != nil {
			return "", p.answer(f)
		}
		all := what.All()
		files := what.Share.Over(all, git.Status)
		at, equal := git.Moves, maps.EqualFunc(git.Status, files, bytes.Equal)
		if err := p.answer(f); err != nil || equal {
			return "", err
		}
		f = p.gate(call{kind: "record"})
		p.judgeStatus(all)
		switch {
		case f.err != nil && !f.done:
			return "", p.answer(f)
		case at == git.Moves:
			if names := divided.Foreign(p.share, git.Status, files); len(names) > 0 {
				p.w.violated("%q are recorded, and the process has %s", names, p.share)
			}
			git.Records, git.Moves = git.Records+1, git.Moves+1
			git.Status = maps.Clone(files)
			return fmt.Sprintf("s%d", git.Records), p.answer(f)
		}
		p.w.meet("the status branch has moved before a push")
		_ = p.answer(fate{death: f.death})
	}
	p.w.meet("a push to the status branch is given up")
	return "", errMoved
}

// otherStatus is a commit of another cluster on the status branch, in a folder of its own.
func (w *World) otherStatus() string {
	w.git.Moves++
	return "another cluster records its status"
}

// statusByHand changes what syncer has recorded: a file goes, or has another content.
func (w *World) statusByHand() string {
	name, ok := pickOf(w, slices.Sorted(maps.Keys(w.git.Status)))
	if !ok {
		return nothing
	}
	w.meet("another client changes the status")
	w.git.Moves++
	clear(w.server.Interrupted) // what was reported on them may be lost
	w.git.Status = maps.Clone(w.git.Status)
	if w.rng.IntN(2) == 0 {
		delete(w.git.Status, name)
		return "remove " + name + " from the status"
	}
	data := w.git.Status[name]
	w.git.Status[name] = append(slices.Clone(data[:w.rng.IntN(len(data)+1)]), "\nby: hand\n"...)
	return "change " + name + " of the status"
}
