// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/revision"
)

// maxResolved is the number of resolved commits that stay available to Snapshot; a comparison needs two.
const maxResolved = 8

// Resolve returns the commit that a revision names: HEAD, a branch, a tag, a full ref such as refs/pull/7/head, or a
// commit hash of at least 7 digits, each followed by any number of ~N and ^N. It is for commands that compare two
// commits: for a hash that is not the tip of a ref, it may receive the whole history, within the limit on packs. The
// error wraps ErrUnknownRevision if no commit, or more than one, matches the name, ErrBeforeHistory when the revision
// is the parent of a commit without parents, and a *ShallowError when the repository is a clone that lacks the commit.
func (r *Repository) Resolve(ctx context.Context, rev string) (Commit, error) {
	v, err := r.resolve(ctx, rev)
	if err != nil {
		return Commit{}, fmt.Errorf("resolve %q: %w", rev, r.remote.Explain(err))
	}
	r.hold(v)
	return v.commit, nil
}

// hold keeps the files of a version for Snapshot.
func (r *Repository) hold(v *version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resolved = append(r.resolved, v)
	r.resolved = r.resolved[max(0, len(r.resolved)-maxResolved):]
}

func (r *Repository) resolve(ctx context.Context, rev string) (*version, error) {
	q, err := revision.Parse(rev)
	if err != nil {
		return nil, err
	}
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	tips, depth, err := q.Want(up.Advertised())
	if err != nil {
		return nil, err
	}
	if start, known := q.Start(up.Advertised()); known && q.Plain() {
		if v, err := r.since(ctx, up, start); v != nil || err != nil {
			return v, unknownTo(err)
		}
		// Nothing is held: this is the first request of the session.
	}
	set, err := up.Receive(ctx, remote.Want{Tips: tips, Depth: depth})
	if err != nil {
		return nil, unknownTo(err)
	}
	at, err := q.Find(up.Advertised(), set)
	if err != nil {
		return nil, err
	}
	return newVersion(r.remote.Limits(), at, up.Partial(), set)
}

// unknownTo returns ErrUnknownRevision for the error of a server that does not have the commit.
func unknownTo(err error) error {
	if err != nil && strings.Contains(err.Error(), "not our ref") {
		return ErrUnknownRevision
	}
	return err
}

// since returns a commit that is held, or receives what is new in it since the commit that was held last. It returns
// nil if nothing is held. A server that sends less than the commit needs, as for one that is older, is asked again for
// all of it.
func (r *Repository) since(ctx context.Context, up *remote.Upload, at plumbing.Hash) (*version, error) {
	held := r.held()
	for _, v := range held {
		if v.have.Commit == at {
			return v, nil
		}
	}
	if len(held) == 0 {
		return nil, nil
	}
	last := held[len(held)-1]
	set, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{at}, Depth: 1, Have: &last.have, Base: last.store})
	if commit, tagged := revision.Peel(set, at); err == nil && tagged == nil {
		if v, err := newVersion(r.remote.Limits(), commit, up.Partial() || last.partial, set, last.store); err == nil {
			return v, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return r.commitOnly(ctx, at)
}
