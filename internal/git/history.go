// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
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
		return Commit{}, fmt.Errorf("find where %q and %q forked: %w", a, b, r.remote.explain(err))
	}
	r.hold(v)
	return v.commit, nil
}

func (r *Repository) mergeBase(ctx context.Context, a, b string) (*version, error) {
	var both [2]revision
	for i, rev := range []string{a, b} {
		var err error
		if both[i], err = parseRevision(rev); err != nil {
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
		base, sure := meet(h.set, h.tips[0], h.tips[1])
		all := len(h.set) == received || depth > maxGenerations // there is no more, as in a shallow clone
		switch {
		case !base.IsZero() && (sure || all):
			return r.filesOf(ctx, base, both, depth, h)
		case base.IsZero() && sure:
			return nil, ErrUnrelated
		case all:
			return nil, fmt.Errorf("the histories end before they meet: %w", errIncomplete)
		}
		received = len(h.set)
	}
}

// ahead returns the first of two revisions if it is held, and the second is a few commits ahead of it: then it is the
// merge base, and only what leads from it to the second is received. It returns nil if that is not so, or not known.
func (r *Repository) ahead(ctx context.Context, both [2]revision) *version {
	if len(both[0].steps)+len(both[1].steps) > 0 {
		return nil
	}
	up, err := r.remote.openUpload(ctx)
	if err != nil {
		return nil
	}
	defer up.close()
	base, known := both[0].start(up.adv)
	tip, named := both[1].start(up.adv)
	if !known || !named || base == tip {
		return nil
	}
	for _, v := range r.held() {
		if v.have.commit != base {
			continue
		}
		pack, err := up.receive(ctx, want{tips: []plumbing.Hash{tip}, depth: firstDepth, have: &v.have, noFiles: true})
		if err == nil && descends(tip, base, pack) {
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
	both [2]revision,
	depth int,
	h histories,
) (*version, error) {
	for _, v := range r.held() {
		if v.have.commit == base {
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
	return r.remote.newVersion("", base, h.partial, h.set)
}

// commitOnly receives a commit with its files, and no history.
func (r *Repository) commitOnly(ctx context.Context, at plumbing.Hash) (*version, error) {
	up, err := r.remote.openUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.close()
	set, err := up.receive(ctx, want{tips: []plumbing.Hash{at}, depth: 1})
	if err != nil {
		return nil, err
	}
	if at, err = peel(set, at); err != nil {
		return nil, err
	}
	return r.remote.newVersion("", at, up.partial(), set)
}

// histories are two revisions, with a number of generations before them.
type histories struct {
	set     objects
	tips    [2]plumbing.Hash
	partial bool // the server left out files
}

// receiveHistories receives two revisions with a number of generations before them; noFiles leaves their files out
// where the server can.
func (r *Repository) receiveHistories(
	ctx context.Context,
	both [2]revision,
	depth int,
	noFiles bool,
) (histories, error) {
	var out histories
	up, err := r.remote.openUpload(ctx)
	if err != nil {
		return out, err
	}
	defer up.close()
	all := want{noFiles: noFiles}
	for _, q := range both {
		w, err := q.want(up.adv)
		if err != nil {
			return out, err
		}
		all.tips = append(all.tips, w.tips...)
		all.depth = max(all.depth, w.depth+depth)
		if w.depth == 0 { // all of the history is needed to look a hash up
			depth = maxGenerations
			all.depth = depth
		}
	}
	plumbing.HashesSort(all.tips)
	all.tips = slices.Compact(all.tips)
	out.partial = up.partial()
	if out.set, err = up.receive(ctx, all); err != nil {
		return out, err
	}
	for i, q := range both {
		if out.tips[i], err = q.find(up.adv, out.set); err != nil {
			return out, err
		}
	}
	return out, nil
}

// meet returns the newest commit in the history of both, or the zero hash. Of several commits that none of the others
// contains, the one with the latest date is taken. sure reports that a commit that is missing from the histories cannot
// change the answer: then all that is missing lies behind a commit of both.
func meet(set objects, a, b plumbing.Hash) (base plumbing.Hash, sure bool) {
	first, second := ancestors(set, a), ancestors(set, b)
	inBoth := map[plumbing.Hash]*object.Commit{}
	for h, c := range first {
		if second[h] != nil {
			inBoth[h] = c
		}
	}
	whole, settled := true, true
	for _, of := range []map[plumbing.Hash]*object.Commit{first, second} {
		for h, c := range of {
			for _, parent := range c.ParentHashes {
				missing := of[parent] == nil
				whole = whole && !missing
				settled = settled && (!missing || inBoth[h] != nil)
			}
		}
	}
	contained := map[plumbing.Hash]bool{}
	for _, c := range inBoth {
		for _, parent := range c.ParentHashes {
			contained[parent] = true // and all before it, which are parents of commits in both
		}
	}
	var newest *object.Commit
	candidates := 0
	for h, c := range inBoth {
		if contained[h] {
			continue
		}
		candidates++
		later := newest == nil || c.Committer.When.After(newest.Committer.When)
		same := newest != nil && c.Committer.When.Equal(newest.Committer.When)
		if later || same && h.String() < newest.Hash.String() {
			newest, base = c, h
		}
	}
	// Behind a commit that is missing, one of several candidates may contain another.
	return base, whole || settled && candidates == 1
}

// ancestors returns a commit and all before it that the set has.
func ancestors(set objects, tip plumbing.Hash) map[plumbing.Hash]*object.Commit {
	found := map[plumbing.Hash]*object.Commit{}
	for todo := []plumbing.Hash{tip}; len(todo) > 0; {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if found[h] != nil {
			continue
		}
		_, c, err := set.commit(h)
		if err != nil {
			continue
		}
		c.Hash = h
		found[h] = c
		todo = append(todo, c.ParentHashes...)
	}
	return found
}

// explain says of an error about a missing commit that the repository is a shallow clone, where it is one.
func (r *remote) explain(err error) error {
	if r.endpoint.Protocol != "file" || !errors.Is(err, errIncomplete) {
		return err
	}
	_, common := Dirs(filepath.Clean(r.endpoint.Path))
	if info, statErr := os.Stat(filepath.Join(common, "shallow")); statErr == nil && info.Size() > 0 {
		return &ShallowError{URL: r.url, err: err}
	}
	return err
}

// unknownRevision says which ref may be meant by a name that no ref has.
func unknownRevision(adv *packp.AdvRefs, name string) error {
	remotes := ""
	for ref := range adv.References {
		rest, ok := strings.CutPrefix(ref, "refs/remotes/")
		if !ok {
			continue
		}
		remote, branch, _ := strings.Cut(rest, "/")
		if branch == name {
			return &RevisionError{Remedy: fmt.Sprintf("did you mean %s?", rest)}
		}
		if remotes == "" || remote < remotes {
			remotes = remote
		}
	}
	if remotes == "" || strings.Contains(name, ":") {
		return &RevisionError{}
	}
	name = strings.TrimPrefix(name, remotes+"/")
	return &RevisionError{Remedy: fmt.Sprintf(
		"this clone may not have it: git fetch %[1]s %[2]s:refs/remotes/%[1]s/%[2]s, then name %[1]s/%[2]s", remotes, name,
	)}
}
