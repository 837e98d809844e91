// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
)

// Keep says how much of a branch's history stays.
type Keep struct {
	Commits int // along first parents; 0 keeps all
	// Group says what a commit is about. The newest of each group stays as well, however old it is; "" is no group.
	Group func(Commit) string
	// Key opens the key of status commits; nil for none. Of the commits that stay, those that it has signed are signed
	// again, because they get other parents. Others stay without a signature: syncer does not vouch for them.
	Key func() (Key, error)
	// MayWrite is asked right before the push, and refuses it by an error, which Truncate returns; nil permits all.
	MayWrite func() error
}

// Key signs commits, and knows its own signatures.
type Key interface {
	Signer
	// Made reports whether the key has signed a commit object, at its committer's time when.
	Made(commit []byte, when time.Time) bool
}

// slack is by how many commits a history may be longer, so that not every commit writes all the others again.
func (k Keep) slack() int { return max(10, k.Commits/4) }

// Truncate shortens the branch's history if it is longer than k says, with some slack. The commits that stay are
// written again with their files, authors, times and messages, the oldest of them without a parent, and the branch
// moves to them by compare-and-swap from the tip that was read: what another writer has added meanwhile is not lost,
// and the history then stays as it is until the next call. The tip has the same files before and after.
//
// It returns by how many commits the history is shorter. Errors are those of Commit; a *RejectedError says that the
// server refuses to move the branch so. Most calls ask no server: the history is looked at once in as many commits of
// this process as there is slack.
func (b *Branch) Truncate(ctx context.Context, k Keep) (removed int, err error) {
	t := b.tracker
	t.update.Lock()
	defer t.update.Unlock()
	if k.Commits <= 0 || t.looked && t.pushed < k.slack() {
		return 0, nil
	}
	removed, err = t.truncate(ctx, k)
	faster := errors.Is(err, errFaster)
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) { // or the lease is lost: see package fence
		t.looked, t.pushed = !faster, 0 // the next call looks again if another writer was faster
	}
	if faster {
		return 0, nil
	}
	return removed, err
}

var errFaster = errors.New("another writer was faster")

func (t *tracker) truncate(ctx context.Context, k Keep) (removed int, err error) {
	limit := k.Commits + k.slack()
	chain, err := t.chain(ctx, limit+1)
	if err != nil || len(chain) <= limit {
		return 0, err
	}
	if chain, err = t.chain(ctx, 0); err != nil || len(chain) <= limit {
		return 0, err
	}
	down, err := t.remote.OpenReceive(ctx, t.target.Branch)
	if err != nil {
		return 0, err
	}
	defer down.Close()
	old := chain[0].Hash
	if down.Advertised().References[remote.RefName(t.target.Branch).String()] != old {
		return 0, errFaster
	}
	base, err := t.fetchTip(ctx, old)
	if err != nil {
		return 0, err
	}
	if base.have.Commit != old {
		return 0, errFaster
	}
	kept := k.choose(chain)
	fresh := objects.Set{}
	tip, err := k.rewrite(kept, fresh)
	if err != nil {
		return 0, err
	}
	if err := down.Update(ctx, remote.Update{Old: old, Tip: tip, Objects: fresh, MayWrite: k.MayWrite}); err != nil {
		return 0, t.notMoved(ctx, old, err)
	}
	if err := t.adopt(base, tip, fresh); err != nil {
		t.current.Store(nil)
	}
	return len(chain) - len(kept), nil
}

// notMoved returns why the server did not move the branch: errFaster if another writer has.
func (t *tracker) notMoved(ctx context.Context, old plumbing.Hash, err error) error {
	var refused *remote.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	up, found, lookErr := t.open(ctx)
	if lookErr != nil {
		return lookErr
	}
	up.Close()
	if found.Ref != old || refused.Transient {
		return errFaster
	}
	rejected := t.remote.Rejected(t.target.Branch, refused.Reason)
	rejected.Remedy = fmt.Sprintf("shortening the history needs a push that is no fast-forward: allow force pushes to %s "+
		"for the account of syncer (receive.denyNonFastForwards in git config, or the protection of the branch), or set "+
		"status.keep to 0", t.target.Branch)
	return rejected
}

// link is a commit of a history, also as the server sent it.
type link struct {
	*object.Commit
	raw []byte
}

// chain returns the commits of the branch along first parents, the newest first: at most a number of them, or all for
// 0.
func (t *tracker) chain(ctx context.Context, most int) ([]link, error) {
	up, found, err := t.open(ctx)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer up.Close()
	set, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{found.Ref}, Depth: most, CommitsOnly: true})
	if err != nil {
		return nil, err
	}
	var chain []link
	for at := found.Ref; ; at = chain[len(chain)-1].ParentHashes[0] {
		c, err := objects.Commit(set, at)
		if errors.Is(err, objects.ErrMissing) && len(chain) > 0 {
			return chain, nil // what comes before was not asked for, or the server does not have it
		}
		if err != nil {
			return nil, err
		}
		raw, err := objects.Raw(set, plumbing.CommitObject, at)
		if err != nil {
			return nil, err
		}
		chain = append(chain, link{c, raw})
		if len(c.ParentHashes) == 0 {
			return chain, nil
		}
	}
}

// choose returns the commits that stay, the newest first.
func (k Keep) choose(chain []link) []link {
	seen := map[string]bool{"": true}
	var kept []link
	for i, c := range chain {
		group := ""
		if k.Group != nil {
			group = k.Group(commitOf(c.Commit))
		}
		if i < k.Commits || !seen[group] {
			kept = append(kept, c)
		}
		seen[group] = true
	}
	return kept
}

// rewrite writes commits, of which the newest is first, as a history of their own. It returns the tip.
func (k Keep) rewrite(kept []link, fresh objects.Set) (plumbing.Hash, error) {
	var parent plumbing.Hash
	var key Key
	if k.Key != nil {
		var err error
		if key, err = k.Key(); err != nil {
			return parent, err
		}
	}
	for _, c := range slices.Backward(kept) {
		var signer Signer
		if key != nil && key.Made(c.raw, c.Committer.When) {
			signer = key
		}
		again := &object.Commit{
			Author:    c.Author,
			Committer: c.Committer,
			TreeHash:  c.TreeHash,
			Message:   c.Message,
			Encoding:  c.Encoding,
		}
		if !parent.IsZero() {
			again.ParentHashes = []plumbing.Hash{parent}
		}
		var err error
		if parent, err = putCommit(again, signer, fresh); err != nil {
			return parent, err
		}
	}
	return parent, nil
}
