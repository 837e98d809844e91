package git

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// A want is one request for objects.
type want struct {
	tips  []plumbing.Hash
	depth int // generations of commits to receive; 0 means all
	// have, if set, is a commit that we hold without its ancestors. Only what is new since is received.
	have *have
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

// receive asks for w and returns the objects of the pack that comes. A session can do it once.
func (u *upload) receive(ctx context.Context, w want) (objects, error) {
	packCtx, cancel := context.WithTimeout(ctx, u.remote.timeout)
	defer cancel()
	set, err := do(packCtx, u.session, func() (objects, error) { return u.receivePack(packCtx, w) })
	return set, u.remote.unreachable(ctx, "receive pack", err)
}

func (u *upload) receivePack(ctx context.Context, w want) (objects, error) {
	req := u.request(w)
	res, err := u.raw.UploadPack(ctx, req)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	if w.have != nil && !slices.Contains(res.ACKs, w.have.commit) {
		return nil, errForgotten
	}
	var pack io.Reader = res
	if req.Capabilities.Supports(capability.Sideband64k) {
		pack = sideband.NewDemuxer(sideband.Sideband64k, res)
	} else if req.Capabilities.Supports(capability.Sideband) {
		pack = sideband.NewDemuxer(sideband.Sideband, res)
	}
	return readPack(pack, u.remote.maxPack)
}

// errForgotten means that the server does not know the commit we have: the branch was rewritten, and the old commits are gone.
var errForgotten = errors.New("the server no longer has the commit last seen")

func (u *upload) request(w want) *packp.UploadPackRequest {
	req := packp.NewUploadPackRequestFromCapabilities(u.adv.Capabilities)
	set := func(c capability.Capability) { _ = req.Capabilities.Set(c) } // fails only for a capability with arguments
	if u.adv.Capabilities.Supports(capability.NoProgress) {
		set(capability.NoProgress)
	}
	if u.remote.multiAck {
		set(capability.MultiACK)
	}
	req.Wants = slices.Clone(w.tips)
	if w.depth > 0 {
		set(capability.Shallow)
		req.Depth = packp.DepthCommits(w.depth)
	}
	if w.have != nil {
		set(capability.Shallow)
		req.Haves = []plumbing.Hash{w.have.commit}
		req.Shallows = []plumbing.Hash{w.have.commit}
		// A server that is told that our commit has no parents takes the whole history before it for new as soon as the branch
		// is rewritten to fork off earlier. No commit older than ours is needed.
		if u.adv.Capabilities.Supports(capability.DeepenSince) {
			set(capability.DeepenSince)
			req.Depth = packp.DepthSince(w.have.when)
		}
	}
	return req
}
