// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/workspace"
)

// Due is a Workspace that serves, and whose change interrupts it.
type Due struct {
	workspace.Key
	Origin
	Priority workspace.Priority
	// Moves reports that it still serves on its old nodes: the change only asks for new ones so far.
	Moves bool
	// OnNewNodes reports that it is about to restart on nodes that were made for it, and cost money.
	OnNewNodes bool
}

// Origin is where a change comes from.
type Origin struct {
	// Commit is the last one that changed the inputs of the Workspace: its file, and the ConfigMaps that it names.
	Commit string
	// Own reports that the change follows from that commit. Otherwise the same inputs make other objects: a preset, the
	// configuration or the version of syncer is another one.
	Own    bool
	Preset string // that it uses; "" for none
}

// UnderWay is a Workspace that has served, and is not healthy since its last change.
type UnderWay struct {
	workspace.Key
	Origin
	Failed string // why it does not become healthy by itself; "" if that is not known
}

// Wait is why a Workspace does not change now.
type Wait struct {
	Text string
	// Stopped reports that the turn of the Workspace does not come by itself: another one has failed before.
	Stopped bool
}

// Input is what Decide needs to know.
type Input struct {
	Limit    Limit
	Serving  int // Workspaces that serve, or that are under way
	Due      []Due
	UnderWay []UnderWay
}

// Decide returns the Workspaces that wait, and why. All others of Due may change now.
//
// Those under way have the first places, in the order of their keys. Then follow those that are due: first those with
// new nodes, then those whose own files changed, then those of low priority, then by key. Each that waits names the
// Workspace whose place it will have, so that its text stays the same until that one is done. What only asks for new
// nodes waits for others of its kind: it goes on serving meanwhile, and a size that Azure lacks holds up no restart.
func Decide(in Input) map[workspace.Key]Wait {
	if in.Limit.Off() {
		return nil
	}
	out := map[workspace.Key]Wait{}
	var restarts, moves []workspace.Key
	under := map[workspace.Key]bool{}
	slices.SortFunc(in.UnderWay, func(a, b UnderWay) int { return a.Key.Compare(b.Key) })
	for i := range in.UnderWay {
		u := &in.UnderWay[i]
		if under[u.Key] = true; u.Failed == "" {
			restarts = append(restarts, u.Key)
		}
	}
	places := in.Limit.Of(in.Serving)
	slices.SortFunc(in.Due, inOrder)
	for i := range in.Due {
		d := &in.Due[i]
		if under[d.Key] { // it is interrupted already, so that a newer commit may mend it
			continue
		}
		if f := stoppedBy(d, in.UnderWay); f != nil {
			text := fmt.Sprintf("the roll-out stopped at %s: %s (%s)", f.Key, f.Failed, in.Limit)
			out[d.Key] = Wait{Text: text, Stopped: true}
			continue
		}
		queue := &restarts
		if d.Moves {
			queue = &moves
		}
		if before := len(*queue) - places; before >= 0 {
			out[d.Key] = Wait{Text: fmt.Sprintf("waits for %s (%s)", (*queue)[before], in.Limit)}
		}
		*queue = append(*queue, d.Key)
	}
	return out
}

// inOrder compares two Workspaces by who restarts first.
func inOrder(a, b Due) int {
	first := func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return -1
		}
		return 1
	}
	return cmp.Or(first(a.OnNewNodes, b.OnNewNodes), first(a.Own, b.Own), a.Priority.Compare(b.Priority),
		a.Key.Compare(b.Key))
}

// stoppedBy returns the first Workspace that has failed by what may be the same change, or nil. An error of one
// Workspace stops no other: a commit of its own for another preset goes on.
func stoppedBy(d *Due, all []UnderWay) *UnderWay {
	for i := range all {
		f := &all[i]
		if f.Failed == "" {
			continue
		}
		if !d.Own || d.Commit == f.Commit || d.Preset != "" && d.Preset == f.Preset {
			return f
		}
	}
	return nil
}
