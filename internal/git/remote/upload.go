// SPDX-License-Identifier: Apache-2.0

package remote

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

// A Want is one request for objects.
type Want struct {
	Tips  []plumbing.Hash
	Depth int // generations of commits to receive; 0 means all
	// Have, if set, is a commit that we hold. Only what is new since is received. Without a depth the request says that
	// we lack its ancestors.
	Have *Have
	// Deepen asks for what comes before Have, of which we hold the files and nothing older.
	Deepen bool
	// Base has the objects of Have, of which the server may then send differences; nil for none.
	Base objects.Source
	// NoFiles asks for commits and folders only, of a server that can leave files out; CommitsOnly for commits alone.
	NoFiles, CommitsOnly bool
}

// Have is a commit that we hold.
type Have struct {
	Commit plumbing.Hash
	When   time.Time // of its committer
}

// Upload is one session for receiving objects.
type Upload struct {
	*session[transport.UploadPackSession]
	remote *Remote
	shown  func(branch string)
}

// OpenUpload starts a session for receiving objects. The error is, or wraps, ErrEmptyRepository, an *UnreachableError,
// or the error of the context.
func (r *Remote) OpenUpload(ctx context.Context) (*Upload, error) {
	shown := r.direct.Before()
	s, err := open(ctx, r, r.client.NewUploadPackSession)
	if err != nil {
		return nil, r.Unreachable(ctx, "list refs", err)
	}
	return &Upload{s, r, shown}, nil
}

// Shown notes that the session shows a branch: see Remote.Direct.
func (u *Upload) Shown(branch string) { u.shown(branch) }

// Receive requests w and returns the objects of the pack. A session can do it once.
func (u *Upload) Receive(ctx context.Context, w Want) (objects.Set, error) {
	packCtx, cancel := context.WithTimeout(ctx, u.remote.timeout)
	defer cancel()
	set, err := do(packCtx, u.session, func() (objects.Set, error) { return u.receivePack(packCtx, w) })
	return set, u.remote.Unreachable(ctx, "receive pack", err)
}

func (u *Upload) receivePack(ctx context.Context, w Want) (objects.Set, error) {
	req := u.request(w)
	res, err := u.raw.UploadPack(ctx, req)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	if w.Have != nil && !slices.Contains(res.ACKs, w.Have.Commit) {
		if _, err := io.ReadFull(res, make([]byte, 1)); err != nil {
			return nil, fmt.Errorf("the server sent no pack: %w", err) // it gave up before it could know
		}
		return nil, ErrForgotten
	}
	var stream io.Reader = res
	if req.Capabilities.Supports(capability.Sideband64k) {
		stream = sideband.NewDemuxer(sideband.Sideband64k, res)
	} else if req.Capabilities.Supports(capability.Sideband) {
		stream = sideband.NewDemuxer(sideband.Sideband, res)
	}
	return pack.Read(stream, u.remote.limits, w.Base)
}

// ErrForgotten means that the server does not know the commit we have: the branch was rewritten, and the old commits
// are gone.
var ErrForgotten = errors.New("the server no longer has the commit last seen")

// Partial reports whether the server can leave objects out. go-git speaks to it as to any other; what is left out is
// known by its absence.
func (u *Upload) Partial() bool { return u.adv.Capabilities.Supports(capability.Filter) }

func (u *Upload) request(w Want) *packp.UploadPackRequest {
	req := packp.NewUploadPackRequestFromCapabilities(u.adv.Capabilities)
	set := func(c capability.Capability) { _ = req.Capabilities.Set(c) } // fails only for a capability with arguments
	if u.adv.Capabilities.Supports(capability.NoProgress) {
		set(capability.NoProgress)
	}
	if w.Base == nil { // go-git asks for differences wherever they are offered
		req.Capabilities.Delete(capability.ThinPack)
	}
	if u.Partial() { // a file that is too large to be read need not be received, wherever it is
		set(capability.Filter)
		req.Filter = packp.FilterBlobLimit(uint64(u.remote.limits.FileBytes)+1, packp.BlobLimitPrefixNone)
		switch {
		case w.CommitsOnly:
			req.Filter = packp.FilterTreeDepth(0)
		case w.NoFiles:
			req.Filter = packp.FilterBlobNone()
		}
	}
	req.Wants = slices.Clone(w.Tips)
	if w.Depth > 0 {
		set(capability.Shallow)
		req.Depth = packp.DepthCommits(w.Depth)
	}
	if w.Have != nil {
		req.Haves = []plumbing.Hash{w.Have.Commit}
	}
	if w.Have != nil && w.Deepen {
		req.Shallows = []plumbing.Hash{w.Have.Commit}
	}
	if w.Have != nil && w.Depth == 0 {
		set(capability.Shallow)
		req.Shallows = []plumbing.Hash{w.Have.Commit}
		// A server that learns that our commit has no parents takes the whole history before it for new as soon as the
		// branch is rewritten to fork off earlier. No commit older than ours is needed.
		if u.adv.Capabilities.Supports(capability.DeepenSince) {
			set(capability.DeepenSince)
			req.Depth = packp.DepthSince(w.Have.When)
		}
	}
	return req
}
