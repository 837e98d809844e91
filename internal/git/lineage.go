// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
)

// lastChanges returns the newest commits that changed a folder: one, unless both parents of a merge brought the same.
// There are none where the folder never existed.
func (v *verification) lastChanges(ctx context.Context, folder part) ([]plumbing.Hash, error) {
	for {
		l := lineage{verification: v, folder: folder, known: map[plumbing.Hash]origin{}}
		changed, err := l.changesSince(nil, l.tip)
		if !errors.Is(err, objects.ErrMissing) {
			return changed, err
		}
		if err := v.deepen(ctx); err != nil {
			return nil, err
		}
	}
}

// lineage is where a folder comes from, as far as history was received. The error of its methods wraps ErrMissing where
// more of it must be.
type lineage struct {
	*verification
	folder part
	known  map[plumbing.Hash]origin
}

// origin says where a commit has the folder from.
type origin struct {
	parents []plumbing.Hash // with the same; none where changed
	changed bool            // by the commit itself
}

// changesSince returns the newest commits that changed the folder for a commit, without those of a history.
func (l *lineage) changesSince(history map[plumbing.Hash]bool, tip plumbing.Hash) (changed []plumbing.Hash, err error) {
	seen := map[plumbing.Hash]bool{}
	for todo := []plumbing.Hash{tip}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] || history[at] {
			continue
		}
		seen[at] = true
		from, err := l.origin(at)
		if err != nil {
			return nil, err
		}
		if from.changed {
			changed = append(changed, at)
		}
		todo = append(todo, from.parents...)
	}
	return changed, nil
}

func (l *lineage) origin(at plumbing.Hash) (origin, error) {
	if from, ok := l.known[at]; ok {
		return from, nil
	}
	mine, err := l.contentAt(at, l.folder)
	if err != nil {
		return origin{}, err
	}
	c, err := objects.Commit(l.set, at)
	if err != nil {
		return origin{}, err
	}
	var same, others []plumbing.Hash
	for _, p := range c.ParentHashes {
		theirs, err := l.contentAt(p, l.folder)
		if err != nil {
			return origin{}, err
		}
		if theirs == mine {
			same = append(same, p)
		} else {
			others = append(others, p)
		}
	}
	from := origin{parents: same, changed: len(same) == 0 && (len(c.ParentHashes) > 0 || mine != "")}
	if len(same) > 0 && len(others) > 0 {
		contained, err := l.contain(same, others)
		if err != nil {
			return origin{}, err
		}
		if !contained {
			from = origin{changed: true}
		}
	}
	l.known[at] = from
	return from, nil
}

// contain reports whether some commits have in their history what each of others has of the folder. Where they have
// not, a merge that takes the folder from them takes changes back.
func (l *lineage) contain(commits, others []plumbing.Hash) (bool, error) {
	history, whole := l.history(commits)
	for _, other := range others {
		lost, err := l.changesSince(history, other)
		if err == nil && len(lost) > 0 && !whole && l.steps < len(historySteps) {
			err = objects.ErrMissing // it may be further back
		}
		if err != nil || len(lost) > 0 {
			return false, err
		}
	}
	return true, nil
}

// history returns commits with all before them that were received, and whether these are all.
func (l *lineage) history(of []plumbing.Hash) (found map[plumbing.Hash]bool, whole bool) {
	found, whole = map[plumbing.Hash]bool{}, true
	for todo := append([]plumbing.Hash(nil), of...); len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if found[at] {
			continue
		}
		found[at] = true
		c, err := objects.Commit(l.set, at)
		if err != nil {
			whole = false
			continue
		}
		todo = append(todo, c.ParentHashes...)
	}
	return found, whole
}
