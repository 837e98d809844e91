// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// objects are what is known of the desired objects of a plan.
type objects struct {
	live     []*cluster.Object
	at       []int32            // the places of desired.Objects in live; below 0 for those that do not exist
	stays    []bool             // which of the live objects are desired
	previews []*cluster.Preview // of desired.Objects; nil for those that the server is asked about
	asked    []int              // the places of the others
	created  []int              // the places of those that the server is assumed to create, until they have a preview

	full map[int]*unstructured.Unstructured // those of desired.Objects that were needed in full, by their places
	// Until all have a preview: their places among the objects of the last plan, and the same of that.
	was  []int32
	last map[int]*unstructured.Unstructured
}

// look finds the desired objects among the live ones, and selects those on which the server's verdict is asked, by
// Depth. The others have theirs: syncer assumes that the server creates what does not exist, and nothing changes for an
// object for which nothing changed before, if it is the same object of a Workspace of which the same is live.
func (e *Engine) look(b, last *before, live cluster.State, since *cluster.Moves) objects {
	all := b.desired.Objects
	out := objects{
		live:     live.Objects,
		at:       make([]int32, len(all)),
		stays:    make([]bool, len(live.Objects)),
		previews: make([]*cluster.Preview, len(all)),
	}
	known := last.answers(b, live, since)
	if known != nil {
		out.was, out.last = known.was, last.objects.full
	}
	for i := range all {
		o, was := &all[i], int32(-1)
		if known != nil {
			was = known.was[i]
		}
		if out.at[i] = -1; was >= 0 {
			out.at[i] = known.moved(last.objects.at[was])
		}
		if out.at[i] < 0 {
			out.at[i] = placeOf(o.Ref(), live.Objects)
		}
		if out.at[i] >= 0 {
			out.stays[out.at[i]] = true
		}
		switch {
		case o.Unknown != "":
			out.previews[i] = &cluster.Preview{Ref: o.Ref(), Err: &cluster.UnknownError{Why: o.Unknown}}
		case e.settings.Depth == PreviewUpdates && out.at[i] < 0:
			out.created = append(out.created, i)
		case was >= 0 && known.same[i]:
			out.previews[i] = last.previews[was]
		default:
			out.asked = append(out.asked, i)
		}
	}
	return out
}

// answered is what the verdicts of the last plan say about those of the next one.
type answered struct {
	was   []int32 // the places of desired.Objects among those of the last plan; below 0 for new ones
	same  []bool  // nothing changes for the object, as before
	place []int32 // where the live objects of the last plan are now, below 0 for those that are gone; nil: where they were
}

func (a *answered) moved(at int32) int32 {
	if at < 0 || a.place == nil {
		return at
	}
	return a.place[at]
}

// answers returns what is known of the objects of b; nil for nothing.
func (last *before) answers(b *before, live cluster.State, since *cluster.Moves) *answered {
	if last == nil || last.previews == nil {
		return nil
	}
	a := &answered{was: make([]int32, len(b.desired.Objects)), same: make([]bool, len(b.desired.Objects))}
	if old := last.objects.live; len(old) != len(live.Objects) || len(old) > 0 && &old[0] != &live.Objects[0] {
		a.place = moves(old, live.Objects)
	}
	for i := range a.was {
		a.was[i] = -1
	}
	old := last.seen.State
	quiet := old.Versions != nil && live.Versions != nil && old.Sweeps == live.Sweeps
	var moved cluster.Moved
	if quiet {
		moved = since.Between(old.Versions, live.Versions)
	}
	contested := contestedIn(live)
	j := 0
	for i, w := range b.desired.Workloads {
		for j < len(last.desired.Workloads) && last.desired.Workloads[j].Key.Compare(w.Key) < 0 {
			j++
		}
		if j == len(last.desired.Workloads) || last.desired.Workloads[j].Key != w.Key {
			continue
		}
		a.align(b, i, last, j, quiet && !moved.Has(w.Key) && !contested[w.Key])
	}
	return a
}

// align finds the objects of the i-th Workload of b among those of the j-th of the last plan. same says that what is
// live of the Workspace is the same.
func (a *answered) align(b *before, i int, last *before, j int, same bool) {
	key := b.desired.Workloads[i].Key
	from, to := b.desired.ObjectsOf(i)
	was, end := last.desired.ObjectsOf(j)
	for k := from; k < to && was+k-from < end; k++ {
		x, y := &last.desired.Objects[was+k-from], &b.desired.Objects[k]
		if x.Content != y.Content {
			continue
		}
		a.was[k] = int32(was + k - from) //nolint:gosec // far fewer
		a.same[k] = same && y.Workspace == key && x.Workspace == key && changesNothing(last.previews[was+k-from])
	}
}

// contestedIn returns the Workspaces with a field that another client keeps changing: when syncer sets it back depends
// on the time.
func contestedIn(s cluster.State) map[workspace.Key]bool {
	if len(s.Contests) == 0 {
		return nil
	}
	out := map[workspace.Key]bool{}
	for _, c := range s.Contests {
		if at := placeOf(c.Ref, s.Objects); at >= 0 {
			out[s.Objects[at].Workspace] = true
		}
	}
	return out
}

// placeOf returns the place of an object of any version among live ones, which are sorted; below 0 if there is none.
func placeOf(ref cluster.Ref, live []*cluster.Object) int32 {
	i, found := slices.BinarySearchFunc(live, ref, func(o *cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) })
	if !found {
		return -1
	}
	return int32(i) //nolint:gosec // far fewer
}

// moves returns where sorted objects are in another sorted list; below 0 for those that are not in it.
func moves(from, to []*cluster.Object) []int32 {
	out := make([]int32, len(from))
	j := 0
	for i := range from {
		order := -1
		for j < len(to) {
			if order = to[j].Compare(from[i].Ref); order >= 0 {
				break
			}
			j++
		}
		if out[i] = -1; j < len(to) && order == 0 {
			out[i] = int32(j) //nolint:gosec // far fewer
			j++
		}
	}
	return out
}

// changesNothing reports whether an object is as desired.
func changesNothing(p *cluster.Preview) bool {
	return p.Before == nil && p.After == nil && p.Err == nil && p.Replace == ""
}

// preview asks for the verdicts that are missing, and returns all. As long as the same is live, it does not ask again
// about objects of Workspaces that are as desired.
func (e *Engine) preview(ctx context.Context, b *before, live cluster.State) ([]*cluster.Preview, error) {
	if err := b.create(); err != nil {
		return nil, err
	}
	answers, err := e.ask(ctx, b)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(b.objects.previews)
	contested := contestedIn(live)
	var again []int
	for k, i := range b.objects.asked {
		p := answers[k]
		if b.previews != nil && samePreview(b.previews[i], p) {
			p = b.previews[i]
		}
		out[i] = p
		key := b.desired.Objects[i].Workspace
		if changesNothing(p) && live.Versions != nil && key != (workspace.Key{}) && !contested[key] {
			b.objects.previews[i] = p
		} else {
			again = append(again, i)
		}
	}
	b.objects.asked, b.objects.was, b.objects.last = again, nil, nil
	return out, nil
}

// create makes the previews of objects that the server is assumed to create.
func (b *before) create() error {
	for _, i := range b.objects.created {
		o, err := b.object(i)
		if err != nil {
			return err
		}
		b.objects.previews[i] = &cluster.Preview{Ref: b.desired.Objects[i].Ref(), After: o}
	}
	b.objects.created = nil
	return nil
}

// ask returns the verdicts on the objects that the server is asked about. Those that are settled are not made in full.
func (e *Engine) ask(ctx context.Context, b *before) ([]*cluster.Preview, error) {
	out := make([]*cluster.Preview, len(b.objects.asked))
	e.settle(b, out)
	var objects []*unstructured.Unstructured
	var places []int
	for k, i := range b.objects.asked {
		if out[k] != nil {
			continue
		}
		o, err := b.object(i)
		if err != nil {
			return nil, err
		}
		objects, places = append(objects, o), append(places, k)
	}
	answers, err := e.cluster.Preview(ctx, objects)
	for n := range answers {
		out[places[n]] = &answers[n]
	}
	return out, err
}

// settle sets the previews of the objects that are known to be as desired, by their digests.
func (e *Engine) settle(b *before, previews []*cluster.Preview) {
	var objects []cluster.Digested
	var places []int
	for k, i := range b.objects.asked {
		o := b.desired.Objects[i].Listed()
		if o.Digest != (cluster.Digested{}).Digest && b.objects.full[i] == nil {
			objects, places = append(objects, cluster.Digested{Ref: o.Ref, Digest: o.Digest}), append(places, k)
		}
	}
	for n, settled := range SettlerOf(e.cluster).Settled(objects) {
		if settled {
			previews[places[n]] = &cluster.Preview{Ref: objects[n].Ref}
		}
	}
}
