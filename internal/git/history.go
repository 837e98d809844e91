// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/revision"
)

// firstDepth is how many generations MergeBase receives at first. Each further request asks for deeperBy times as many,
// so that the requests together bring little more than the last one.
const (
	firstDepth = 50
	deeperBy   = 8
)

// MergeBase returns the newest commit that is in the history of both revisions, which is where a branch forked off. Its
// files are held for Snapshot. It receives the histories a few generations at a time, until they meet. Errors are those
// of Resolve, and ErrUnrelated.
func (r *Repository) MergeBase(ctx context.Context, a, b string) (Commit, error) {
	v, err := r.mergeBase(ctx, a, b)
	if err != nil {
		return Commit{}, fmt.Errorf("find where %q and %q forked: %w", a, b, r.remote.Explain(err))
	}
	r.hold(v)
	return v.commit, nil
}

func (r *Repository) mergeBase(ctx context.Context, a, b string) (*version, error) {
	var both [2]revision.Revision
	for i, rev := range []string{a, b} {
		var err error
		if both[i], err = revision.Parse(rev); err != nil {
			return nil, err
		}
	}
	if v := r.ahead(ctx, both); v != nil {
		return v, nil
	}
	received := 0
	for depth := firstDepth; ; depth *= deeperBy {
		h, err := r.receiveHistories(ctx, both, depth, true)
		if err != nil {
			return nil, err
		}
		base, sure := ancestry.Meet(h.set, h.tips[0], h.tips[1])
		all := len(h.set) == received || depth > revision.MaxGenerations // there is no more, as in a shallow clone
		switch {
		case !base.IsZero() && (sure || all):
			return r.filesOf(ctx, base, both, depth, h)
		case base.IsZero() && sure:
			return nil, ErrUnrelated
		case all:
			return nil, fmt.Errorf("the histories end before they meet: %w", objects.ErrMissing)
		}
		received = len(h.set)
	}
}

// ahead returns the first of two revisions if it is held, and the second is a few commits ahead of it: then it is the
// merge base, and only what leads from it to the second is received. It returns nil if that is not so, or not known.
func (r *Repository) ahead(ctx context.Context, both [2]revision.Revision) *version {
	if !both[0].Plain() || !both[1].Plain() {
		return nil
	}
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return nil
	}
	defer up.Close()
	base, known := both[0].Start(up.Advertised())
	tip, named := both[1].Start(up.Advertised())
	if !known || !named || base == tip {
		return nil
	}
	for _, v := range r.held() {
		if v.have.Commit != base {
			continue
		}
		pack, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{tip}, Depth: firstDepth, Have: &v.have, NoFiles: true})
		if err == nil && ancestry.Descends(pack, tip, base) {
			return v
		}
		return nil
	}
	return nil
}

// filesOf returns a commit of histories that were received, with its files.
func (r *Repository) filesOf(
	ctx context.Context,
	base plumbing.Hash,
	both [2]revision.Revision,
	depth int,
	h histories,
) (*version, error) {
	for _, v := range r.held() {
		if v.have.Commit == base {
			return v, nil
		}
	}
	if h.partial {
		if v, err := r.commitOnly(ctx, base); err == nil {
			return v, nil
		}
		var err error // many servers send no commit that no ref names, unless it is part of a history
		if h, err = r.receiveHistories(ctx, both, depth, false); err != nil {
			return nil, err
		}
	}
	return newVersion(r.remote.Limits(), base, h.partial, h.set)
}

// commitOnly receives a commit with its files, and no history.
func (r *Repository) commitOnly(ctx context.Context, at plumbing.Hash) (*version, error) {
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	set, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{at}, Depth: 1})
	if err != nil {
		return nil, err
	}
	if at, err = revision.Peel(set, at); err != nil {
		return nil, err
	}
	return newVersion(r.remote.Limits(), at, up.Partial(), set)
}

// histories are two revisions, with a number of generations before them.
type histories struct {
	set     objects.Set
	tips    [2]plumbing.Hash
	partial bool // the server left out files
}

// receiveHistories receives two revisions with a number of generations before them; noFiles leaves their files out
// where the server can.
func (r *Repository) receiveHistories(
	ctx context.Context,
	both [2]revision.Revision,
	depth int,
	noFiles bool,
) (histories, error) {
	var out histories
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return out, err
	}
	defer up.Close()
	all := remote.Want{NoFiles: noFiles}
	for _, q := range both {
		tips, generations, err := q.Want(up.Advertised())
		if err != nil {
			return out, err
		}
		all.Tips = append(all.Tips, tips...)
		all.Depth = max(all.Depth, generations+depth)
		if generations == 0 { // all of the history is needed to look a hash up
			depth = revision.MaxGenerations
			all.Depth = depth
		}
	}
	plumbing.HashesSort(all.Tips)
	all.Tips = slices.Compact(all.Tips)
	out.partial = up.Partial()
	if out.set, err = up.Receive(ctx, all); err != nil {
		return out, err
	}
	for i, q := range both {
		if out.tips[i], err = q.Find(up.Advertised(), out.set); err != nil {
			return out, err
		}
	}
	return out, nil
}
