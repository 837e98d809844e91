// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/pack"
)

// Receive is one session for pushing to a branch.
type Receive struct {
	*session[transport.ReceivePackSession]
	remote *Remote
	branch string
}

// OpenReceive starts a session for pushing to a branch. The error is, or wraps, a *RejectedError, an *UnreachableError,
// or the error of the context.
func (r *Remote) OpenReceive(ctx context.Context, branch string) (*Receive, error) {
	s, err := open(ctx, r, r.client.NewReceivePackSession)
	switch {
	case err == nil:
		return &Receive{s, r, branch}, nil
	case denied(unwrapped(err)) && ctx.Err() == nil:
		rejected := r.Rejected(branch, err.Error())
		rejected.Remedy = r.remedy(unwrapped(err))
		return nil, rejected
	default:
		return nil, r.Unreachable(ctx, "list refs to push", err)
	}
}

// An Update moves a branch.
type Update struct {
	Old, Tip plumbing.Hash
	Objects  objects.Set // all that the server lacks
	// Basis is what trees of Objects replace on the server; nil to send them whole.
	Basis *pack.Basis
	// MayWrite is asked right before, and refuses by an error; nil permits all.
	MayWrite func() error
}

// Update asks the server to carry out an update, if the branch is still at its old commit. A refusal by the server is
// a *Refusal: only a look at the branch can tell a lost race from a rule, for any words it uses.
func (d *Receive) Update(ctx context.Context, u Update) error {
	if d.adv.Capabilities.Supports("no-thin") {
		u.Basis = nil
	}
	body, err := pack.Encode(u.Objects, u.Basis)
	if err != nil {
		return err
	}
	req := packp.NewReferenceUpdateRequestFromCapabilities(d.adv.Capabilities)
	var said remoteWords
	if d.adv.Capabilities.Supports(capability.Sideband64k) {
		_ = req.Capabilities.Set(capability.Sideband64k) // fails only for a capability with arguments
		req.Progress = &said
	}
	req.Commands = []*packp.Command{{Name: RefName(d.branch), Old: u.Old, New: u.Tip}}
	req.Packfile = body
	if u.MayWrite != nil {
		if err := u.MayWrite(); err != nil {
			return fmt.Errorf("push to branch %s: %w", d.branch, err)
		}
	}
	pushCtx, cancel := context.WithTimeout(ctx, d.remote.timeout)
	defer cancel()
	report, err := do(pushCtx, d.session, func() (*packp.ReportStatus, error) { return d.raw.ReceivePack(pushCtx, req) })
	if report != nil {
		return d.judge(report, u, &said)
	}
	if err == nil {
		err = errors.New("the server did not say whether it took the push")
	}
	if denied(unwrapped(err)) {
		return d.remote.Rejected(d.branch, err.Error())
	}
	return d.remote.Unreachable(ctx, "push", err)
}

// judge reads the server's report. The push succeeded only if the report accepts the pack and the branch.
func (d *Receive) judge(report *packp.ReportStatus, u Update, said *remoteWords) error {
	reason := "the server did not report on the branch"
	for _, s := range report.CommandStatuses {
		if s.ReferenceName == RefName(d.branch) {
			reason = s.Status
		}
	}
	switch {
	case report.UnpackStatus != "ok":
		reason = "unpack: " + report.UnpackStatus
	case reason == "ok":
		return nil
	}
	// Of two simultaneous pushes, the loser may get its answer before the server shows the new tip.
	transient := strings.Contains(reason, "lock ref") || strings.Contains(reason, "failed to lock")
	if words := said.String(); words != "" {
		reason = fmt.Sprintf("%s (%s)", reason, words)
	}
	packed := u.Basis != nil && report.UnpackStatus != "ok"
	return &Refusal{Tip: u.Old, Reason: reason, Transient: transient || packed, Packed: packed}
}

// Rejected returns the error for a push that the server refused in the given words.
func (r *Remote) Rejected(branch, reason string) *RejectedError {
	e := &RejectedError{Branch: branch, URL: r.url, Reason: r.redactor.text(reason)}
	e.Remedy = fmt.Sprintf("let the account of syncer push to %s: look at the hooks of the server and at the protection "+
		"of the branch", branch)
	if strings.Contains(reason, "checked out branch") {
		e.Remedy = "the repository has a working tree with that branch in it: use a bare repository, or another branch"
	}
	return e
}

// remoteWords keeps the start of the server's messages, such as the output of its hooks.
type remoteWords struct{ buf bytes.Buffer }

func (w *remoteWords) Write(p []byte) (int, error) {
	w.buf.Write(p[:min(len(p), max(0, maxServerText-w.buf.Len()))])
	return len(p), nil
}

func (w *remoteWords) String() string { return strings.TrimSpace(w.buf.String()) }

// Refusal is a push that the server refused, although another attempt may succeed.
type Refusal struct {
	Tip       plumbing.Hash // where the branch was
	Reason    string
	Transient bool // for any tip
	Packed    bool // the server could not read the pack: without a Basis it may
}

// Error returns the server's words.
func (r *Refusal) Error() string { return r.Reason }
