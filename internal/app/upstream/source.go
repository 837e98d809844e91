// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"errors"
	"time"

	"syncer.dev/syncer/internal/app/tips"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/sops/keys"
)

// Source follows the branch, tag or commit of a repository.
type Source struct {
	Repository *git.Repository
	Config     config.Config
	Head       string        // a commit instead of the tip; empty for the tip
	Keys       *keys.Keyring // for encrypted Secrets: whether they can be read is a part of the inputs; nil for none
	// Accepted is shared by the loops of a process; nil for one that fetches once.
	Accepted *Accepted
	// Tips is shared by the loops of several clusters; nil for one that fetches for itself.
	Tips *tips.Tips
}

// Fetch returns the tip, with the files below source.path.
func (s Source) Fetch(ctx context.Context) (reconcile.Revision, error) {
	rev, err := s.fetch(ctx)
	if s.Tips != nil && errors.Is(err, git.ErrNotFetched) { // another loop has just fetched a newer tip
		return s.fetch(ctx)
	}
	return rev, err
}

func (s Source) fetch(ctx context.Context) (reconcile.Revision, error) {
	tip := s.Repository.Fetch
	if s.Tips != nil {
		tip = s.Tips.Fetch
	}
	commit, err := tip(ctx)
	if err == nil && s.Head != "" {
		commit, err = s.Repository.Resolve(ctx, s.Head)
	}
	if err == nil {
		err = verify(ctx, s.Repository, commit, s.Config)
	}
	if err == nil && s.Head == "" {
		err = verifyTag(s.Repository, commit, s.Config.Source)
	}
	if err == nil && s.Head == "" {
		err = s.keepsHistory(ctx, commit)
	}
	if err != nil {
		return reconcile.Revision{}, err
	}
	rev, err := Read(s.Repository, commit, s.Config, nil)
	if s.Keys != nil {
		rev.Inputs += " " + s.Keys.State(time.Now())
	}
	return rev, err
}
