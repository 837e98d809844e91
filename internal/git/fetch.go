// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/pack"
)

// A want is one request for objects.
type want struct {
	tips  []plumbing.Hash
	depth int // generations of commits to receive; 0 means all
	// have, if set, is a commit that we hold. Only what is new since is received. Without a depth the request says that
	// we lack its ancestors.
	have *have
	// noFiles asks for commits and folders only, of a server that can leave files out; commitsOnly for commits alone.
	noFiles, commitsOnly bool
}

type have struct {
	commit plumbing.Hash
	when   time.Time // of its committer
}

// upload is one session for receiving objects.
type upload struct {
	*session[transport.UploadPackSession]
	remote *remote
}

func (r *remote) openUpload(ctx context.Context) (*upload, error) {
	s, err := open(ctx, r, r.client.NewUploadPackSession)
	if err != nil {
		return nil, r.unreachable(ctx, "list refs", err)
	}
	return &upload{s, r}, nil
}

// receive requests w and returns the objects of the pack. A session can do it once.
func (u *upload) receive(ctx context.Context, w want) (objects.Set, error) {
	packCtx, cancel := context.WithTimeout(ctx, u.remote.timeout)
	defer cancel()
	set, err := do(packCtx, u.session, func() (objects.Set, error) { return u.receivePack(packCtx, w) })
	return set, u.remote.unreachable(ctx, "receive pack", err)
}

func (u *upload) receivePack(ctx context.Context, w want) (objects.Set, error) {
	req := u.request(w)
	res, err := u.raw.UploadPack(ctx, req)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	if w.have != nil && !slices.Contains(res.ACKs, w.have.commit) {
		if _, err := io.ReadFull(res, make([]byte, 1)); err != nil {
			return nil, fmt.Errorf("the server sent no pack: %w", err) // it gave up before it could know
		}
		return nil, errForgotten
	}
	var stream io.Reader = res
	if req.Capabilities.Supports(capability.Sideband64k) {
		stream = sideband.NewDemuxer(sideband.Sideband64k, res)
	} else if req.Capabilities.Supports(capability.Sideband) {
		stream = sideband.NewDemuxer(sideband.Sideband, res)
	}
	return pack.Read(stream, u.remote.limits)
}

// errForgotten means that the server does not know the commit we have: the branch was rewritten, and the old commits
// are gone.
var errForgotten = errors.New("the server no longer has the commit last seen")

// partial reports whether the server can leave objects out. go-git speaks to it as to any other; what is left out is
// known by its absence.
func (u *upload) partial() bool { return u.adv.Capabilities.Supports(capability.Filter) }

func (u *upload) request(w want) *packp.UploadPackRequest {
	req := packp.NewUploadPackRequestFromCapabilities(u.adv.Capabilities)
	set := func(c capability.Capability) { _ = req.Capabilities.Set(c) } // fails only for a capability with arguments
	if u.adv.Capabilities.Supports(capability.NoProgress) {
		set(capability.NoProgress)
	}
	if u.partial() { // a file that is too large to be read need not be received, wherever it is
		set(capability.Filter)
		req.Filter = packp.FilterBlobLimit(uint64(u.remote.limits.FileBytes)+1, packp.BlobLimitPrefixNone)
		switch {
		case w.commitsOnly:
			req.Filter = packp.FilterTreeDepth(0)
		case w.noFiles:
			req.Filter = packp.FilterBlobNone()
		}
	}
	req.Wants = slices.Clone(w.tips)
	if w.depth > 0 {
		set(capability.Shallow)
		req.Depth = packp.DepthCommits(w.depth)
	}
	if w.have != nil {
		req.Haves = []plumbing.Hash{w.have.commit}
	}
	if w.have != nil && w.depth == 0 {
		set(capability.Shallow)
		req.Shallows = []plumbing.Hash{w.have.commit}
		// A server that learns that our commit has no parents takes the whole history before it for new as soon as the
		// branch is rewritten to fork off earlier. No commit older than ours is needed.
		if u.adv.Capabilities.Supports(capability.DeepenSince) {
			set(capability.DeepenSince)
			req.Depth = packp.DepthSince(w.have.when)
		}
	}
	return req
}
