// SPDX-License-Identifier: Apache-2.0

// Package local speaks Git's protocol with a git process on this machine. A process ends with its session, in any state
// of either: it is asked to stop, then killed with all that it has started, and waited for. The package also knows
// where a repository keeps its branches.
//
// go-git's own transport waits for a process that may itself wait for us to read.
package local

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"syncer.dev/syncer/internal/git/advert"
)

// Transport opens sessions with the repository at the path of an endpoint. It needs the git command on PATH.
type Transport struct{}

// NewUploadPackSession starts git upload-pack.
func (Transport) NewUploadPackSession(
	ep *transport.Endpoint, _ transport.AuthMethod,
) (transport.UploadPackSession, error) {
	p, err := start("upload-pack", ep.Path)
	if err != nil {
		return nil, err
	}
	return uploadSession{newSession(p, false)}, nil
}

// NewReceivePackSession starts git receive-pack.
func (Transport) NewReceivePackSession(
	ep *transport.Endpoint, _ transport.AuthMethod,
) (transport.ReceivePackSession, error) {
	p, err := start("receive-pack", ep.Path)
	if err != nil {
		return nil, err
	}
	return receiveSession{newSession(p, true)}, nil
}

type session struct {
	*process
	out     *bufio.Reader
	receive bool
}

func newSession(p *process, receive bool) *session {
	return &session{process: p, out: bufio.NewReaderSize(p.stdout, advert.Size), receive: receive}
}

// AdvertisedReferences is AdvertisedReferencesContext without an end.
func (s *session) AdvertisedReferences() (*packp.AdvRefs, error) {
	return s.AdvertisedReferencesContext(context.Background())
}

// AdvertisedReferencesContext reads the refs.
func (s *session) AdvertisedReferencesContext(ctx context.Context) (*packp.AdvRefs, error) {
	defer s.endWith(ctx)()
	if err := advert.Check(s.out); err != nil {
		return nil, err
	}
	adv := packp.NewAdvRefs()
	switch err := adv.Decode(s.out); {
	case errors.Is(err, packp.ErrEmptyAdvRefs): // a flush alone
	case err != nil:
		return nil, s.because(err)
	}
	if adv.IsEmpty() && !s.receive {
		return nil, transport.ErrEmptyRemoteRepository
	}
	transport.FilterUnsupportedCapabilities(adv.Capabilities)
	return adv, nil
}

// because returns what git said on its way out, or else err.
func (s *session) because(err error) error {
	if !errors.Is(err, packp.ErrEmptyInput) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	said := s.lastWords()
	switch {
	case strings.Contains(said, "does not appear to be a git repository"):
		return transport.ErrRepositoryNotFound
	case said != "":
		return errors.New(said)
	}
	return err
}

type uploadSession struct{ *session }

// UploadPack asks for a pack. The caller reads it within ctx.
func (s uploadSession) UploadPack(
	ctx context.Context, req *packp.UploadPackRequest,
) (*packp.UploadPackResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	stop := s.endWith(ctx)
	res, err := s.ask(req)
	if err != nil {
		stop()
		return nil, s.because(err)
	}
	return res, nil
}

// ask sends a request in one piece: git ends at the first line that it does not like, and does not read the others.
func (s uploadSession) ask(req *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	var all bytes.Buffer
	if err := req.UploadRequest.Encode(&all); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	if err := req.UploadHaves.Encode(&all, true); err != nil {
		return nil, fmt.Errorf("encode haves: %w", err)
	}
	if err := pktline.NewEncoder(&all).EncodeString("done\n"); err != nil {
		return nil, fmt.Errorf("encode done: %w", err)
	}
	if _, err := s.stdin.Write(all.Bytes()); err != nil {
		return nil, fmt.Errorf("send request: %w", err)
	}
	res := packp.NewUploadPackResponse(req)
	err := res.Decode(readCloser{s.out, s.process})
	return res, err
}

type receiveSession struct{ *session }

// ReceivePack pushes. It returns when git, with its hooks, has ended, or when ctx has.
func (s receiveSession) ReceivePack(
	ctx context.Context, req *packp.ReferenceUpdateRequest,
) (*packp.ReportStatus, error) {
	defer s.endWith(ctx)()
	if err := req.Encode(s.stdin); err != nil {
		return nil, s.because(err)
	}
	var out io.Reader = s.out
	for _, side := range []struct {
		capability.Capability
		sideband.Type
	}{{capability.Sideband64k, sideband.Sideband64k}, {capability.Sideband, sideband.Sideband}} {
		if req.Capabilities.Supports(side.Capability) {
			d := sideband.NewDemuxer(side.Type, s.out)
			d.Progress = req.Progress
			out = d
			break
		}
	}
	report := packp.NewReportStatus()
	if err := report.Decode(out); err != nil {
		return nil, s.because(err)
	}
	_, _ = io.Copy(io.Discard, out) // the words of post-receive hooks
	<-s.done
	return report, report.Error()
}

type readCloser struct {
	io.Reader
	io.Closer
}
