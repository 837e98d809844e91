// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/revision"
	"syncer.dev/syncer/internal/git/store"
	"syncer.dev/syncer/internal/git/target"
)

// A tracker holds the newest known version of one branch, tag or commit: its tip, and all objects of the tip's tree.
type tracker struct {
	remote *remote.Remote
	target target.Target
	known  *ancestry.Known // learns the commits; nil for none

	update  sync.Mutex // held while the version is being replaced; readers need not wait for it
	current atomic.Pointer[version]
	looked  bool // at the length of the history
	pushed  int  // commits since
	whole   bool // the server could not read a pack with differences
}

// version is a commit with its files. It is immutable.
type version struct {
	branch string
	ref    plumbing.Hash // what the server named: the commit, or a tag that leads to it
	tag    []byte        // the object of that tag; nil for none
	commit Commit
	have   remote.Have
	store  store.Commit
	// partial says that the server left large files out.
	partial bool
	damage  *atomic.Bool // an object was not what it should be: the next fetch begins from nothing
}

// newVersion gathers the commit that a ref leads to, from what was received and what is held.
func newVersion(most Limits, ref plumbing.Hash, partial bool, from ...objects.Source) (*version, error) {
	tip, err := revision.Peel(objects.Layers(from), ref)
	if err != nil {
		return nil, err
	}
	whole, err := store.Gather(tip, partial, most.Inflated(), from...)
	return versionOf(most, ref, tip, partial, whole, err, from...)
}

// next is newVersion after v, at the cost of what changed.
func (v *version) next(most Limits, ref plumbing.Hash, partial bool, fresh objects.Source) (*version, error) {
	tip, err := revision.Peel(objects.Layers{fresh, v.store}, ref)
	if err != nil {
		return nil, err
	}
	partial = partial || v.partial
	whole, err := v.store.Next(tip, partial, most.Inflated(), fresh)
	return versionOf(most, ref, tip, partial, whole, err, fresh)
}

func versionOf(
	most Limits, ref, tip plumbing.Hash, partial bool, whole store.Commit, err error, from ...objects.Source,
) (*version, error) {
	if errors.Is(err, store.ErrTooLarge) {
		return nil, limits.TooLarge(limits.SettingPack, "the files of the commit have more than %s",
			limits.InWords(most.Inflated()))
	}
	if err != nil {
		return nil, err
	}
	c, raw, err := commitIn(whole, tip)
	if err != nil {
		return nil, err
	}
	var tag []byte
	if ref != tip {
		if tag, err = objects.Raw(objects.Layers(from), plumbing.TagObject, ref); err != nil {
			return nil, err
		}
	}
	return &version{
		ref:     ref,
		tag:     tag,
		commit:  c,
		have:    remote.Have{Commit: tip, When: raw.Committer.When},
		store:   whole,
		partial: partial,
		damage:  &atomic.Bool{},
	}, nil
}

// noteDamage remembers that an object of the version cannot be read, and returns the error.
func (v *version) noteDamage(err error) error {
	if v.damage != nil && isDamage(err) {
		v.damage.Store(true)
	}
	return err
}

// isDamage reports whether objects are missing or wrong, which a new clone may cure.
func isDamage(err error) bool {
	return errors.Is(err, objects.ErrMissing) || errors.Is(err, objects.ErrDamaged)
}

// find looks the target up among what the server advertises.
func (t *tracker) find(adv *packp.AdvRefs) (target.Found, error) {
	found, err := t.target.Find(adv)
	if err != nil {
		err = fmt.Errorf("%s: %w", t.remote.URL(), err)
	}
	return found, err
}

// open opens a session, and looks the target up.
func (t *tracker) open(ctx context.Context) (*remote.Upload, target.Found, error) {
	up, err := t.remote.OpenUpload(ctx)
	if err != nil {
		return nil, target.Found{}, err
	}
	found, err := t.find(up.Advertised())
	if err != nil {
		up.Close()
		return nil, found, err
	}
	up.Shown(found.Branch)
	return up, found, nil
}

// fetch moves the tracker to its target. It costs one request and no object if that did not move.
func (t *tracker) fetch(ctx context.Context) (*version, error) {
	t.update.Lock()
	defer t.update.Unlock()
	return t.fetchLocked(ctx)
}

// fetchTip is fetch for a caller that has just read the tip of the branch. t.update must be held.
func (t *tracker) fetchTip(ctx context.Context, tip plumbing.Hash) (*version, error) {
	if v := t.sound(); v != nil && v.have.Commit == tip {
		return v, nil
	}
	return t.fetchLocked(ctx) // the branch may have moved again since
}

func (t *tracker) fetchLocked(ctx context.Context) (*version, error) {
	if v := t.fetchDirect(); v != nil {
		return v, nil
	}
	up, found, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	return t.advance(ctx, up, found)
}

// sound returns the current version, unless it is damaged.
func (t *tracker) sound() *version {
	v := t.current.Load()
	if v == nil || v.damage.Load() {
		return nil
	}
	return v
}

func (t *tracker) advance(ctx context.Context, up *remote.Upload, found target.Found) (*version, error) {
	old := t.sound()
	if old != nil && old.ref == found.Ref && old.branch == found.Branch {
		return t.unmoved(old), nil
	}
	var next *version
	var err error
	if old == nil {
		next, err = t.clone(ctx, up, found)
		if err != nil && isDamage(err) && ctx.Err() == nil {
			next, err = t.heal(ctx, err)
		}
	} else {
		next, err = t.increment(ctx, up, old, found)
		if err != nil && ctx.Err() == nil {
			next, err = t.heal(ctx, err)
		}
	}
	if err != nil {
		return nil, err
	}
	t.current.Store(next)
	return next, nil
}

// unmoved returns the current version again: that it was forced is reported once.
func (t *tracker) unmoved(old *version) *version {
	if !old.commit.Forced {
		return old
	}
	unforced := *old
	unforced.commit.Forced = false
	t.current.Store(&unforced)
	return &unforced
}

// heal begins from nothing, once, after a fetch failed.
func (t *tracker) heal(ctx context.Context, why error) (*version, error) {
	up, found, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	next, err := t.clone(ctx, up, found)
	if err != nil {
		return nil, err
	}
	next.commit.Forced = next.commit.Forced || errors.Is(why, remote.ErrForgotten)
	return next, nil
}

// clone receives the tip alone.
func (t *tracker) clone(ctx context.Context, up *remote.Upload, found target.Found) (*version, error) {
	pack, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{found.Ref}, Depth: 1})
	if err != nil {
		if t.target.Commit != "" && errors.Is(unknownTo(err), ErrUnknownRevision) {
			err = fmt.Errorf("%s: %s: %w", t.remote.URL(), t.target, ErrUnknownRevision)
		}
		return nil, err
	}
	v, err := newVersion(t.remote.Limits(), found.Ref, up.Partial(), pack)
	if err != nil {
		return nil, t.remote.Unreachable(ctx, "receive pack", err)
	}
	v.branch = found.Branch
	t.known.Learn(pack, v.have.Commit)
	if old := t.current.Load(); old != nil {
		v.commit.Forced = t.rewritten(ctx, old, v)
	}
	return v, nil
}

// increment receives the objects that are newer than old.
func (t *tracker) increment(
	ctx context.Context, up *remote.Upload, old *version, found target.Found,
) (*version, error) {
	pack, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{found.Ref}, Have: &old.have, Base: old.store})
	if err != nil {
		return nil, err
	}
	next, err := old.next(t.remote.Limits(), found.Ref, up.Partial(), pack)
	if err != nil {
		return nil, err
	}
	next.branch = found.Branch
	t.known.Learn(pack, next.have.Commit)
	next.commit.Forced = !ancestry.Descends(pack, next.have.Commit, old.have.Commit) && t.rewritten(ctx, old, next)
	return next, nil
}

// maxSlow is how many commits of machines with slow clocks may follow each other and still be known for what they are.
const maxSlow = 100

// rewritten reports whether old is not among the ancestors of next. A pack that was asked for by time does not tell: it
// ends before a commit whose clock was slow. This one is asked for by number, and is as if we had all of old's history:
// what comes is only what leads from old to next. Where the server does not answer, or with more than is allowed,
// nothing is claimed.
func (t *tracker) rewritten(ctx context.Context, old, next *version) bool {
	tip := next.have.Commit
	if tip == old.have.Commit {
		return false
	}
	up, err := t.remote.OpenUpload(ctx)
	if err != nil {
		return false
	}
	defer up.Close()
	pack, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{next.ref}, Have: &old.have, Depth: maxSlow})
	if err != nil {
		return errors.Is(err, remote.ErrForgotten)
	}
	return !ancestry.Descends(pack, tip, old.have.Commit)
}

// adopt makes a commit that was just pushed on base the current version, without asking the server. t.update must be
// held.
func (t *tracker) adopt(base *version, tip plumbing.Hash, fresh objects.Set) error {
	v, err := base.next(t.remote.Limits(), tip, base.partial, fresh)
	if err == nil {
		v.branch = base.branch
		t.current.Store(v)
	}
	return err
}

// isMissing reports whether the branch, or any commit, does not exist yet.
func isMissing(err error) bool {
	return errors.Is(err, ErrBranchNotFound) || errors.Is(err, ErrEmptyRepository)
}
